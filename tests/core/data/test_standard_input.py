"""What comes from standard input is a file that other processes can read."""

import io
import os
import subprocess
import sys

import pytest

from core.data.read import read
from core.data.standard_input import KEPT, spooled
from core.datasets import input_folder
from core.errors import BadData

TABLE = b"label,text\n" + b"ham,see you at the station\nspam,win a free phone\n" * 10
WORKBENCH = [sys.executable, "-m", "workbench"]


def test_the_same_input_is_the_same_file():
    path = spooled(io.BytesIO(TABLE))
    assert spooled(io.BytesIO(TABLE)) == path and path != spooled(io.BytesIO(TABLE + b"ham,other words\n"))
    assert path.read_bytes() == TABLE and len([*input_folder().iterdir()]) == 2
    assert read(path).n_rows == 20


def test_it_is_called_by_its_name_in_messages():
    with pytest.raises(BadData, match="^standard input is empty"):
        read(spooled(io.BytesIO(b"")))


def test_old_ones_are_removed_and_those_in_use_stay():
    old, new = spooled(io.BytesIO(b"old")), spooled(io.BytesIO(b"new"))
    left = input_folder() / ".arriving-1.1.tmp"
    left.touch()
    for path in (old, left):
        os.utime(path, (0, path.stat().st_mtime - KEPT - 60))
    spooled(io.BytesIO(TABLE))
    assert not old.exists() and not left.exists() and new.exists()


def test_a_terminal_gets_a_sentence():
    _, side = os.openpty()
    with os.fdopen(side, "rb") as terminal, pytest.raises(BadData, match="this terminal") as error:
        spooled(terminal)
    assert "Pipe a file" in error.value.do


def test_a_cache_that_cannot_be_written_gets_a_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(BadData, match="cannot be kept") as error:
        spooled(io.BytesIO(TABLE))
    assert "WORKBENCH_CACHE" in error.value.do


@pytest.mark.more
def test_data_reads_a_pipe():
    done = subprocess.run([*WORKBENCH, "data", "-"], input=TABLE, capture_output=True, timeout=100)
    assert done.returncode == 0 and b"20 rows, comma-separated" in done.stdout
    assert input_folder().is_dir()


@pytest.mark.more
def test_data_of_a_terminal_or_nothing_is_a_sentence():
    _, side = os.openpty()
    for stdin, words in ((side, b"this terminal"), (subprocess.DEVNULL, b"is empty")):
        done = subprocess.run([*WORKBENCH, "data", "-"], stdin=stdin, capture_output=True, timeout=100)
        assert done.returncode == 1 and words in done.stderr and b"Traceback" not in done.stderr
    os.close(side)
