"""An export's folder is whole or as it was, whenever the export is killed."""

import os
import signal
import subprocess
import sys

import pytest

from core.errors import BadModel
from core.export.folder import write

KILLED = """
import os, signal, sys
from pathlib import Path
from core.export.folder import write
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "moving":
    move = os.replace
    os.replace = lambda path, to: die() if path.name == "c" else move(path, to)
write(Path(sys.argv[2]), {"a": "old", "b": die if sys.argv[1] == "writing" else "old", "c": "old"})
"""


@pytest.mark.parametrize("moment", ["writing", "moving"])
def test_one_that_is_killed_is_repeated(moment, tmp_path):
    folder = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", KILLED, moment, folder], check=False)
    assert done.returncode == -signal.SIGKILL
    assert write(folder, {"a": "new", "b": "new", "c": "new"}) == [folder / name for name in "abc"]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "new", "b": "new", "c": "new"}


def test_one_that_fails_leaves_nothing(tmp_path):
    def fails(path):
        path.write_text("a part")
        raise OSError(28, "No space left on device")

    with pytest.raises(BadModel, match="the disk is full"):
        write(tmp_path / "out", {"a": "whole", "b": fails})
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_what_is_there_already_stays(there, tmp_path):
    folder = tmp_path / "out"
    mine = folder if there == "file" else folder / "mine"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    if there == "link":  # in place of what an export leaves that was killed
        (tmp_path / "elsewhere").mkdir()
        (folder / ".exporting").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadModel, match="is there already"):
        write(folder, {"mine": "theirs"})
    assert mine.read_text() == "mine"


def test_others_may_read_what_was_exported(tmp_path):
    (file,) = write(tmp_path / "out", {"a": lambda path: os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))})
    assert file.stat().st_mode & 0o777 == 0o644
