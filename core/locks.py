"""Exclusive locks of files: they end with the process that holds them, and say so where a file system has none."""

import errno
import fcntl
import os
import struct
import tempfile
from pathlib import Path

from core.errors import BadRun

NONE = errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP  # from a file system without them, as Lustre without -o flock
NO_MORE = errno.ENOLCK  # from NFS without its daemon; elsewhere it may pass, so that no other lock is taken instead
BUSY = errno.EAGAIN, errno.EACCES
OF_A_FILE = getattr(fcntl, "F_OFD_SETLK", None)  # Linux: belongs to the open file, as the lock of flock does
MOUNTS = Path("/proc/self/mountinfo")


def taken(fd: int, path: Path, shared: bool = False) -> bool:
    """Take the lock of an open file at once, and keep it until that is closed; False where another process has it.

    Raises BadRun where the file system has no locks, OSError for other failures.
    """
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in NONE and OF_A_FILE is not None:
            return _by_range(fd, path, shared)
        raise _refused(error, path) from error
    return True


def _by_range(fd: int, path: Path, shared: bool) -> bool:
    """`taken` with a lock of the file's bytes, which some file systems have alone."""
    assert OF_A_FILE is not None
    whole = struct.pack("hhqqi0q", fcntl.F_RDLCK if shared else fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        fcntl.fcntl(fd, OF_A_FILE, whole)
    except OSError as error:
        if error.errno in BUSY:
            return False
        raise _refused(error, path) from error
    return True


def _refused(error: OSError, path: Path) -> OSError | BadRun:
    """What to raise where a lock was refused for another reason than that somebody has it."""
    if error.errno not in (*NONE, NO_MORE, errno.EINVAL):
        return error
    name = file_system(path)
    return BadRun(
        f"The file system of {path.parent}{f' ({name})' if name else ''} gives no file locks: nothing would keep two "
        "processes from writing the same files.",
        "Use a folder on another disk (--runs DIR, or WORKBENCH_RUNS and WORKBENCH_CACHE), or have this one mounted "
        "with locks: -o flock for Lustre, a running lock daemon for NFS.",
    )


def demand(folder: Path) -> None:
    """Raises BadRun where the file system of a folder has no locks, OSError where it cannot be written."""
    with tempfile.TemporaryFile(dir=folder) as file:
        taken(file.fileno(), folder / "lock")


def file_system(path: Path) -> str:
    """What kind of file system a path lies on, as the system calls it; empty where that is not known."""
    try:
        lines = [line.split() for line in MOUNTS.read_text(errors="replace").splitlines()]
    except OSError:
        return ""
    kinds = {Path(words[4]): words[words.index("-") + 1] for words in lines if "-" in words}  # the last mount counts
    over = [mount for mount in kinds if path.absolute().is_relative_to(mount)]
    return kinds[max(over, key=lambda mount: len(mount.parts))] if over else ""
