"""Commands on a folder of runs, in this process and in others, which can be killed with all that they started."""

import signal
import subprocess
import sys

import psutil
import pytest

from core.runs import queue
from workbench.cli import main


@pytest.fixture
def root(tmp_path, wait):
    """The folder of runs, whose queue has ended when the test has."""
    yield tmp_path / "runs"
    for run in queue.waiting(tmp_path / "runs"):
        queue.take_out(run)
    wait(lambda: not queue.served(tmp_path / "runs"))


@pytest.fixture
def said(root, capsys):
    """A command on these runs: its exit code, what it printed, and what it complained of."""

    def run(*argv):
        try:
            code = main.main([*map(str, argv), "--runs", str(root)])
        except SystemExit as exit:  # of an argument that is none
            code = exit.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def start():
    """A function that starts a command in a process of its own."""

    def start(*argv):
        command = [sys.executable, "-m", "workbench", *map(str, argv)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return start


@pytest.fixture
def kill_all(wait):
    """A function that kills a command, and what is at work in a folder of runs."""

    def kill_all(command, runs):
        command.kill()
        for process in psutil.process_iter():
            try:
                cwd = process.cwd()
            except psutil.Error:
                continue
            if cwd.startswith(str(runs)):
                process.send_signal(signal.SIGKILL)
        command.wait()
        wait(lambda: not queue.served(runs) and not queue.alive(runs))

    return kill_all
