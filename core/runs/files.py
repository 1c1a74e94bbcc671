"""Writing so that nothing is half there: a temporary name, flushed to disk, then renamed."""

import os
from collections.abc import Callable
from pathlib import Path


def sync(path: Path) -> None:
    """Flush a file or a folder's entries to disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write(path: Path, content: str | bytes | Callable[[Path], None]) -> None:
    """Put `content` (text, bytes, or what a function writes to the path it is given) at `path`, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        if callable(content):
            content(temporary)
        else:
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        sync(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)
