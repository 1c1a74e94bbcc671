"""Whether a run's folder grew where it lies, or came from elsewhere: by a mark in it that no other folder can have.

The mark is made of a number that the file system gives a folder for as long as it is there, under any name, and of a
key that this user alone has. A copy has another number, and who sends a run does not have the key. Where there is no
room for a key, the number alone tells.
"""

import hmac
import os
import secrets
from pathlib import Path

import platformdirs

from core import files
from core.errors import BadRun
from core.runs.folder import RunFolder

ELSEWHERE = "It did not grow here: it was copied, moved from another disk, sent, or made by an earlier version."


def put(run: RunFolder) -> None:
    """Say that this run is the person's own. Raises OSError where its folder cannot be written."""
    files.write(run.mark_file, _mark(run))


def grew_here(run: RunFolder) -> bool:
    """Whether a run was made in the folder that it lies in, or was said to be the person's own there."""
    try:
        return hmac.compare_digest(files.content(run.mark_file, run.path), _mark(run))
    except (OSError, BadRun):
        return False


def demand(run: RunFolder) -> None:
    """Raises BadRun where a run came from elsewhere: what is in it is not obeyed before a person was asked."""
    if not grew_here(run):
        what = ELSEWHERE.replace("It", run.name, 1)
        raise BadRun(what, f"Do you trust it? workbench resume {run.name} asks, and then goes on with it.")


def _mark(run: RunFolder) -> bytes:
    return hmac.digest(_key(), str(os.stat(run.path).st_ino).encode(), "sha256").hex().encode()


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
