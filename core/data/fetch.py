"""Data sets by name, fetched on request from where their authors publish them."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from core import files
from core.data import reviews
from core.data.archive import zip_member
from core.data.download import FETCHING, alone, download
from core.datasets import NAMED, DataSet, folder, meant
from core.errors import BadData
from core.files import Progress, absolute


def _sms(archive: Path, most: int, progress: Progress | None) -> bytes:
    return zip_member(archive, "SMSSpamCollection", most)


# how the content of a data set is taken out of its archive: (archive, most bytes, progress) -> content
UNPACK: dict[str, Callable[[Path, int, Progress | None], bytes]] = {"sms": _sms, "imdb": reviews.table}


class Found(NamedTuple):
    """The file that a path or a name stands for; where it has just come from; and what may not be what was meant."""

    path: Path
    origin: str = ""
    doubt: str = ""


def find(path: str, progress: Progress | None = None) -> Found:
    """The file for a path, or for the name of a data set, which is fetched where it is not here.

    Raises BadData where a data set cannot be had, with how to get it by hand. Whether a path is a file is not asked.
    """
    known = meant(path)
    if known:
        return fetch(known, progress)
    doubt = (
        f"A file named {Path(path).name} is here, so it is read, not the data set of that name."
        if Path(path).name in NAMED
        else ""
    )
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
    content = UNPACK[known.unpack](archive, known.most, progress)
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
