"""Bytes out of an archive as a file on disk, for formats that are read from their end and not from front to back."""

import os
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from core.datasets import input_folder
from core.errors import BadData

PART = 1 << 20  # bytes that are written at a time


class Placed:
    """A copy of a stream, in the cache; it is removed when this is no longer used."""

    def __init__(self, stream: IO[bytes], name: str, watch: Callable[[], None]):
        """`watch` is called after each part and may raise to cancel. Raises BadData where there is no room for it."""
        try:
            input_folder().mkdir(parents=True, exist_ok=True)
            fd, path = tempfile.mkstemp(dir=input_folder(), prefix="unpacked-")
        except OSError as error:
            raise _no_room(name, error) from error
        self.path = Path(path)
        weakref.finalize(self, _remove, path, os.getpid())
        with os.fdopen(fd, "wb") as file:
            while data := stream.read(PART):
                watch()
                try:
                    file.write(data)
                    file.flush()
                except OSError as error:
                    raise _no_room(name, error) from error


def _remove(path: str, owner: int) -> None:
    if os.getpid() == owner:  # a process that was forked off has the object, too
        with suppress(FileNotFoundError):  # somebody emptied the cache
            os.unlink(path)


def _no_room(name: str, error: OSError) -> BadData:
    what = f"{name} cannot be unpacked in {input_folder()}: {error.strerror}."
    return BadData(what, "Free some space, or name another folder with WORKBENCH_CACHE.")
