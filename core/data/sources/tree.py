"""Many files under one path: a folder, or a zip or tar archive, of which nothing is extracted."""

import io
import os
import re
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Protocol, cast

from core.data.archive import EVERY, UNPACKING, refuse, too_large
from core.data.sources.packed import ANYWAY, MOST_TIMES, SIGNED, buffered, damaged, packing, unpacked
from core.data.sources.placed import Placed
from core.errors import BadData
from core.files import Progress, unwatched

UNPACK = "If you trust it, unpack it, and name the folder."
MOST = 1_000_000  # files
LINKS, SPECIAL = (
    ("a link", "links"),
    ("a device or a pipe", "devices or pipes"),
)  # what is left out of a tree whatever is looked for
HIDDEN = re.compile(r"(^|/)(\.[^/]|__MACOSX(/|$)|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
# what lies beside the data and is none
BESIDE = re.compile(
    r"(^|/)([^/]*[._-])?read[-_ ]?me[^/]*$|(^|/)(licen[cs]e|copying|changelog|citation)[^/]*$|"
    r"\.(md|rst|pdf|html?|png|jpe?g|gif|svg|py|ipynb|docx?|ya?ml|toml|sha256|md5)$",
    re.IGNORECASE,
)
# packed by a program into a zip, as one document
DOCUMENT = re.compile(
    r"\[Content_Types\]\.xml|mimetype|Index/Document\.iwa|META-INF/MANIFEST\.MF|([^/]+/)?data\.pkl|.*\.npy"
)
OnDisk = Callable[[], io.BufferedReader]  # opens the file, or raises BadData


class Tree(Protocol):
    """Regular files under one path, hidden ones left out. `members` maps their paths in it, parted by /, to bytes."""

    path: Path
    members: dict[str, int]
    left_out: Counter[tuple[str, str]]  # kind, of one and of several -> files

    def open(self, member: str) -> AbstractContextManager[tuple[IO[bytes], Callable[[], int]]]:
        """A stream of one member, and what says how many bytes of the path have been read."""

    def contents(self, wanted: dict[str, int]) -> Iterator[tuple[str, IO[bytes]]]:
        """The wanted members with a stream of each, in the order that is fastest; it is valid until the next one."""


def only_table(tree: Tree) -> str:
    """The one member that can be a table, or is all there is; else empty."""
    able = [name for name in tree.members if not BESIDE.search(name)] or [*tree.members]
    return able[0] if len(able) == 1 else ""


class _Members:
    def __init__(self, path: Path):
        self.path, self.members, self.left_out = path, dict[str, int](), Counter[tuple[str, str]]()

    def _add(self, name: str, size: int) -> None:
        if HIDDEN.search(name):
            return
        self.members[name.removeprefix("./")] = size
        if len(self.members) > MOST:
            what = f"{self.path.name} holds more than {MOST:,} files."
            raise BadData(what, "Put the texts into one table, with one row for each text.")


class Folder(_Members):
    """A folder: what its links lead to is left alone, and so is all that is no regular file."""

    def __init__(self, path: Path):
        super().__init__(path)

        def refused(error: OSError) -> None:
            raise BadData(f"{error.filename} cannot be read: {error.strerror}.", "Check its permissions.") from error

        for at, folders, names in os.walk(path, onerror=refused):
            inside = Path(at).relative_to(path).as_posix().removeprefix(".")
            for name in (*folders, *names):
                whole = f"{inside}/{name}".lstrip("/")
                found = os.lstat(os.path.join(at, name))
                if stat.S_ISREG(found.st_mode):
                    self._add(whole, found.st_size)
                elif not stat.S_ISDIR(found.st_mode) and not HIDDEN.search(whole):
                    self.left_out[LINKS if stat.S_ISLNK(found.st_mode) else SPECIAL] += 1
            folders[:] = [name for name in folders if not HIDDEN.search(name)]
        self.members = dict(sorted(self.members.items()))

    @contextmanager
    def open(self, member: str) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
        try:
            # a link or a pipe may have taken the file's place since
            fd = os.open(self.path / member, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            raise BadData(
                f"{self.path / member} cannot be read: {error.strerror}.", "Check its permissions."
            ) from error
        with os.fdopen(fd, "rb") as file:
            yield file, file.tell

    def contents(self, wanted: dict[str, int]) -> Iterator[tuple[str, IO[bytes]]]:
        for name in wanted:
            with self.open(name) as (file, _):
                yield name, file


class Zip(_Members):
    """A zip archive. Raises BadData where it is damaged, encrypted, or no honest archive."""

    def __init__(self, path: Path, on_disk: OnDisk):
        super().__init__(path)
        self._on_disk = on_disk
        with self._archive() as (archive, file):
            most = max(ANYWAY, MOST_TIMES * os.fstat(file.fileno()).st_size)
            entries = archive.infolist()
        for entry in entries:
            refuse(path, entry.filename, False, UNPACK)
            if stat.S_ISLNK(entry.external_attr >> 16):
                self.left_out[LINKS] += not HIDDEN.search(entry.filename)
            elif not entry.is_dir():
                self._add(entry.filename, entry.file_size)
        self.encrypted = any(entry.flag_bits & 1 for entry in entries)
        self.is_document = any(DOCUMENT.fullmatch(name) for name in self.members)
        if sum(entry.file_size for entry in entries) > most and not self.is_document:
            raise too_large(path, most, UNPACK)

    @contextmanager
    def _archive(self) -> Iterator[tuple[zipfile.ZipFile, io.BufferedReader]]:
        with self._on_disk() as file:
            try:
                archive = zipfile.ZipFile(file)
            except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
                raise damaged(self.path) from error
            with archive:
                yield archive, file

    @contextmanager
    def open(self, member: str) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
        with self._archive() as (archive, file), self._member(archive, member) as stream:
            yield buffered(stream, self.path, os.fstat(file.fileno()).st_size), file.tell

    def _member(self, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
        try:
            return archive.open(name if name in archive.NameToInfo else f"./{name}")
        except RuntimeError as error:  # of a password, and of a compression that is not known here
            if self.encrypted:
                what = f"{self.path.name} is encrypted: a password is needed to read it."
                raise BadData(what, "Unpack it with its password, and name what comes out.") from error
            what = f"{self.path.name} is compressed in a way that cannot be read here: {error}."
            raise BadData(what, "Unpack it, and name what comes out.") from error
        except (zipfile.BadZipFile, KeyError, EOFError, OSError, ValueError) as error:
            raise damaged(self.path) from error

    def contents(self, wanted: dict[str, int]) -> Iterator[tuple[str, IO[bytes]]]:
        with self._archive() as (archive, file):
            on_disk = os.fstat(file.fileno()).st_size
            for name in wanted:
                with self._member(archive, name) as stream:
                    yield name, buffered(stream, self.path, on_disk)


class _Ending:
    """A stream that ends. Whoever passes over a member in it goes on at its end for as long as the member is said to
    be, which may be for ever.
    """

    def __init__(self, stream: IO[bytes]):
        self._stream, self._ends = stream, 0

    def read(self, n: int) -> bytes:
        """Raises EOFError where it is read on at its end; who finds it twice may only be looking for what follows."""
        found = self._stream.read(n)
        self._ends += not found
        if self._ends > 2:
            raise EOFError
        return found


class Tar(_Members):
    """A tar archive, compressed or not. Raises BadData as `Zip` does.

    One that is compressed can only be read from front to back. Where more than one member is to be read by itself, it
    is unpacked into one file first, to which `progress("unpack", done, total, "bytes")` belongs.
    """

    def __init__(self, path: Path, on_disk: OnDisk, progress: Progress = unwatched):
        super().__init__(path)
        self._on_disk, self._progress = on_disk, progress
        with on_disk() as file:
            self._is_packed = bool(packing(file.peek(SIGNED)[:SIGNED]))
        self._starts = dict[str, int]()  # member -> where its content begins, in bytes of the unpacked archive
        for i, (entry, _, file) in enumerate(self._entries()):
            if i % EVERY == 0:
                progress(UNPACKING, file.tell(), os.fstat(file.fileno()).st_size, "bytes")
            refuse(path, entry.name, False, UNPACK)
            if entry.isfile():
                self._add(entry.name, entry.size)
                if not entry.issparse():
                    self._starts[entry.name.removeprefix("./")] = entry.offset_data
            elif not entry.isdir() and not HIDDEN.search(entry.name):
                self.left_out[LINKS if entry.issym() or entry.islnk() else SPECIAL] += 1

    def _entries(self) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile, io.BufferedReader]]:
        with self._on_disk() as file:
            stream, _ = unpacked(file, self.path, os.fstat(file.fileno()).st_size)
            try:
                with tarfile.open(fileobj=cast(IO[bytes], _Ending(stream)), mode="r|") as archive:
                    for entry in archive:
                        archive.members.clear()  # type: ignore[attr-defined]  # else it remembers all of them
                        yield entry, archive, file
            except (tarfile.TarError, EOFError) as error:
                raise damaged(self.path) from error

    @contextmanager
    def open(self, member: str) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
        if member in self._starts and member != only_table(self):
            with self._unpacked() as file, tarfile.open(fileobj=file, mode="r:") as archive:
                entry = tarfile.TarInfo(member)
                entry.offset_data, entry.size = self._starts[member], self.members[member]
                stream = archive.extractfile(entry)
                assert stream is not None  # it is a regular file
                yield buffered(stream, self.path, os.fstat(file.fileno()).st_size), file.tell
            return
        for entry, archive, file in self._entries():
            if entry.isfile() and entry.name.removeprefix("./") == member and (stream := archive.extractfile(entry)):
                yield buffered(stream, self.path, os.fstat(file.fileno()).st_size), file.tell
                return
        raise damaged(self.path)

    @contextmanager
    def _unpacked(self) -> Iterator[io.BufferedReader]:
        """The archive as a file that is not compressed."""
        with open(self._copy.path, "rb") if self._is_packed else self._on_disk() as file:
            yield file

    @cached_property
    def _copy(self) -> Placed:
        with self._on_disk() as file:
            total = os.fstat(file.fileno()).st_size
            stream, _ = unpacked(file, self.path, total)
            return Placed(stream, self.path.name, lambda: self._progress(UNPACKING, file.tell(), total, "bytes"))

    def contents(self, wanted: dict[str, int]) -> Iterator[tuple[str, IO[bytes]]]:
        for entry, archive, file in self._entries():
            name = entry.name.removeprefix("./")
            if entry.isfile() and name in wanted and (stream := archive.extractfile(entry)):
                yield name, buffered(stream, self.path, os.fstat(file.fileno()).st_size)
