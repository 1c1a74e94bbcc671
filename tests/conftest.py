"""Tests keep nothing in the user's folders; and how many workers they killed that came to a good end all the same."""

import functools
import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# as many test processes as cores run beside one another: threads of each that wait by spinning would slow all of them
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# what is started from here hears a terminal close, also where this was started with nohup
signal.signal(signal.SIGHUP, signal.SIG_DFL)

execute = subprocess._fork_exec


@pytest.fixture(scope="session", autouse=True)
def forkserver():
    """A function that gives the process which forks the program's own ones, as forkserver.py says."""
    if sys.platform != "linux":
        yield lambda: None
        return
    spec = importlib.util.spec_from_file_location("forkserver", Path(__file__).with_name("forkserver.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    forkserver = functools.cache(module.ForkServer.start)
    with module.forking(forkserver):
        yield forkserver


@pytest.fixture
def executed(monkeypatch):
    """The program's processes begin with a new interpreter: for tests of what happens then."""
    monkeypatch.setattr(subprocess, "_fork_exec", execute)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """What can be computed again goes into a folder of the test; its child processes inherit that."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))


DEADLINE = 90  # seconds; waiting ends as soon as what is waited for is there


@pytest.fixture
def wait():
    """A function that waits until a condition holds, while a process lives, and gives what the condition gave."""

    def wait(condition, process=None):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if found := condition():
                return found
            assert process is None or process.poll() is None, "the worker ended early"
            time.sleep(0.005)
        raise AssertionError("waited in vain")

    return wait


GOOD = "meet lunch home thanks later train book tea see you at the call mum soon ok love".split()
BAD = "free prize win cash claim urgent offer txt now guaranteed bonus click award".split()


@pytest.fixture
def labelled(tmp_path):
    """A function that writes a file of so many short labelled texts that a small model can learn; gives its path."""

    def write(n):
        rng, path, lines = random.Random(5), tmp_path / "messages.tsv", []
        for i in range(n):
            label, words = ("spam", BAD) if i % 3 == 0 else ("ham", GOOD)
            lines.append(f"{label}\t{' '.join(rng.choices(words, k=rng.randint(2, 9)))} {i}\n")
        path.write_text("".join(lines))
        return path

    return write


def pytest_terminal_summary(terminalreporter):
    passed = terminalreporter.stats.get("passed", [])
    kills = sum(
        value for report in passed if report.when == "call" for name, value in report.user_properties if name == "kills"
    )
    if kills:
        terminalreporter.line(f"{kills} kills survived")
