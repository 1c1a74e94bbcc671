"""What is to be read: a file, or a data set by its name, compressed or not, as a stream that can be begun again."""

import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cached_property, partial, wraps
from pathlib import Path
from typing import IO, Any, Self, TypeVar
from weakref import WeakKeyDictionary

from core import files, inside, memory
from core.data import fetch
from core.data.archive import UNPACKING
from core.data.sources.encoding import Spelling, spelling
from core.data.sources.packed import unpacked
from core.data.sources.placed import Placed
from core.data.sources.signatures import refuse_text
from core.data.sources.tree import Folder, Tar, Tree, Zip, only_table
from core.datasets import file_name
from core.errors import BadData
from core.files import Progress, unwatched
from core.options import AUTO
from core.wording import size

FINDING = "find"  # the phase in which encoding and separator are found out
CHUNK = 1 << 16  # bytes that are read at a time, between two calls of progress
BEGINNING = 1 << 20  # bytes that decide what a file is
LONGEST = 100_000_000  # characters of a line
WHOLE = 10  # times its bytes is what a file takes in memory that can only be read whole
_PADDING = re.compile(rb"\0\0+|\0(?=[\r\n\t,;|])")
BOM = "\ufeff"  # at the beginning of a line, too, where files were joined
ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second where there is nothing in it


