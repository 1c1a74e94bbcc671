"""Compressed files, recognised by their content and unpacked as a stream that cannot grow without bounds."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from core.errors import BadData
from core.wording import size

MOST_TIMES = 200  # times its size on disk is what a file may unpack to,
ANYWAY = 256 << 20  # bytes that it may unpack to however small it is
LAYERS = 2  # of compression around a file: data.csv.gz in a zip
SIGNED = 32  # bytes that show what a file is compressed with


class Packing(NamedTuple):
    """A way to compress one file."""

    name: str
    signature: re.Pattern[bytes]
    open: Callable[[IO[bytes]], IO[bytes]]


def _zstd(file: IO[bytes]) -> IO[bytes]:
    try:
        import pyarrow
    except ImportError as error:
        do = "Unpack it with `zstd -d`, and name what comes out."
        raise BadData("A file that is compressed with zstd cannot be read here.", do) from error
    return cast(IO[bytes], pyarrow.CompressedInputStream(file, "zstd"))


PACKINGS = [
    Packing("gzip", re.compile(rb"\x1f\x8b\x08"), lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file))),
    Packing("bzip2", re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), bz2.BZ2File),
    Packing("xz", re.compile(rb"\xfd7zXZ\0"), lzma.LZMAFile),
    # of LZMA alone the first bytes are settings, then the length: not known, or below 2 ** 40
    Packing("lzma", re.compile(rb"\x5d\0\0.{2}(\xff{8}|.{5}\0{3})", re.DOTALL), lzma.LZMAFile),
    Packing("zstd", re.compile(rb"\x28\xb5\x2f\xfd"), _zstd),
]


def packing(beginning: bytes) -> Packing | None:
    """What bytes are compressed with, if they are."""
    return next((each for each in PACKINGS if each.signature.match(beginning)), None)


def unpacked(file: IO[bytes], path: Path, on_disk: int) -> tuple[io.BufferedReader, int]:
    """A stream of what a file holds, and how many layers of compression were taken off; `on_disk` is its size in bytes.

    Reading raises BadData where the file at `path` is damaged, or unpacks to more than can be honest.
    """
    stream, layers = buffered(file, path, on_disk), 0
    while layers < LAYERS and (found := packing(stream.peek(SIGNED)[:SIGNED])):
        stream, layers = buffered(found.open(stream), path, on_disk), layers + 1
    return stream, layers


def buffered(stream: IO[bytes], path: Path, on_disk: int) -> io.BufferedReader:
    """A stream that tells of damage and explosion in sentences, as `unpacked` does."""
    return io.BufferedReader(_Guarded(stream, path, on_disk), 1 << 16)


def damaged(path: Path) -> BadData:
    """What is said of a file whose compression is broken."""
    return BadData(f"{path.name} is damaged: it cannot be decompressed.", "Fetch it again.")


class _Guarded(io.RawIOBase):
    def __init__(self, stream: IO[bytes], path: Path, on_disk: int):
        self._stream, self._path, self._on_disk, self._given = stream, path, on_disk, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        self._given += len(data)
        if self._given > max(ANYWAY, MOST_TIMES * self._on_disk):
            times = self._given / max(1, self._on_disk)
            what = f"{self._path.name} is not read: it takes {size(self._on_disk)} on disk and unpacks to more than "
            what += f"{size(self._given)}, {times:,.0f} times as much."
            raise BadData(what, "If it is meant to, unpack it, and name what comes out.")
        return len(data)

    def _read(self, n: int) -> bytes:
        try:
            return self._stream.read(n)
        except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, MemoryError) as error:
            raise damaged(self._path) from error
        except OSError as error:
            if error.errno is None:  # not the system's, but what gzip, bz2 and zstd say of damage
                raise damaged(self._path) from error
            raise BadData(f"{self._path} cannot be read: {error.strerror}.", "Try again, or copy it first.") from error
