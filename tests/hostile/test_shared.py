"""Machines and disks that are shared: others read no run, what they could have written is not believed, and a file
system without locks is found out before anything is made on it.
"""

import errno
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from cases import first
from core import files, locks
from core.errors import BadRun
from core.train.layout import layout
from core.train.store import HIDDEN, KeptStore

NO_LOCKS = Path(__file__).with_name("no_locks.py")
REFUSED = [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK]
x86_64 = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="the filter of system calls is written for it"
)
OTHERS = 0o077


def without(number, how, *argv):
    """A process to which the kernel refuses file locks."""
    command = [sys.executable, "-P", NO_LOCKS, number, how, *argv]
    return subprocess.Popen(
        list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@x86_64
@pytest.mark.parametrize("number", REFUSED)
@pytest.mark.more
def test_a_disk_without_locks_is_named_and_nothing_is_left_on_it(run, labelled, tmp_path, number):
    root = tmp_path / "no locks"
    made = without(number, "all", "workbench", "train", labelled(60), "--weights", "random", "--runs", root)
    _, said = made.communicate(timeout=90)
    assert made.returncode == 1 and "gives no file locks" in said and "--runs DIR" in said
    assert f"({locks.file_system(tmp_path)})" in said and "Traceback" not in said
    assert list(root.iterdir()) == []
    for argv, code, words in (
        (("runs", "--runs", run.path.parent), 0, run.name),
        (("resume", run.name, "--runs", run.path.parent), 1, "gives no file locks"),
    ):
        asked = without(number, "all", "workbench", *argv)
        told = "".join(asked.communicate(timeout=90))
        assert asked.returncode == code and words in told and "Traceback" not in told


HOLD = """
import sys
from pathlib import Path
from core import files
held = files.lock(Path(sys.argv[1]))
print(held is not None, files.locked(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@x86_64
def test_where_only_flock_is_missing_another_lock_keeps_two_apart(tmp_path):
    path = tmp_path / "lock"
    first = without(errno.ENOSYS, "flock", "-c", HOLD, path)
    assert first.stdout.readline() == "True True\n"
    second = without(errno.ENOSYS, "flock", "-c", HOLD, path)
    assert second.communicate(timeout=90)[0] == "False True\n"
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    third = without(errno.ENOSYS, "flock", "-c", HOLD, path)
    assert third.communicate(timeout=90)[0] == "True True\n"


@pytest.mark.parametrize("umask", first(1, [0o022, 0o000, 0o077]))
@pytest.mark.more
def test_nobody_else_reads_a_run(labelled, tmp_path, umask):
    command = [
        *(sys.executable, "-P", "-m", "workbench", "train", labelled(60), "--weights", "random"),
        *("--epochs", "1", "--runs", tmp_path / "runs", "--threads", "1"),
    ]
    done = subprocess.run(
        list(map(str, command)), check=False, capture_output=True, text=True, timeout=110, umask=umask
    )
    assert done.returncode == 0, done.stderr
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    found = {path: path.lstat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    assert len(found) > 10 and {path: oct(mode) for path, mode in found.items() if mode & OTHERS} == {}


def test_a_cache_that_others_could_write_is_made_again(tmp_path):
    lengths = np.full(6, 3)
    plan = layout(lengths, lengths, [np.arange(6)], None)

    def store():
        return KeptStore(tmp_path / "prefix" / "key", plan, 4, torch.float32)

    first = store()
    for chunk, at in enumerate(plan.chunks):
        first.put(chunk, torch.ones(at.stop - at.start, 4), 1.0)
    assert store().whole
    folder = tmp_path / "prefix" / "key"
    assert {path.lstat().st_mode & OTHERS for path in (folder.parent, folder)} == {0}
    folder.chmod(0o755)  # as former versions made it: others could only read
    assert store().whole and folder.stat().st_mode & OTHERS == 0
    folder.chmod(0o777)
    again = store()
    assert not again.done and folder.stat().st_mode & OTHERS == 0
    again.release()


def test_a_cache_of_another_user_is_not_read(tmp_path, monkeypatch):
    lengths = np.full(6, 3)
    plan = layout(lengths, lengths, [np.arange(6)], None)
    folder = tmp_path / "prefix" / "key"
    folder.mkdir(parents=True)
    (folder / HIDDEN).write_bytes(bytes(6 * 3 * 4 * 4))
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with pytest.raises(BadRun, match="belongs to another user"):
        KeptStore(folder, plan, 4, torch.float32)
    assert files.size(folder / HIDDEN) == 6 * 3 * 4 * 4
