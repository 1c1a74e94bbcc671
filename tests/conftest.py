"""Tests keep nothing in the user's folders; and how many workers they killed that came to a good end all the same."""

import os
import signal

import pytest

# as many test processes as cores run beside one another: threads of each that wait by spinning would slow all of them
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# what is started from here hears a terminal close, also where this was started with nohup
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    """What can be computed again goes into a folder of the test; its child processes inherit that."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))


def pytest_terminal_summary(terminalreporter):
    passed = terminalreporter.stats.get("passed", [])
    kills = sum(value for report in passed if report.when == "call" for name, value in report.user_properties if name == "kills")
    if kills:
        terminalreporter.line(f"{kills} kills survived")
