"""Data sets by name: one inside the package, others fetched on request from where their authors publish them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core import assets, files
from core.errors import BadData
from core.files import Progress, absolute

FETCHING = "fetch"  # the phase in which an archive is downloaded
UNPACKING = "unpack"

# What opens archives and addresses is imported where it is needed: the interface wants only the names.


def _sms(archive: Path, most: int, progress: Progress | None) -> bytes:
    from core.data.archive import zip_member

    return zip_member(archive, "SMSSpamCollection", most)


def _imdb(archive: Path, most: int, progress: Progress | None) -> bytes:
    from core.data.reviews import table

    return table(archive, most, progress)


@dataclass(frozen=True)
class DataSet:
    """One data set. `file` in the cache folder is what is read; `unpack(archive, most, progress)` gives its content.

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
    unpack: Callable[[Path, int, Progress | None], bytes] | None = None

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
    each.name: each
    for each in (
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
            unpack=_sms,
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
            unpack=_imdb,
        ),
    )
}


class Found(NamedTuple):
    """The file that a path or a name stands for; where it has just come from; and what may not be what was meant."""

    path: Path
    origin: str = ""
    doubt: str = ""


def folder() -> Path:
    """Where data sets are kept; it may not be there yet."""
    return files.cache_root() / "data"


def meant(path: str) -> DataSet | None:
    """The data set that this names; None where it is a path. A file of that name that is here wins."""
    known = NAMED.get(path)
    return None if known is None or absolute(path).is_file() else known


def called(path: str) -> str:
    """What a recipe's data is called, in a few words: a data set's title, or a file's name without its ending."""
    known = meant(path)
    return known.title if known else Path(path).stem


def fetched(name: str) -> bool:
    """Whether the data set of this name can be read without a network. Raises KeyError for no known name."""
    known = NAMED[name]
    return known.path.is_file() or known.by_hand.is_file()


def find(path: str, progress: Progress | None = None) -> Found:
    """The file for a path, or for the name of a data set, which is fetched where it is not here.

    Raises BadData where a data set cannot be had, with how to get it by hand. Whether a path is a file is not asked.
    """
    known = meant(path)
    if known:
        return fetch(known, progress)
    doubt = f"A file named {Path(path).name} is here, so it is read, not the data set of that name." if Path(path).name in NAMED else ""
    return Found(absolute(path), doubt=doubt)


def fetch(known: DataSet, progress: Progress | None = None) -> Found:
    """A data set's file: as it is here, from an archive put here by hand, or downloaded. Only one process fetches it.

    `progress("fetch" or "unpack", done, total, "bytes")` may raise to cancel; what has come by then is kept.
    Raises BadData.
    """
    try:
        if not known.path.is_file():
            return _fetch(known, progress)
        _verify(known.path.read_bytes() if known.sha256 else b"", known.sha256, known.path)
        return Found(known.path)
    except OSError as error:
        raise BadData(
            f"{known.name} cannot be kept at {error.filename or folder()}: {error.strerror}.",
            "Free some space, or name another folder with WORKBENCH_CACHE.",
        ) from error


def _fetch(known: DataSet, progress: Progress | None) -> Found:
    from core.data.download import alone, download

    folder().mkdir(parents=True, exist_ok=True)
    part = folder() / f"{known.archive}.part"

    def waiting() -> None:
        try:
            done = part.stat().st_size
        except FileNotFoundError:
            done = 0
        if progress:
            progress(FETCHING, done, known.size, "bytes")

    with alone(folder() / f".{known.name}.lock", waiting):
        if known.path.is_file():  # while this process waited, another fetched it
            if progress:
                progress(FETCHING, known.size, known.size, "bytes")
            return Found(known.path)
        if known.by_hand.is_file():
            _unpack(known, known.by_hand, progress)
            return Found(known.path, f"Unpacked from {known.by_hand}: {known.title}, {known.licence}.")
        download(known, part, progress)
        try:
            _unpack(known, part, progress)
        except BadData as error:
            part.unlink()
            raise BadData(f"What came from {known.url} is deleted: {error.what}", known.way_out) from error
        part.unlink()
    return Found(known.path, f"Downloaded: {known.title}, {known.licence}, from {known.url}.")


def _unpack(known: DataSet, archive: Path, progress: Progress | None) -> None:
    """Put what is in an archive in its place, if both are what they should be. Raises BadData."""
    if known.archive_sha256:
        _compare(files.sha256(archive), known.archive_sha256, archive)
    content = known.unpack(archive, known.most, progress)
    _verify(content, known.sha256, archive)
    files.write(known.path, content)


def _verify(content: bytes, expected: str, path: Path) -> None:
    if expected:
        _compare(hashlib.sha256(content).hexdigest(), expected, path)


def _compare(digest: str, expected: str, path: Path) -> None:
    if digest != expected:
        raise BadData(
            f"{path.name} is damaged, or another file: its SHA-256 is {digest[:12]}…, not {expected[:12]}….",
            f"Delete {path}, or put the right one there.",
        )

