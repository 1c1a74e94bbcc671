"""What is to be read: a file, or a data set by its name, compressed or not, as a stream that can be begun again."""

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import BinaryIO

from core import memory
from core.data import fetch
from core.data.sources.encoding import Spelling, spelling
from core.errors import BadData
from core.files import Progress, unwatched
from core.wording import size

CHUNK = 1 << 16  # bytes that are read at a time, between two calls of progress
BEGINNING = 1 << 20  # bytes that decide what a file is
LONGEST = 100_000_000  # characters of a line
WHOLE = 10  # times its bytes is what a file takes in memory that can only be read whole


class Input:
    """The bytes of a file, decompressed: its `beginning`, and all of it as a stream, as lines, or whole.

    Nothing is held but the beginning; every reading begins anew. `origin` says where a data set that was fetched came
    from, and `doubt` what may not be what was meant.
    """

    def __init__(self, path: str, progress: Progress = unwatched):
        """Find the file, which is fetched where it is a data set's that is not here. Raises BadData."""
        self.path, self.origin, self.doubt = fetch.find(path, progress)
        self.name = self.path.name
        with self._file() as file:
            self.size = os.fstat(file.fileno()).st_size  # bytes, as they lie on disk
        with self.open() as stream:
            self.beginning = stream.read(BEGINNING)
            self.is_longer = bool(stream.read(1))  # than its beginning
        if self.beginning[257:262] == b"ustar":
            what = f"{self.name} is an archive of many files."
            raise BadData(what, "Unpack it, and name one file with a row for each text.")

    @contextmanager
    def open(self, progress: Progress = unwatched, phase: str = "read") -> Iterator[BinaryIO]:
        """A stream of the decompressed bytes from the first on. Raises BadData where it is damaged or unreadable.

        `progress(phase, done, total, "bytes")` counts the bytes on disk; what it raises ends the reading.
        """
        try:
            with self._file() as file:
                packed = file.peek(2)[:2] == b"\x1f\x8b"
                stream = gzip.GzipFile(fileobj=file) if packed else file

                def watch() -> None:
                    progress(phase, file.tell(), self.size, "bytes")

                yield io.BufferedReader(_Watched(stream, watch), CHUNK)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise BadData(f"{self.name} is damaged: it cannot be decompressed.", "Fetch it again.") from error

    def _file(self) -> io.BufferedReader:
        path = self.path
        if path.is_dir():
            raise BadData(f"{path} is a folder.", "Name a file in it, with one row for each text.")
        if path.exists() and not path.is_file():
            raise BadData(f"{path} is no file.", "Write what comes out of it to a file first.")
        try:
            return open(path, "rb")
        except FileNotFoundError as error:
            raise BadData(f"There is no file {path}.", "Check the path.") from error
        except OSError as error:
            raise BadData(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error

    @cached_property
    def spelling(self) -> Spelling:
        """How the bytes spell text. Raises BadData where they do not, or where there is none."""
        with self.open() as stream:
            found = spelling(self.beginning, iter(partial(stream.read, CHUNK), b""), self.name)
        if not any(line.strip() for line in self._lines(found)):
            raise BadData(f"{self.name} is empty.", "Name a file with one row for each text.")
        return found

    @property
    def encoding(self) -> str:
        """How it is spelled, in words: UTF-8, Windows-1252, ... Raises BadData as `spelling` does."""
        return self.spelling.words

    @cached_property
    def start(self) -> str:
        """The beginning as text. Raises BadData as `spelling` does."""
        how = self.spelling
        return io.TextIOWrapper(io.BytesIO(self.beginning), how.codec, "replace", newline="").read()

    def lines(self, progress: Progress = unwatched, phase: str = "read") -> Iterator[str]:
        """The lines of the text with their ends, which are \\n, \\r\\n or \\r and nothing else.

        Raises BadData as `open` and `spelling` do, and for a line that is longer than any text.
        """
        return self._lines(self.spelling, progress, phase)

    def _lines(self, how: Spelling, progress: Progress = unwatched, phase: str = "read") -> Iterator[str]:
        with self.open(progress, phase) as stream:
            text = io.TextIOWrapper(stream, how.codec, how.errors, newline="")
            for line in iter(partial(text.readline, LONGEST), ""):
                if len(line) == LONGEST:
                    what = f"{self.name} has a line of more than {LONGEST // 1_000_000} million characters."
                    raise BadData(what, "Name a file with one row for each text.")
                yield line

    def first_lines(self) -> Iterator[str]:
        """The lines of the beginning, without one that is cut off there unless it is the only one."""
        lines = list(io.StringIO(self.start, newline=""))
        return iter(lines[:-1] if self.is_longer and len(lines) > 1 else lines)

    def texts(self, progress: Progress = unwatched, phase: str = "read") -> Iterator[str]:
        """The text in parts of up to CHUNK characters. Raises BadData as `lines` does."""
        with self.open(progress, phase) as stream:
            text = io.TextIOWrapper(stream, self.spelling.codec, self.spelling.errors, newline="")
            yield from iter(partial(text.read, CHUNK), "")

    def whole(self, progress: Progress = unwatched, phase: str = "read") -> str:
        """All of it as text, for what can only be read whole. Raises BadData where memory does not hold that."""
        parts, n, room = [], 0, memory.free()
        with self.open(progress, phase) as stream:
            text = io.TextIOWrapper(stream, self.spelling.codec, self.spelling.errors, newline="")
            while part := text.read(CHUNK):
                parts.append(part)
                n += len(part)
                if n * WHOLE > room:
                    what = f"{self.name} holds more than {size(n)}, and JSON of that size needs {size(n * WHOLE)} of "
                    raise BadData(f"{what}memory: {size(room)} are free.", "Write it as JSON lines, an object a line.")
        return "".join(parts)


class _Watched(io.RawIOBase):
    """A stream whose every reading is told of."""

    def __init__(self, stream: BinaryIO, watch: Callable[[], None]):
        self._stream, self._watch = stream, watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._watch()
        return len(data)
