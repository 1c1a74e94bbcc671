"""Data sets by name, the catalogue: one inside the package, others where their authors publish them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core import assets, files


@dataclass(frozen=True)
class DataSet:
    """One data set. `file` in the cache folder is what is read; `unpack` takes its content out of the archive.

    Of the archive at `url`, the file in it, or both, the SHA-256 is known. Without `url`, the file is in the package.
    """

    name: str
    title: str
    file: str
    licence: str
    page: str = ""  # where a person can get it
    url: str = ""
    size: int = 0  # bytes to download, about
    archive_sha256: str = ""
    sha256: str = ""
    most: int = 0  # bytes that the archive may unpack to
    unpack: Literal["sms", "imdb", ""] = ""
    language: str = "English"

    @property
    def archive(self) -> str:
        """The archive's file name, which a browser gives it too."""
        return self.url.rpartition("/")[2]

    @property
    def path(self) -> Path:
        """The file that is read, whether it is here yet or not."""
        return folder() / self.file if self.url else assets.FOLDER / self.file

    @property
    def by_hand(self) -> Path:
        """Where a person who has got the archive elsewhere puts it."""
        return folder() / self.archive

    @property
    def way_out(self) -> str:
        """What to do where a download fails."""
        return f"Try again, or get {self.archive} from {self.page} and put it at {self.by_hand}."


NAMED = {
    dataset.name: dataset
    for dataset in (
        DataSet("sample", "sample messages", "sample.csv", "made for this project"),
        DataSet(
            name="sms-spam",
            title="SMS Spam Collection",
            file="SMSSpamCollection",
            licence="CC BY 4.0, Almeida and Hidalgo 2011",
            page="https://archive.ics.uci.edu/dataset/228/sms+spam+collection",
            url="https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
            size=203_415,
            sha256="7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
            most=4_000_000,
            unpack="sms",
        ),
        DataSet(
            name="imdb",
            title="IMDb reviews",
            file="imdb.csv.gz",
            licence="for research, Maas and others 2011",
            page="https://ai.stanford.edu/~amaas/data/sentiment/",
            url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            size=84_125_825,
            archive_sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
            most=1_000_000_000,
            unpack="imdb",
        ),
    )
}


def folder() -> Path:
    """Where data sets are kept; it may not be there yet."""
    return files.cache_root() / "data"


def dataset_named(path: str) -> DataSet | None:
    """The data set that this names; None where it is a path. A file of that name that is here wins."""
    dataset = NAMED.get(path)
    return None if dataset is None or files.absolute(path).is_file() else dataset


def input_folder() -> Path:
    """Where what comes from standard input is kept; it may not be there yet."""
    return files.cache_root() / "input"


def is_standard_input(path: Path) -> bool:
    """Whether a file holds what came from standard input."""
    return path.parent == input_folder()


def file_name(path: Path) -> str:
    """What a file is called: its own name, but for one that came from standard input."""
    return "standard input" if is_standard_input(path) else path.name


def called(path: str) -> str:
    """What a recipe's data is called, in a few words: a data set's title, or a file's name after that of its folder,
    because many files are called train.csv.
    """
    if dataset := dataset_named(path):
        return dataset.title
    file = Path(os.path.abspath(os.path.expanduser(path)))
    folders = [] if is_standard_input(file) else [file.parent.name]
    return "/".join(filter(None, [*folders, file_name(file)]))


def same_data(path: str, other: str) -> bool:
    """Whether two recipes name the same data."""
    return place(path) == place(other)


def place(path: str) -> str:
    """Where a recipe's data lies: a path that is the same however it is named, or the name of a data set."""
    dataset = dataset_named(path)
    return dataset.name if dataset else os.path.realpath(os.path.expanduser(path))


def fetched(name: str) -> bool:
    """Whether the data set of this name can be read without a network. Raises KeyError for no known name."""
    dataset = NAMED[name]
    return dataset.path.is_file() or dataset.by_hand.is_file()
