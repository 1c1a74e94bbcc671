"""Data sets by name, fetched on request from where their authors publish them."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from core import files
from core.data import reviews
from core.data.archive import zip_member
from core.data.download import FETCHING, download
from core.datasets import NAMED, DataSet, dataset_named, folder
from core.errors import BadData
from core.files import Progress, absolute, unwatched

# how the content of a data set is taken out of its archive: (archive, most bytes, progress) -> content
UNPACK: dict[str, Callable[[Path, int, Progress], bytes]] = {
    "sms": lambda archive, most, progress: zip_member(archive, "SMSSpamCollection", most),
    "imdb": reviews.table,
}


class DataFile(NamedTuple):
    """The file that a path or a name stands for. `origin` says where it has come from, `doubt` what may be amiss."""

    path: Path
    origin: str = ""
    doubt: str = ""


def find(path: str, progress: Progress = unwatched) -> DataFile:
    """The file for a path, or for the name of a data set, which is fetched where it is not here.

    Raises BadData where a data set cannot be had, with how to get it by hand. Whether a path is a file is not asked.
    """
    dataset = dataset_named(path)
    if dataset:
        return fetch(dataset, progress)
    name = Path(path).name
    doubt = f"A file named {name} is here, so it is read, not the data set of that name." if name in NAMED else ""
    return DataFile(absolute(path), doubt=doubt)


def fetch(dataset: DataSet, progress: Progress = unwatched) -> DataFile:
    """A data set's file: as it is here, from an archive put here by hand, or downloaded. Only one process fetches it.

    `progress("fetch" or "unpack", done, total, "bytes")` may raise to cancel; what has come by then is kept.
    Raises BadData.
    """
    try:
        if not dataset.path.is_file():
            return _fetch(dataset, progress)
        if expected := dataset.sha256 or _recorded(dataset):
            _verify(files.sha256(dataset.path), expected, dataset.path)
        return DataFile(dataset.path)
    except OSError as error:
        raise BadData(
            f"{dataset.name} cannot be kept at {error.filename or folder()}: {error.strerror}.",
            "Free some space, or name another folder with WORKBENCH_CACHE.",
        ) from error


def _fetch(dataset: DataSet, progress: Progress) -> DataFile:
    folder().mkdir(parents=True, exist_ok=True)
    part = folder() / f"{dataset.archive}.part"

    def waiting() -> None:
        progress(FETCHING, files.size(part), dataset.size, "bytes")

    with files.alone(folder() / f".{dataset.name}.lock", waiting):
        if dataset.path.is_file():  # while this process waited, another fetched it
            progress(FETCHING, dataset.size, dataset.size, "bytes")
            return DataFile(dataset.path)
        if dataset.by_hand.is_file():
            _unpack(dataset, dataset.by_hand, progress)
            return DataFile(dataset.path, f"Unpacked from {dataset.by_hand}: {dataset.title}, {dataset.licence}.")
        download(dataset, part, progress)
        try:
            _unpack(dataset, part, progress)
        except BadData as error:
            part.unlink()
            raise BadData(f"What came from {dataset.url} is deleted: {error.what}", dataset.way_out) from error
        part.unlink()
    return DataFile(dataset.path, f"Downloaded: {dataset.title}, {dataset.licence}, from {dataset.url}.")


def _unpack(dataset: DataSet, archive: Path, progress: Progress) -> None:
    """Put what is in an archive in its place, if both are what they should be. Raises BadData."""
    if dataset.archive_sha256:
        _verify(files.sha256(archive), dataset.archive_sha256, archive)
    content = UNPACK[dataset.unpack](archive, dataset.most, progress)
    if dataset.sha256:
        _verify(hashlib.sha256(content).hexdigest(), dataset.sha256, archive)
    else:  # it is made here, of an archive whose hash is known
        files.write(_record(dataset), f"{hashlib.sha256(content).hexdigest()}  {dataset.path.name}\n")
    files.write(dataset.path, content)


def _record(dataset: DataSet) -> Path:
    """Where it is written down, as `sha256sum` does, what a file was when it was made here."""
    return dataset.path.with_name(f"{dataset.path.name}.sha256")


def _recorded(dataset: DataSet) -> str:
    """That hash; "" where none was written, as by a version before."""
    try:
        return files.content(_record(dataset)).decode(errors="replace").partition(" ")[0]
    except FileNotFoundError:
        return ""


def _verify(digest: str, expected: str, path: Path) -> None:
    if digest != expected:
        raise BadData(
            f"{path.name} is damaged, or another file: its SHA-256 is {digest[:12]}…, not {expected[:12]}….",
            f"Delete {path}, or put the right one there.",
        )
