"""Whether a run's folder grew where it lies, or came from elsewhere: by a mark in it that no other folder can have.

The mark is made of the number that the file system gives a folder for as long as it is there, under any name, and of a
key that this user alone has. A copy has another number, and who sends a run does not have the key. Where there is no
room for a key, the number alone tells. Once a folder is gone, another may get its number, but not what the file system
knows besides: how often the number was given (Linux), or when the folder was made (macOS).
"""

import fcntl
import hmac
import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

from core import files, inside
from core.errors import BadRun
from core.runs.folder import RunFolder
from core.wording import on_one_line

GETVERSION = 0x80087601  # FS_IOC_GETVERSION of linux/fs.h
BRIEFLY = "Made elsewhere."  # in a list
MOST = 1 << 10  # bytes; a mark is one number


def put(run: RunFolder) -> None:
    """Mark a run that is just being made. Raises OSError where its folder cannot be written."""
    files.write(run.mark_file, _mark(run))


def trust(run: RunFolder) -> None:
    """Mark a run that came from elsewhere, as the person says that it is to be trusted. Raises BadRun."""
    with files.writing(run.path, f"{run.name} cannot be resumed"):
        put(run)


def grew_here(run: RunFolder) -> bool:
    """Whether a run was made in the folder that it lies in, or has been trusted there."""
    try:
        return hmac.compare_digest(files.content(run.mark_file, run.path, most=MOST), _mark(run))
    except (OSError, BadRun):
        return False


def demand(run: RunFolder) -> None:
    """Raises BadRun where a run came from elsewhere: what is in it is not obeyed before a person was asked."""
    if not grew_here(run):
        raise BadRun(in_words(run), f"If you trust it: workbench resume {run.name} asks first, and then resumes it.")


def in_words(run: RunFolder) -> str:
    """What is known of a run that has no mark of this folder."""
    return f"{run.name} was not made in this folder: it was copied, moved, sent, or made by an earlier version."


def question(run: RunFolder) -> str:
    """What a person should know before such a run is taken up. Raises BadRun where its recipe cannot be read."""
    if run.pretrains:
        kept, named = run.text_folder.joinpath("held_out.npy"), ", ".join(run.pretraining().text.paths)
    else:
        kept, named = run.data_file, run.recipe().data.path
    source = "what is in its folder" if inside.holds(kept, run.path) else named
    words = f"Resumed, it learns from {on_one_line(source)}, and writes into {run.path}."
    return f"{in_words(run)} {words} Do that only with what you made yourself, or trust."


def _mark(run: RunFolder) -> bytes:
    fd = os.open(run.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        status, given = os.fstat(fd), b""
        with suppress(OSError):  # a file system that does not know
            given = fcntl.ioctl(fd, GETVERSION, bytes(8))
    finally:
        os.close(fd)
    told = f"{status.st_ino} {given.hex()} {getattr(status, 'st_birthtime', '')}"
    return hmac.digest(_key(), told.encode(), "sha256").hex().encode()


@cache
def _key() -> bytes:
    """What this user alone has, made the first time; nothing where it cannot be kept."""
    folder = platformdirs.user_data_path("workbench")
    file = folder / "key"

    def secret(path: Path) -> None:
        path.touch(0o600)
        path.write_bytes(secrets.token_bytes(32))

    try:
        if not file.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            with files.alone(folder / ".key.lock", lambda: None):
                if not file.is_file():
                    files.write(file, secret)
        return files.content(file)
    except (OSError, BadRun):
        return b"nobody's"
