"""Standard input as a file: kept in the cache, under its content's hash, where other processes can read it."""

import hashlib
import os
import time
from pathlib import Path
from typing import BinaryIO

from core import files
from core.datasets import input_folder
from core.errors import BadData

NAME = "-"  # what a person names it by
KEPT = 30 * 24 * 3600  # seconds that one stays: a run may wait in the queue before it reads it
PART = 1 << 20  # bytes


def spooled(stream: BinaryIO) -> Path:
    """A file with all that comes from a stream; old ones are removed. Raises BadData where nothing can come."""
    if stream.isatty():
        do = "Pipe a file into it (workbench data - < FILE), or name the file."
        raise BadData("Standard input is this terminal: no file comes from it.", do)
    digest = hashlib.sha256()

    def copy(path: Path) -> None:
        with open(path, "xb") as file:
            while data := stream.read(PART):
                digest.update(data)
                file.write(data)

    try:
        input_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep()
        arriving = input_folder() / f"arriving-{os.getpid()}"
        files.write(arriving, copy)
        kept = input_folder() / digest.hexdigest()[:32]
        os.replace(arriving, kept)
    except OSError as error:
        what = f"Standard input cannot be kept in {input_folder()}: {error.strerror}."
        raise BadData(what, "Free some space, or name another folder with WORKBENCH_CACHE.") from error
    return kept


def _sweep() -> None:
    for path in input_folder().iterdir():  # what a process that was killed left unfinished too
        if files.modified_at(path) < time.time() - KEPT:
            path.unlink(missing_ok=True)
