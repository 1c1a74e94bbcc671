"""What is to be read: a file, or a data set by its name, compressed or not."""

import gzip
import io
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from core.data import fetch
from core.data.sources import encoding
from core.errors import BadData
from core.files import Progress, unwatched

EVERY = 1000  # lines between two calls of progress


class Input:
    """The bytes of a file, decompressed: as they are in `data`, as lines or whole where they are text.

    `origin` says where a data set that was fetched came from, and `doubt` what may not be what was meant.
    """

    def __init__(self, path: str, progress: Progress = unwatched):
        """Find the file, which is fetched where it is a data set's that is not here, and read it. Raises BadData."""
        self.path, self.origin, self.doubt = fetch.find(path, progress)
        self.name = self.path.name
        self.data = _decompressed(_bytes(self.path), self.name)

    @cached_property
    def _decoded(self) -> tuple[str, str]:
        text, how = encoding.decode(self.data, self.name)
        if not text.strip():
            raise BadData(f"{self.name} is empty.", "Name a file with one row for each text.")
        return text, how

    @property
    def text(self) -> str:
        """All of it as text. Raises BadData where it is none, or empty."""
        return self._decoded[0]

    @property
    def encoding(self) -> str:
        """How it is spelled, in words: UTF-8, Windows-1252, ... Raises BadData as `text` does."""
        return self._decoded[1]

    def lines(self, progress: Progress = unwatched) -> Iterator[str]:
        """The lines of the text with their ends, which are \\n, \\r\\n or \\r and nothing else.

        `progress("read", done, total, "bytes")` is called now and then; what it raises ends the reading.
        """
        seen, total = 0, len(self.data)
        for i, line in enumerate(io.StringIO(self.text, newline="")):
            if i % EVERY == 0:
                progress("read", int(seen * total / len(self.text)), total, "bytes")
            seen += len(line)
            yield line
        progress("read", total, total, "bytes")


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise BadData(f"{path} is a folder.", "Name a file in it, with one row for each text.")
    if path.exists() and not path.is_file():
        raise BadData(f"{path} is no file.", "Write what comes out of it to a file first.")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BadData(f"There is no file {path}.", "Check the path.") from error
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error


def _decompressed(data: bytes, name: str) -> bytes:
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise BadData(f"{name} is damaged: it cannot be decompressed.", "Fetch it again.") from error
    if data[257:262] == b"ustar":
        raise BadData(f"{name} is an archive of many files.", "Unpack it, and name one file with a row for each text.")
    return data
