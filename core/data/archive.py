"""Reading archives that nobody vouches for: what is wanted is read from the stream, and nothing is ever extracted."""

import gzip
import io
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from core.errors import BadData
from core.files import Progress

UNPACKING = "unpack"  # the phase in which it is read
EVERY = 500  # members between two calls of progress


def zip_member(path: Path, name: str, most: int) -> bytes:
    """The content of one member. Raises BadData where the archive is damaged, suspicious or too large.

    `most` bounds the bytes of all members together.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                refuse(path, member.filename, stat.S_ISLNK(member.external_attr >> 16))
            if sum(member.file_size for member in members) > most:
                raise too_large(path, most)
            return archive.read(name)  # which reads no more than the size that was just summed up
    except KeyError as error:
        raise BadData(f"{path.name} holds no {name}.", f"Delete {path}, or put the right one there.") from error
    # RuntimeError: encrypted, or compressed in a way that is not known here
    except (zipfile.BadZipFile, RuntimeError, zlib.error, EOFError) as error:
        raise _damaged(path, error) from error


def tar_members(
    path: Path, wanted: re.Pattern, most: int, most_each: int, progress: Progress
) -> Iterator[tuple[re.Match, bytes]]:
    """The members of a .tar.gz whose whole names match, with their content, in the archive's order.

    `most` bounds the bytes that the archive unpacks to, `most_each` those of a wanted member; both are refused while
    they are streamed. Raises BadData as `zip_member` does.
    """
    total = path.stat().st_size
    try:
        with open(path, "rb") as file, gzip.open(file) as unpacked:
            bounded = _Bounded(unpacked, path, most)
            with tarfile.open(fileobj=bounded, mode="r|") as archive:
                for i, member in enumerate(archive):
                    if i % EVERY == 0:
                        progress(UNPACKING, file.tell(), total, "bytes")
                    archive.members.clear()  # type: ignore[attr-defined]  # else it remembers all of them
                    refuse(path, member.name, not (member.isfile() or member.isdir()))
                    match = wanted.fullmatch(member.name) if member.isfile() else None
                    if member.size > (most_each if match else most):
                        raise too_large(path, most_each if match else most)
                    if match and (content := archive.extractfile(member)):
                        yield match, content.read()
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise _damaged(path, error) from error
    progress(UNPACKING, total, total, "bytes")


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than so many bytes."""

    def __init__(self, file: gzip.GzipFile, path: Path, most: int):
        self._file, self._path, self._most, self._left = file, path, most, most

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._path, self._most)
        return data


def refuse(path: Path, name: str, special: bool, do: str = "") -> None:
    """Raises BadData for a member that an honest archive of texts does not have; `do` is what to do then."""
    do = do or f"Delete {path}."
    parts = re.split(r"[/\\]", name)
    if ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", name):
        raise BadData(f"{path.name} is not read: it holds a path that climbs out of it, {name!r}.", do)
    if special:
        raise BadData(f"{path.name} is not read: {name!r} in it is a link, or no file at all.", do)


def too_large(path: Path, most: int, do: str = "") -> BadData:
    return BadData(
        f"{path.name} is not read: it unpacks to more than {most / 1e6:,.0f} MB.",
        do or f"Delete {path}.",
    )


def _damaged(path: Path, error: Exception) -> BadData:
    return BadData(f"{path.name} is damaged: {error}.", f"Delete {path}, or put the right one there.")
