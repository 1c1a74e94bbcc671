"""What lies in a folder that may be a stranger's: reached from the folder itself, and never through a link.

A folder may hold links, pipes, devices and folders where files are expected. Whoever followed a link would read, write
or delete what is somebody's own; whoever opened a pipe would wait for ever.
"""

import errno
import os
import stat
from pathlib import Path

from core.errors import BadRun

KINDS = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}
# nobody is waited for as at the end of a pipe, and no terminal becomes this process's
SAFELY = os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
NOFOLLOW = os.O_NOFOLLOW
LINKS = errno.ELOOP, errno.EMLINK  # what systems say of a link that is not followed, or that leads nowhere


def kind(mode: int) -> str:
    """What a `st_mode` is of, in words."""
    return KINDS.get(stat.S_IFMT(mode), "a device")


def opened(path: Path, home: Path, flags: int = os.O_RDONLY, alone: bool = False) -> int:
    """Open a file that lies in the folder `home`, or in a folder in it: the descriptor.

    The way leads from `home`, which may be a link itself, through one folder after the other. Raises FileNotFoundError
    where there is no such file, and BadRun where anything else lies there or on the way, or where, `alone`, the file
    has another name besides.
    """
    *folders, name = _parts(path, home)
    at = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | SAFELY | NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        fd = os.open(name, flags | SAFELY | NOFOLLOW, 0o666, dir_fd=at)
    except OSError as error:
        if error.errno in (*LINKS, errno.ENOTDIR, errno.EISDIR, errno.ENXIO):
            demand_file(path, home)
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(at)
    try:
        _demand_file(path, os.fstat(fd), alone)
    except BadRun:
        os.close(fd)
        raise
    return fd


def holds(path: Path, home: Path) -> bool:
    """Whether a file lies in a folder. Raises BadRun where anything else lies there or on the way."""
    try:
        demand_file(path, home)
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def checked(path: Path, home: Path) -> Path:
    """A file's path for a library that opens it by that. Raises as `opened` does."""
    os.close(opened(path, home))
    return path


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


def demand_file(path: Path, home: Path, alone: bool = False) -> None:
    """Raises BadRun where a path in the folder `home` is anything but a file, or where, `alone`, that file has another
    name besides; and where a folder on the way is anything else.

    One that is not there can still be made.
    """
    folder = home
    for part in _parts(path, home)[:-1]:
        folder /= part
        demand_folder(folder)
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    _demand_file(path, found, alone)


def _demand_file(path: Path, status: os.stat_result, alone: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = f"{path} is {kind(status.st_mode)}, not a file of its own."
        raise BadRun(what, "Remove it, or put the file itself in its place.")
    if alone and status.st_nlink > 1:
        what = f"{path} has another name besides (a hard link), and what is written to it would show there too."
        raise BadRun(what, "Put a copy of it in its place.")


def _parts(path: Path, home: Path) -> tuple[str, ...]:
    parts = path.relative_to(home).parts if path.is_relative_to(home) else ()
    if not parts or ".." in parts:
        raise BadRun(f"{path} lies outside of {home}.", "Put a copy of it there.")
    return parts
