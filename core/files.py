"""Files that matter: written whole or not at all, and known by their hash."""

import errno
import fcntl
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from core.errors import BadRun, WorkbenchError

TEMPORARY = re.compile(r"\.(.+)\.[0-9]+\.tmp")  # what `write` makes: the file's name, and the process that writes it
KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}
TRIES = 10  # to take a lock, 0.02 s apart

# called with a phase's name, how much of it is done, of how much, and what is counted; it may raise to break off
Progress = Callable[[str, int, int, str], None]


def sha256(path: Path, progress: Progress | None = None) -> str:
    """Hex SHA-256 of a file."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with open(path, "rb") as file:
        while chunk := file.read(1 << 24):
            digest.update(chunk)
            done += len(chunk)
            if progress:
                progress("weights", done, total, "bytes")
    return digest.hexdigest()


def size(path: Path) -> int:
    """Bytes of a file; 0 where there is none, which may be so from one moment to the next."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def changed(path: Path) -> float:
    """When a file was last changed, in seconds since 1970; 0 where there is none."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def absolute(path: str) -> Path:
    """A path as it is meant from here, ~ included. Raises WorkbenchError for the home of nobody."""
    try:
        return Path(path).expanduser().resolve()
    except RuntimeError as error:
        raise WorkbenchError(f"{path} is not to be found: {error}.", "Check the path.") from error


def cache_root() -> Path:
    """The folder of what can be computed again: WORKBENCH_CACHE, else the user's cache folder. It may not be there yet."""
    given = os.environ.get("WORKBENCH_CACHE")
    return absolute(given) if given else platformdirs.user_cache_path("workbench")


def kind(mode: int) -> str:
    """What a `st_mode` is of, in words."""
    return KINDS.get(stat.S_IFMT(mode), "a device")


def demand_folder(path: Path) -> None:
    """Raises BadRun where a path is anything but a folder: what is done to the files in it would be done elsewhere.

    One that is not there can still be made.
    """
    try:
        found = kind(path.lstat().st_mode)
    except FileNotFoundError:
        return
    if found != "a folder":
        do = "Remove it, or put the folder itself in its place."
        raise BadRun(f"{path} is {found}, not a folder of its own.", do)


def disk_full(error: Exception) -> bool:
    """Whether an error, of the system's or of a library that hides the system's, means that the disk is full."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)


def lock(path: Path) -> int | None:
    """Take the exclusive lock of a file: the open descriptor that holds it, or None where another process does.

    Raises OSError where the file cannot be written.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    for _ in range(TRIES):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)  # whoever asks whether a lock is held holds it for a moment
        else:
            return fd
    os.close(fd)
    return None


def locked(path: Path) -> bool:
    """Whether a process holds the exclusive lock of a file."""
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


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


def sweep(folder: Path, spare: str = "") -> None:
    """Remove what processes that were killed in the midst of `write` left in a folder, but for the file named `spare`.

    Raises BadRun where it is no folder of its own.
    """
    demand_folder(folder)
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            match = TEMPORARY.fullmatch(entry.name)
            if match and match[1] != spare and entry.is_file(follow_symlinks=False):
                Path(entry.path).unlink(missing_ok=True)
