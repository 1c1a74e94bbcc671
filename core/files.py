"""Files that matter: written whole or not at all, verified by their hash, and never through a link."""

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import platformdirs

from core import locks
from core.errors import BadRun, WorkbenchError
from core.inside import LINKS, SAFELY, demand_folder, opened

TEMPORARY = re.compile(r"\.(.+)\.[0-9]+\.tmp")  # what `write` makes: the file's name, and the process that writes it
WRITE_FIRST = "Write what comes out of it to a file first, or pipe it here and name - as the file."
TRIES = 10  # to take a lock, 0.02 s apart

# called with a phase's name, how much of it is done, of how much, and what is counted; it may raise to break off
Progress = Callable[[str, int, int, str], None]


def unwatched(phase: str, done: int, total: int, unit: str) -> None:
    """A `Progress` that reports to nobody."""


def sha256(path: Path, progress: Progress = unwatched, home: Path | None = None) -> str:
    """Hex SHA-256 of a file. Raises as `reading` does."""
    digest, done = hashlib.sha256(), 0
    with reading(path, home) as file:
        total = os.fstat(file.fileno()).st_size
        while chunk := file.read(1 << 24):
            digest.update(chunk)
            done += len(chunk)
            progress("weights", done, total, "bytes")
    return digest.hexdigest()


def size(path: Path) -> int:
    """Bytes of a file; 0 where there is none, which may be so from one moment to the next."""
    found = stat_of(path)
    return found.st_size if found else 0


def modified_at(path: Path) -> float:
    """When a file was last changed, in seconds since 1970; 0 where there is none."""
    found = stat_of(path)
    return found.st_mtime if found else 0.0


def stat_of(path: Path) -> os.stat_result | None:
    """What the system knows of a file; None where there is none, or anything else, as a link to one."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def absolute(path: str) -> Path:
    """A path as it is meant from here, ~ included.

    Raises WorkbenchError for what is none, for the home of nobody, and for a name that neither a recipe nor a log can
    hold.
    """
    found: str | Path = path
    try:
        found = Path(path).expanduser().resolve()
        str(found).encode()
        return found
    except UnicodeEncodeError as error:
        what = f"The name {found} is not UTF-8, and cannot be written down."
        raise WorkbenchError(what, "Rename the file or folder, and try again.") from error
    except (RuntimeError, ValueError, OSError) as error:
        raise WorkbenchError(f"{path} is not to be found: {error}.", "Check the path.") from error


def cache_root() -> Path:
    """The folder of what can be computed again: WORKBENCH_CACHE or the user's cache folder; perhaps not there yet."""
    given = os.environ.get("WORKBENCH_CACHE")
    return absolute(given) if given else platformdirs.user_cache_path("workbench")


def _in_place(path: Path, flags: int) -> int:
    """Open a file that is written where it lies, not replaced; it is made where there is none.

    Raises BadRun where it is no file of its own, OSError where it cannot be written.
    """
    return opened(path, path.parent, flags | os.O_CREAT, alone=True)


def appending(path: Path) -> BinaryIO:
    """Open a file, which can be read too, to append to it; nothing is buffered. Raises as `_in_place` does."""
    return os.fdopen(_in_place(path, os.O_RDWR | os.O_APPEND), "a+b", buffering=0)


def append(file: BinaryIO, line: bytes) -> None:
    """Append to a file that `appending` opened; a line that another process left unfinished is closed off first."""
    if file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) >= 0 and file.read() != b"\n":
        line = b"\n" + line
    while line:  # a disk that is nearly full takes a part, then refuses the rest
        line = line[file.write(line) :]


def touch(path: Path) -> None:
    """Make now a file's time of change. Raises as `_in_place` does."""
    fd = _in_place(path, os.O_WRONLY)
    try:
        os.utime(fd)
    finally:
        os.close(fd)


def reading(path: Path, home: Path | None = None) -> BinaryIO:
    """Open a file to read it: one that lies in the folder `home`, without following a link, or else any of the
    person's own, also where a link leads to it.

    Raises FileNotFoundError where there is none, as also where a folder, a device or a pipe is: who reads those may
    wait for ever. With a `home` that is a BadRun.
    """
    if home is not None:
        return os.fdopen(opened(path, home), "rb")
    fd = None
    try:
        fd = os.open(path, os.O_RDONLY | SAFELY)
    except OSError as error:
        if error.errno not in (*LINKS, errno.ENXIO):
            raise
    if fd is not None and stat.S_ISREG(os.fstat(fd).st_mode):
        return os.fdopen(fd, "rb")
    if fd is not None:
        os.close(fd)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


def content(path: Path, home: Path | None = None, offset: int = 0, most: int | None = None) -> bytes:
    """The bytes of a file from `offset` on. Raises as `reading` does, and OSError where there are more than `most`."""
    with reading(path, home) as file:
        file.seek(offset)
        if most is None:
            return file.read()
        if len(found := file.read(most + 1)) > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return found


def lines_after(path: Path, offset: int) -> bytes:
    """The whole lines of a file of a run that begin at `offset`, without one that is still being written; none of no
    file, or where anything else lies there.
    """
    if size(path) <= offset:
        return b""
    try:
        data = content(path, path.parent, offset)
    except (FileNotFoundError, BadRun):
        return b""
    return data[: data.rfind(b"\n") + 1]


@contextmanager
def writing(folder: Path, failure: str) -> Iterator[None]:
    """Raises BadRun, which begins with the sentence `failure`, where the system refuses what is done in a folder."""
    try:
        yield
    except OSError as error:
        if disk_full(error):
            raise BadRun(f"{failure}: the disk is full.", "Make room there, and try again.") from error
        raise BadRun(f"{failure}: {error.strerror or error}.", f"Is {folder} writable?") from error


def disk_full(error: BaseException) -> bool:
    """Whether an error, of the system's or of a library that hides the system's, means that the disk is full."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)


def lock(path: Path) -> int | None:
    """Take the exclusive lock of a file: the open descriptor that holds it, or None where another process does.

    Raises OSError where the file cannot be written, BadRun where it is no file of its own, or there are no locks.
    """
    for _ in range(TRIES):
        fd = _in_place(path, os.O_RDWR)
        try:
            held = locks.taken(fd, path)
        except BaseException:
            os.close(fd)
            raise
        if not held:
            os.close(fd)
            time.sleep(0.02)  # whoever asks whether a lock is held holds it for a moment
            continue
        there = stat_of(path)
        if there and os.path.samestat(there, os.fstat(fd)):
            return fd
        os.close(fd)  # whoever held it has removed it meanwhile: the next one makes another
    return None


@contextmanager
def alone(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock file, which is there no longer than that; while another process does, `waiting` is called now and
    then, and may raise.
    """
    while (fd := lock(path)) is None:  # which takes a moment
        waiting()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(fd)


def locked(path: Path) -> bool:
    """Whether a process holds the exclusive lock of a file: none does where there are no locks."""
    try:
        with reading(path, path.parent) as file:
            return not locks.taken(file.fileno(), path, shared=True)
    except (FileNotFoundError, BadRun):
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
    if os.path.lexists(temporary):  # of a process of the same number that was killed, or a link that someone put there
        temporary.unlink()
    try:
        if callable(content):
            content(temporary)
        else:
            with open(temporary, "xb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
        if not path.parent.stat().st_mode & 0o077:  # a folder of one person alone, as a run's is
            temporary.chmod(temporary.stat().st_mode & 0o600)
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
