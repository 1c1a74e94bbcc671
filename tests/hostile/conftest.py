"""Runs in whose folders something lies that the program has not put there, and what must not have changed."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.recipe import load
from core.runs.root import create_run

DEADLINE = 90  # seconds


@pytest.fixture
def run(tmp_path, labelled):
    """A run that waits to be taken up, alone under its root."""
    small = {
        "data": {"path": str(labelled(60))},
        "model": {"weights": "random"},
        "train": {"epochs": 1},
        "speed": {"threads": 1, "device": "cpu", "precision": "fp32"},
    }
    return create_run(tmp_path / "runs", load(small))


@pytest.fixture
def elsewhere(tmp_path):
    """A folder of the person's own, with what must stay; some of it has names that the program gives, too."""
    folder = tmp_path / "elsewhere"
    for name in ("photos", "7", ".7.tmp", ".7.old"):
        (folder / name).mkdir(parents=True)
        (folder / name / "kept").write_text("kept")
    for name in ("notes", ".notes.77.tmp"):
        (folder / name).write_text("kept")
    (folder / "last").write_text("9")
    return folder


@pytest.fixture
def seen():
    """A function that gives all that lies under a folder, without following a link."""

    def seen(folder: Path) -> dict:
        found = {}
        for path in sorted(folder.rglob("*")):
            entry = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found[str(path.relative_to(folder))] = entry.st_mode, entry.st_size, entry.st_mtime_ns, content
        return found

    return seen


@pytest.fixture
def program():
    """A function that runs one of the program's modules to its end."""

    def program(module: str, *argv: object) -> subprocess.CompletedProcess:
        command = [sys.executable, "-P", "-m", module, *map(str, argv)]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE)

    return program


@pytest.fixture
def in_terminal() -> Callable:
    """A function that runs `workbench ...` in a real pseudo-terminal."""
    spec = importlib.util.spec_from_file_location("terminal", Path(__file__).parents[1] / "workbench" / "terminal.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Terminal
