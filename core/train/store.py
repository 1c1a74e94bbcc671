"""Where the prefix cache lies: in memory, or in a file that the next run with the same prefix finds.

A kept cache is a folder named by its key: `hidden.bin` with the positions, and `done.jsonl` with a line for each
chunk that is whole, its checksum, and what it cost. What is not vouched for by such a line is computed again.
"""

import fcntl
import mmap
import os
import shutil
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec
import torch
from torch import Tensor

from core import files, inside
from core.errors import BadRun
from core.train.layout import Layout

HIDDEN, DONE, LOCK = "hidden.bin", "done.jsonl", "lock"
ZEROS = 1 << 24  # bytes written at a time where a file system cannot be asked for room


class Line(msgspec.Struct):
    """One chunk that is whole on disk."""

    chunk: int
    crc: int
    seconds: float


class Busy(Exception):
    """Another process is filling this cache."""


class Store:
    """Positions by width, of which some chunks are filled. This one lasts as long as the process."""

    kept = False
    damaged = 0  # chunks that were there but are not what was written

    def __init__(self, layout: Layout, width: int, dtype: torch.dtype, scratch: Path | None = None):
        """In memory, or in a nameless file in the folder `scratch`. Raises OSError where that has no room."""
        self.layout, self.done, self.cost = layout, set[int](), 0.0
        shape = layout.positions, width
        if scratch is None:
            self.hidden = torch.empty(shape, dtype=dtype)
            return
        with tempfile.TemporaryFile(dir=scratch) as file:
            _take_room(file, shape[0] * shape[1] * dtype.itemsize)
            self.hidden = _mapped(file, shape, dtype)

    @property
    def whole(self) -> bool:
        return len(self.done) == len(self.layout.chunks)

    def put(self, chunk: int, hidden: Tensor, seconds: float) -> None:
        """Keep a chunk's positions (P, D), which took so long."""
        at = self.layout.chunks[chunk]
        self.hidden[at.start : at.stop] = hidden
        self.done.add(chunk)
        self.cost += seconds

    def release(self) -> None:
        """Nothing more will be put."""


class KeptStore(Store):
    """A store in a folder of its own. One process at a time fills it; once it is whole, any number read it."""

    kept = True

    def __init__(self, folder: Path, layout: Layout, width: int, dtype: torch.dtype):
        """Open what is there, or begin.

        Raises OSError where there is no room, BadRun where a link or anything else lies in place of a file, Busy where
        another run fills it.
        """
        self.layout, self.done, self.cost = layout, set[int](), 0.0
        self._folder, shape = folder, (layout.positions, width)
        inside.demand_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock: int | None = inside.opened(folder / LOCK, folder, os.O_RDWR | os.O_CREAT, alone=True)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._open(shape[0] * shape[1] * dtype.itemsize)
            with os.fdopen(inside.opened(folder / HIDDEN, folder, os.O_RDWR, alone=True), "r+b") as file:
                self.hidden = _mapped(file, shape, dtype)
            self._take_up()
            os.utime(folder)  # used now: others go first where room is short
        except BlockingIOError as error:
            self.release()
            raise Busy from error
        except BaseException:
            self.release()
            raise
        if self.whole:
            self.release()

    def _open(self, size: int) -> None:
        """See to it that the file is there and of its size, and that no line vouches for what it is not."""
        path = self._folder / HIDDEN
        found = files.stat_of(path)
        if found and found.st_size == size:
            return
        self.damaged = len(self.layout.chunks) if found else 0
        (self._folder / DONE).unlink(missing_ok=True)
        path.unlink(missing_ok=True)  # whoever still reads the old one keeps it
        try:
            with open(path, "xb") as file:
                _take_room(file, size)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def _take_up(self) -> None:
        """Find the chunks that are whole."""
        try:
            lines = files.content(self._folder / DONE, self._folder).splitlines()
        except FileNotFoundError:
            return
        for raw in lines:
            with suppress(msgspec.MsgspecError):  # torn as the process died: its chunk is made again
                line = msgspec.json.decode(raw, type=Line)
                if line.chunk not in range(len(self.layout.chunks)) or line.chunk in self.done:
                    continue
                if self._checksum(line.chunk) == line.crc:
                    self.done.add(line.chunk)
                    self.cost += line.seconds
                else:
                    self.damaged += 1

    def _checksum(self, chunk: int) -> int:
        at = self.layout.chunks[chunk]
        return zlib.crc32(self.hidden[at.start : at.stop].view(torch.uint8).numpy().data)

    def put(self, chunk: int, hidden: Tensor, seconds: float) -> None:
        super().put(chunk, hidden, seconds)
        line = msgspec.json.encode(Line(chunk, self._checksum(chunk), seconds))
        try:
            with files.appending(self._folder / DONE) as file:
                files.append(file, line + b"\n")
        except (OSError, BadRun):
            self.kept = False  # this run has the chunk all the same; the next one will not take it for whole
        if self.whole:
            self.release()

    def release(self) -> None:
        """Let another process fill what is missing."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def make_room(root: Path, limit: int, spare: Path) -> None:
    """Remove the caches used longest ago until all take at most `limit` bytes; never `spare`, nor one in use."""
    there = root.iterdir() if root.is_dir() else ()
    caches = [folder for folder in there if folder.is_dir() and not folder.is_symlink()]
    sizes = {folder: sum(file.lstat().st_size for file in folder.iterdir()) for folder in caches}
    for folder in sorted(caches, key=lambda folder: folder.stat().st_mtime):
        if sum(sizes.values()) <= limit:
            return
        if folder != spare and not files.locked(folder / LOCK):
            shutil.rmtree(folder, ignore_errors=True)
            del sizes[folder]


def _take_room(file: BinaryIO, size: int) -> None:
    """Make a new file so long, its room on disk taken: a full disk is noticed here, not as a page is written."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    for start in range(0, size, ZEROS):
        file.write(bytes(min(ZEROS, size - start)))
    file.flush()


def _mapped(file: BinaryIO, shape: tuple[int, int], dtype: torch.dtype) -> Tensor:
    return torch.frombuffer(mmap.mmap(file.fileno(), 0), dtype=dtype).view(shape)