class Input:
    """The bytes of a file, decompressed: its `beginning`, and all of it as a stream, as lines, or whole.

    Nothing is held but the beginning; every reading begins anew. `origin` says where it came from if not straight from
    a file, and `doubt` what may not be what was meant. What is many files, a folder or an archive, has a `tree` and no
    bytes of its own, unless only one of the files can be a table: then it is that one. `about` is how many bytes there
    are, decompressed; of what is compressed, by the beginning.
    """

    def __init__(self, path: str, progress: Progress = unwatched, encoding: str = AUTO):
        """Find the file, which is fetched where it is a data set's that is not here. Raises BadData.

        `encoding` is what the codecs of Python call it, where somebody has said.
        """
        self.path, self.origin, self.doubt = fetch.find(path, progress)
        self.is_cut_short = False
        self._asked, self._progress = encoding, progress
        self._status: os.stat_result | None = None
        tree, member = self._tree(), ""
        if isinstance(tree, Folder) and (member := only_table(tree)):
            self.origin = f"It is {member} in {self.path.name}."
            self.path, self._status = self.path / member, None
            tree = self._tree()
        self._choose(tree, only_table(tree) if tree else "")

    def member(self, name: str) -> "Input":
        """One file of the tree. Raises BadData."""
        assert self.tree is not None
        if isinstance(self.tree, Folder):
            one = Input(str(self.path / name), self._progress, self._asked)
            if one.is_tree:
                what = f"{name} in {self.name} is an archive of many files."
                raise BadData(what, "Unpack it, and name the folder that comes out.")
        else:
            one = copy(self)
            one._choose(self.tree, name)
        return one.cut_short() if self.is_cut_short else one

    def _choose(self, tree: Tree | None, member: str) -> None:
        """Be the file itself, one member of its tree, or where none is named all of that."""
        self.tree, self._member, self.name = tree, member, file_name(self.path)
        self.file_name = Path(member).name or self.name
        if tree and not tree.members:
            raise BadData(f"{self.path} holds no file to read.", "Name a file with one row for each text.")
        self.beginning, self.is_longer, self.about = b"", False, 0
        if tree and not member:
            self.about = sum(tree.members.values())
            return
        if member:
            self.name, self.origin = f"{self.file_name} in {self.name}", f"It is {member} in {self.name}."
        with self._bytes() as (stream, layers, tell):
            self.beginning = stream.read(BEGINNING)
            self.is_longer = bool(stream.read(1))  # than its beginning
            on_disk = tree.members[member] if tree else self.size
            self.about = on_disk * len(self.beginning) // max(1, tell()) if layers else on_disk
            self._as_it_lies = not layers and (tree is None or isinstance(tree, Folder))

    def _tree(self) -> Tree | None:
        """The many files that the path holds, if it is a folder or an archive."""
        if stat.S_ISDIR(self._stat().st_mode):
            return Folder(self.path)
        with self._file() as file:
            if file.peek(4)[:4] in ZIP:
                found = Zip(self.path, self._file)
                return None if found.is_document else found
            stream, _ = unpacked(file, self.path, os.fstat(file.fileno()).st_size)
            return Tar(self.path, self._file, self._progress) if stream.peek(512)[257:262] == b"ustar" else None

    def cut_short(self) -> Self:
        """The same, as if it ended with the last line of its beginning: a look at that takes a moment."""
        short = copy(self)
        if self.is_longer:
            short.beginning = self.beginning[: self.beginning.rfind(b"\n") + 1] or self.beginning
        short.is_longer, short.is_cut_short = False, True
        return short

    @contextmanager
    def open(self, progress: Progress = unwatched, phase: str = "read") -> Iterator[io.BufferedReader]:
        """A stream of the decompressed bytes from the first on. Raises BadData where it is damaged or unreadable.

        `progress(phase, done, total, "bytes")` counts the bytes on disk; what it raises ends the reading.
        """
        if self.is_cut_short:
            yield io.BufferedReader(io.BytesIO(self.beginning))
            return
        with self._bytes() as (stream, _, tell):

            def watch() -> None:
                progress(phase, tell(), self.size, "bytes")

            yield io.BufferedReader(_Watched(stream, watch), CHUNK)

    @property
    def on_disk(self) -> Path:
        """Where the decompressed bytes lie in a file, all of them: its own, or a copy as long as this is used.

        Raises BadData as `open` does, and where there is no room for the copy.
        """
        return self.path if self._as_it_lies else self._copy.path

    @cached_property
    def _copy(self) -> Placed:
        with self._bytes() as (stream, _, tell):
            return Placed(stream, self.name, lambda: self._progress(UNPACKING, tell(), self.size, "bytes"))

    @contextmanager
    def _bytes(self) -> Iterator[tuple[IO[bytes], int, Callable[[], int]]]:
        """A stream of the decompressed bytes, layers of compression around them, and what tells how far it has come."""
        with self.tree.open(self._member) if self.tree else self._opened() as (file, tell):
            yield *unpacked(file, self.path, self.size), tell
        self._stat()

    @contextmanager
    def _opened(self) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
        with self._file() as file:
            yield file, file.tell

    @property
    def size(self) -> int:
        """Bytes, as they lie on disk."""
        return self._status.st_size if self._status else 0

    def demand_same(self) -> None:
        """Raises BadData where the path no longer holds the file that was first read."""
        self._stat()

    def _stat(self) -> os.stat_result:
        """What the system knows of the path. Raises BadData as `demand_same` does."""
        try:
            now = self.path.stat()
        except FileNotFoundError as error:
            raise BadData(f"There is no file {self.path}.", "Check the path.") from error
        except (OSError, ValueError) as error:  # of a path that no system can have
            why = getattr(error, "strerror", None) or error
            raise BadData(f"{self.path} cannot be read: {why}.", "Check the path and its permissions.") from error
        before, self._status = self._status or now, now
        if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            what = f"{self.path.name} was changed while it was read."
            raise BadData(what, "Try again; where something still writes to it, with a copy.")
        return now

    def _file(self) -> io.BufferedReader:
        mode = self._stat().st_mode
        if not stat.S_ISREG(mode):
            raise BadData(f"{self.path} is {inside.kind(mode)}, not a file.", files.WRITE_FIRST)
        try:
            return open(self.path, "rb")
        except OSError as error:
            raise BadData(f"{self.path} cannot be read: {error.strerror}.", "Check its permissions.") from error

    @property
    def is_tree(self) -> bool:
        """Whether it is many files, of which none is chosen."""
        return self.tree is not None and not self._member

    @cached_property
    def spelling(self) -> Spelling:
        """How the bytes spell text. Raises BadData where they do not, or where there is none."""
        with self.open(self._progress, FINDING) as stream:
            found = spelling(self.beginning, iter(partial(stream.read, CHUNK), b""), self.name, self._asked)
        if not any(line.strip() for line in self._lines(found)):
            raise BadData(f"{self.name} is empty.", "Name a file with one row for each text.")
        refuse_text(_text(io.BytesIO(self.beginning), found._replace(errors="replace")).read(), self.name)
        return found

    @property
    def encoding(self) -> str:
        """How it is spelled, in words: UTF-8, Windows-1252, ... Raises BadData as `spelling` does."""
        return self.spelling.words

    @property
    def codec(self) -> str:
        """How it is spelled, as the codecs of Python call it; auto where nobody has asked how."""
        return self.spelling.codec if "spelling" in self.__dict__ else AUTO

    @cached_property
    def start(self) -> str:
        """The beginning as text. Raises BadData as `spelling` does."""
        return _text(io.BytesIO(self.beginning), self.spelling._replace(errors="replace")).read()

    def lines(self, progress: Progress | None = None, phase: str = "read") -> Iterator[str]:
        """The lines of the text with their ends, which are \\n, \\r\\n or \\r and nothing else.

        Where no `progress` is given the one that this was made with is told that something is found out. Raises BadData
        as `open` and `spelling` do, and for a line that is longer than any text.
        """
        told, phase = (progress, phase) if progress else (self._progress, FINDING)
        return self._lines(self.spelling, told, phase)

    def _lines(self, how: Spelling, progress: Progress = unwatched, phase: str = "read") -> Iterator[str]:
        with self.open(progress, phase) as stream:
            text = _text(stream, how)
            for line in iter(partial(text.readline, LONGEST), ""):
                if len(line) == LONGEST:
                    what = f"{self.name} has a line of more than {LONGEST // 1_000_000} million characters."
                    raise BadData(what, "Name a file with one row for each text.")
                yield line.removeprefix(BOM)

    def first_lines(self) -> Iterator[str]:
        """The lines of the beginning, without one that is cut off there unless it is the only one."""
        lines = [line.removeprefix(BOM) for line in io.StringIO(self.start, newline="")]
        return iter(lines[:-1] if self.is_longer and len(lines) > 1 else lines)

    def texts(self, progress: Progress = unwatched, phase: str = "read") -> Iterator[str]:
        """The text in parts of up to CHUNK characters. Raises BadData as `lines` does."""
        with self.open(progress, phase) as stream:
            yield from iter(partial(_text(stream, self.spelling).read, CHUNK), "")

    def whole(self, progress: Progress = unwatched, phase: str = "read") -> str:
        """All of it as text, for what can only be read whole. Raises BadData where memory does not hold that."""
        parts, n, room = [], 0, memory.free()
        for part in self.texts(progress, phase):
            parts.append(part)
            n += len(part)
            if n * WHOLE > room:
                what = f"{self.name} holds more than {size(n)}, and JSON of that size needs {size(n * WHOLE)} of "
                raise BadData(f"{what}memory: {size(room)} are free.", "Write it as JSON lines, an object a line.")
        return "".join(parts)


