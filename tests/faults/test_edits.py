"""Killed while rows are mended, at every step that it takes on disk: no edit that was confirmed is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.recipe_data import Data
from core.runs import edits

# mends one row after the other, says so, and dies at the n-th step that it takes in the folder of the edits
MENDING = """
import os, signal, sys
from pathlib import Path
from core.recipe_data import Data
from core.runs import edits
from core.runs.edits import Edit

folder, kill_at, n_edits = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
points = 0

def reach():
    global points
    points += 1
    if points == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

def audit(event, args):
    if event in ("os.rename", "os.remove", "os.mkdir", "os.chmod") and str(args[0]).startswith(str(folder)):
        reach()
    if event == "open" and str(args[0]).startswith(str(folder)) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        reach()

fsync = os.fsync
def watched(fd):
    reach()
    fsync(fd)

data = Data(path=str(folder / "mails.csv"))
file = edits.file_of(folder, data)
os.fsync = watched
sys.addaudithook(audit)
for i in range(n_edits):
    edits.add(file, data, Edit.of(f"text {i}", "ham", "spam"))
    print(i, flush=True)
edits.undo(file, data)
print("undone", flush=True)
edits.redo(file, data)
print("redone", flush=True)
print("points", points, flush=True)
"""
N_EDITS = 3


def mended(folder: Path, kill_at: int) -> tuple[int, list[str]]:
    """How it ended, and what it had confirmed by then."""
    command = [sys.executable, "-c", MENDING, str(folder), str(kill_at), str(N_EDITS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout.split("\n")[:-1]


def states(said: list[str]) -> set[tuple[int, int]]:
    """Edits and undone ones that may be on disk after so much was confirmed: so many, or the next step already."""
    order = [(0, 0), *((i + 1, 0) for i in range(N_EDITS)), (N_EDITS - 1, 1), (N_EDITS, 0)]
    return set(order[len(said) : len(said) + 2])


def check(folder: Path, kill_at: int) -> None:
    code, said = mended(folder, kill_at)
    assert code == -9, said
    data = Data(path=str(folder / "mails.csv"))
    file = edits.file_of(folder, data)
    known = edits.read(file)
    assert (len(known.edits) if known else 0, len(known.undone) if known else 0) in states(said)
    if known:
        assert [edit.begins for edit in known.edits] == [f"text {i}" for i in range(len(known.edits))]
    made = edits.add(
        file, data, edits.Edit.of("afterwards", "ham", None)
    )  # what was left lying does not stand in the way
    assert made.edits[-1].begins == "afterwards"


@pytest.fixture(scope="module")
def points(tmp_path_factory) -> int:
    code, said = mended(tmp_path_factory.mktemp("whole"), 0)
    assert code == 0 and said[-1].startswith("points ")
    return int(said[-1].split()[1])


def test_killed_at_some_points_of_mending(points, tmp_path):
    assert points > 5 * N_EDITS
    for kill_at in sorted({1, points // 3, points // 2, points - 1, points}):
        (tmp_path / str(kill_at)).mkdir()
        check(tmp_path / str(kill_at), kill_at)


@pytest.mark.more
@pytest.mark.timeout(600)
def test_killed_at_every_point_of_mending(points, tmp_path):
    for kill_at in range(1, points + 1):
        (tmp_path / str(kill_at)).mkdir()
        check(tmp_path / str(kill_at), kill_at)
