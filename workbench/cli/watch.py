"""Waiting for a group of runs on the command line: one line says how far it is. Leaving it leaves the runs going."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core.errors import BadRun
from core.runs import queue
from core.runs.control import Stop
from core.runs.folder import RunFolder
from core.runs.records import Status
from core.wording import percent
from workbench.cli.interrupts import Interrupts
from workbench.cli.printing import say_on

POLL = 0.2  # seconds
ENDED = ("done", "stopped", "failed", "vanished", "damaged")


def watch(
    root: Path,
    runs: Sequence[RunFolder],
    line: "Line",
    interrupts: Interrupts,
    over: Callable[[RunFolder], bool] = lambda run: False,
) -> None:
    """Wait until none of the runs waits or runs, and have them served meanwhile.

    The first ctrl+c takes those that wait out of the queue and stops the one that runs, with a checkpoint; the second
    leaves at once. SIGTERM is the same, and a hang-up or a kill leaves the runs to the queue. `over` is asked of each
    run at every look, and stops it likewise where it says so.
    """
    pending, told = list(runs), set[str]()
    while pending:
        statuses = {run.name: run.status() for run in pending}
        for run in pending:
            if statuses[run.name].state in ENDED:
                line.ended(run, statuses[run.name])
        pending = [run for run in pending if statuses[run.name].state not in ENDED]
        _stop([run for run in pending if interrupts.count or over(run)], told)
        if pending and not interrupts.count and not queue.served(root):
            queue.start(root)
        line.draw(next((one for one in statuses.items() if one[1].alive), None))
        if pending:
            time.sleep(POLL)


def _stop(runs: Sequence[RunFolder], told: set[str]) -> None:
    """Take runs out of the queue before any of them can begin, and stop what has begun; `told` are names of those."""
    for run in runs:
        with suppress(BadRun):  # it has begun meanwhile: the next look stops it
            if run.queued_file.exists() and not run.locked():
                queue.take_out(run)
    for run in runs:
        if run.locked() and run.name not in told:
            run.send(Stop())
            told.add(run.name)


def tested(run: RunFolder, status: Status) -> str:
    """What a run that is done gets right on the test, or how else it has ended."""
    result = run.classifier_result() if status.state == "done" else None
    return percent(result.test.accuracy) if result else in_words(status)


def checked(run: RunFolder, status: Status) -> str:
    """What a run that is done gets right on validation, or how else it has ended."""
    result = run.classifier_result() if status.state == "done" else None
    return f"{percent(result.validation.accuracy)} of validation" if result else in_words(status)


def in_words(status: Status) -> str:
    """How a run has ended."""
    words = f"{status.why} {status.do}".strip()
    return words if words.lower().startswith(f"{status.state}.") else f"{status.state}. {words}".rstrip()


class Line(Progress):
    """How many runs have ended, and how far the one is that runs; in a pipe, a line for each that has ended.

    `words` are what is said of one that has ended.
    """

    def __init__(self, name: str, n_runs: int, words: Callable[[RunFolder, Status], str] = tested):
        console = Console(stderr=True, highlight=False)
        columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()
        at = TextColumn("{task.fields[words]}", markup=False)
        super().__init__(*columns, TimeElapsedColumn(), at, console=console, disable=not console.is_terminal)
        self._task = self.add_task(name, total=n_runs, words="")
        self._ended, self._n_runs, self._words = 0, n_runs, words

    def ended(self, run: RunFolder, status: Status) -> None:
        self._ended += 1
        if status.state != "done" or not self.console.is_terminal:
            say_on(self.console, f"{self._ended} of {self._n_runs}  {run.name}  {self._words(run, status)}")

    def draw(self, running: tuple[str, Status] | None) -> None:
        words = ""
        if running:
            name, status = running
            words = f"{name} step {status.step:,} of {status.n_steps:,}" if status.n_steps else f"{name} {status.state}"
        self.update(self._task, completed=self._ended, words=words)