Found = TypeVar("Found")


def once(find: Callable[[Input], Found]) -> Callable[[Input], Found]:
    """What is found out about an input, found out once: whoever recognises a format and whoever reads it both ask."""
    known = WeakKeyDictionary[Input, Found]()

    @wraps(find)
    def found(given: Input) -> Found:
        if given not in known:
            known[given] = find(given)
        return known[given]

    return found


def _text(stream: IO[bytes], how: Spelling) -> io.TextIOWrapper:
    width = {"utf-16": 2, "utf-32": 4}.get(how.codec[:6], 1)
    return io.TextIOWrapper(io.BufferedReader(_Unpadded(stream, width)), how.codec, how.errors, newline="")


class _Unpadded(io.RawIOBase):
    """A stream without the bytes of 0 that fill up its end; the last character keeps its own, of `width` bytes.

    Where that is one, the bytes of 0 that fill up something in the middle are left out, too.
    """

    def __init__(self, stream: IO[bytes], width: int):
        self._stream, self._width, self._zeros, self._ahead = stream, width, 0, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ahead:
            data = self._stream.read(len(buffer))
            if not data:
                self._ahead, self._zeros = bytes(self._zeros % self._width), 0
                break
            if kept := data.rstrip(b"\0"):
                whole = bytes(self._zeros) + kept
                self._ahead, self._zeros = _PADDING.sub(b"", whole) if self._width == 1 and b"\0" in whole else whole, 0
            self._zeros += len(data) - len(kept)
        n = min(len(buffer), len(self._ahead))
        buffer[:n], self._ahead = self._ahead[:n], self._ahead[n:]
        return n


class _Watched(io.RawIOBase):
    """A stream whose every reading is told of."""

    def __init__(self, stream: IO[bytes], watch: Callable[[], None]):
        self._stream, self._watch = stream, watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        if data:
            self._watch()
        return len(data)
