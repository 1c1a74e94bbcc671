"""Runs that wait their turn, and the process that starts them: `python -P -m core.runs.queue ROOT`. No torch here.

A run waits where its folder holds the file `queued`, in the order of those files' times. One process at a time serves
a root: it holds a lock there, starts one run when no other is alive, and ends when nothing waits. A run that is
started otherwise goes first. Whoever queues a run starts that process where there is none; killed, it loses nothing,
because what waits stands in the folders.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from core import files, inside
from core.errors import BadRun
from core.runs import mark
from core.runs.events import Ended
from core.runs.folder import RunFolder
from core.runs.launch import LOCK_FD, launch_locked, lock, start_detached
from core.runs.log import EventLog
from core.runs.root import list_runs
from core.wording import ShownStream

LOCK, LOG = ".queue.lock", ".queue.log"  # under the root
POLL = 0.25  # seconds between two looks at a run that has to end first


class Turn(NamedTuple):
    """When a run that waits will start: its `place` in the queue, from 1; the run that it comes `after`, empty where
    it is next and no other runs; and whether the queue is `served`: without that, nothing starts it."""

    place: int
    after: str
    served: bool


def waiting(root: Path) -> list[RunFolder]:
    """The runs under a root that wait, the next one first."""
    return waiting_among(list_runs(root))


def waiting_among(runs: Sequence[RunFolder]) -> list[RunFolder]:
    """Those of some runs, given newest first, that wait, the next one first."""
    return [run for _, run in _since(runs)]


def _since(runs: Sequence[RunFolder]) -> list[tuple[int, RunFolder]]:
    """The runs among some that wait, the next one first, and since when, in nanoseconds."""
    found = []
    for run in reversed(runs):
        queued = files.stat_of(run.queued_file)  # none where a folder is, say, which nobody could ever take away
        if queued and not run.locked():  # else its worker is about to begin
            found.append((queued.st_mtime_ns, run))
    return sorted(found, key=lambda one: one[0])


def alive(root: Path) -> RunFolder | None:
    """The newest run under a root that a worker holds."""
    return next((run for run in list_runs(root) if run.locked()), None)


def served(root: Path) -> bool:
    """Whether a process starts what waits under a root."""
    return files.locked(root / LOCK)


def turn(run: RunFolder) -> Turn | None:
    """When a run will start; None where it does not wait."""
    root = run.path.parent
    return next((found for other, found in turns(root) if other.name == run.name), None)


def turns(root: Path) -> list[tuple[RunFolder, Turn]]:
    """The runs under a root that wait, the next one first, each with its turn."""
    runs = waiting(root)
    if not runs:
        return []
    busy = alive(root)
    after, is_served = ["", *(run.name for run in runs)], served(root)
    after[0] = busy.name if busy else ""
    return [(run, Turn(place, after[place - 1], is_served)) for place, run in enumerate(runs, 1)]


def add(run: RunFolder) -> Turn | None:
    """Let a run wait for its turn, at the end of the queue unless it waits already, and have the queue served.

    Returns its turn; None where that has come meanwhile. Raises BadRun where it is running, cannot be written, or came
    from elsewhere and nobody was asked.
    """
    _line_up(run.path.parent, [run])
    found = turn(run)
    start(run.path.parent)
    return found and found._replace(served=True)


def add_all(root: Path, runs: Iterable[RunFolder]) -> None:
    """Let runs under a root wait, in their order, and have the queue served. Raises BadRun as `add` does."""
    try:
        _line_up(root, runs)
    finally:
        start(root)  # those that wait already do not wait for one that cannot


def _line_up(root: Path, runs: Iterable[RunFolder]) -> None:
    _demand_own(root)
    last = max((since for since, _ in _since(list_runs(root))), default=0)
    for run in runs:
        mark.demand(run)
        fd = lock(run)
        try:
            with files.writing(run.path, f"{run.name} cannot be queued"):
                if not run.queued_file.exists():
                    files.write(run.queued_file, b"")
                    last = max(run.queued_file.lstat().st_mtime_ns, last + 1)  # whatever the clock has been set to
                    os.utime(run.queued_file, ns=(last, last))
        finally:
            os.close(fd)


def take_out(run: RunFolder) -> None:
    """Let a run wait no more; one that has never run is stopped then, others are what they were before.

    Raises BadRun where it is running already or cannot be written.
    """
    fd = lock(run)
    try:
        with files.writing(run.path, f"{run.name} cannot be taken out of the queue"):
            if run.queued_file.exists() and not run.events_file.exists():
                why = "It was taken out of the queue before it began."
                EventLog(run).last(Ended(state="stopped", why=why, do="resume starts it."))
            run.queued_file.unlink(missing_ok=True)
    finally:
        os.close(fd)


def start(root: Path) -> bool:
    """Have what waits under a root started by a process that outlives this one; False where nothing waits, or one is
    at it. Raises BadRun where that cannot be.
    """
    if not waiting(root):
        return False
    _demand_own(root)
    with files.writing(root, "The queue cannot be started"):
        fd = files.lock(root / LOCK)
        if fd is None:
            return False
        try:
            start_detached("core.runs.queue", root, root / LOG, fd, {})
        finally:
            os.close(fd)
    return True


def _demand_own(root: Path) -> None:
    for name in (LOCK, LOG):
        inside.demand_file(root / name, root, alone=True)


def main(root: Path) -> str:
    """Start what waits, one run after the other, until nothing does; returns what could not be started, and why."""
    inherited = os.environ.pop(LOCK_FD, None)
    held = int(inherited) if inherited else files.lock(root / LOCK)
    refused: dict[str, str] = {}
    while held is not None:
        _serve(root, refused)
        os.close(held)
        # a run that was queued in this moment has been left to this process
        held = files.lock(root / LOCK) if _next(root, refused) else None
    return "\n".join(refused.values())


def _next(root: Path, refused: dict[str, str]) -> RunFolder | None:
    return next((run for run in waiting(root) if run.name not in refused), None)


def _serve(root: Path, refused: dict[str, str]) -> None:
    while run := _next(root, refused):
        if busy := alive(root):
            while busy.locked():
                time.sleep(POLL)
            continue
        try:
            if worker := _launch(run):
                worker.wait()
        except BadRun as error:
            if not run.locked():  # by hand, it can have been started meanwhile
                _fail(run, error)
                refused[run.name] = str(error)


def _fail(run: RunFolder, error: BadRun) -> None:
    """Say in the run itself why it could not be started, where its folder takes that; it waits no more then."""
    with suppress(OSError, BadRun):
        EventLog(run).last(Ended(state="failed", why=error.what, do=error.do))
        run.queued_file.unlink(missing_ok=True)


def _launch(run: RunFolder) -> subprocess.Popen | None:
    fd = lock(run)
    if run.queued_file.exists():
        return launch_locked(run, fd)
    os.close(fd)  # taken out meanwhile
    return None


if __name__ == "__main__":
    sys.stderr = ShownStream(sys.stderr)
    try:
        sys.exit(main(Path(sys.argv[1])) or 0)
    except BadRun as error:
        sys.exit(str(error))
