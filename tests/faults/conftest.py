"""Workers by the hundred, what a run must hold after one was killed, and when two runs came to the same."""

import csv
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.data import batches
from core.evaluate.predict import open_predictor
from core.options import merge
from core.recipe import load
from core.runs.events import Checkpointed, Ended
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.launch import SENT_BEFORE
from core.runs.log import EventLog
from core.runs.root import create_run
from core.train import checkpoint
from core.worker.control_file import FileControlSource
from core.worker.process import work
from small import small

DEADLINE = 90  # seconds
TINY = GPT2Architecture(2, 32, 2, 64, 8192)  # as in trial.py
TRIAL = str(Path(__file__).with_name("trial.py"))


class Worker:
    """One worker."""

    def __init__(self, process: subprocess.Popen):
        self._process = process

    @property
    def code(self) -> int | None:
        return self._process.returncode

    def wait(self, seconds: float = DEADLINE) -> int | None:
        """Its exit code, -9 where it was killed; None where it still lives after so long."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.code

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> bool:
        """SIGKILL; whether it came before the end."""
        self._process.kill()
        return self.wait() == -signal.SIGKILL


class Forks:
    """Starts workers as trial.py wants them."""

    def start(self, run: RunFolder, kill_at: int = 0, trace: Path | None = None, hub: dict | None = None) -> Worker:
        """A worker for a run, to be killed at one of its points, or to write down their names; `hub` as in trial.py."""
        trial = {"kill_at": kill_at, "trace": str(trace or ""), "hub": hub}
        sent = run.control_file.stat().st_size if run.control_file.exists() else 0
        with open(run.log_file, "ab") as log:
            return Worker(
                subprocess.Popen(
                    [sys.executable, "-P", "-m", "core.worker", str(run.path)],
                    cwd=run.path,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    env=os.environ | {"RUN_BEFORE": TRIAL, "TRIAL": json.dumps(trial), SENT_BEFORE: str(sent)},
                )
            )

    def finish(self, run: RunFolder, **trial) -> RunFolder:
        assert self.start(run, **trial).wait() == 0, run.log_file.read_text()
        return run


@pytest.fixture
def forks(forkserver):
    if forkserver() is None:  # now, so that how long a run takes can be measured
        pytest.skip("no process that forks others can begin here: hundreds of workers would take hours")
    return Forks()


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """In this process too, nano and its batches are as small as in the workers."""
    monkeypatch.setattr(batches, "FULL", 128)
    monkeypatch.setitem(MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=TINY))


@pytest.fixture
def killed(request):
    """A function to call for each kill that did no harm; the session's last lines say how many there were."""
    return lambda: request.node.user_properties.append(("kills", 1))


@pytest.fixture
def messages(labelled):
    return labelled(48)


@pytest.fixture
def new_run(tmp_path, messages):
    """A function that makes a run of the small recipe, changed by the given layer."""

    def make(**changes):
        usual = small(messages, epochs=3, accumulate=2, eval_every=3, eval_batches=1, checkpoint_seconds=60)
        return create_run(tmp_path / "runs", load(merge(usual, changes)))

    return make


def events(run, kind=object):
    return [event for event in run.events()[0] if isinstance(event, kind)]


def whole(folder: Path) -> None:
    """Raises BadRun where a checkpoint is not what was written."""
    for name in (checkpoint.WEIGHTS, checkpoint.OPTIMIZER, checkpoint.STATE):
        checkpoint.verify(folder, name)


def nothing_lost(run: RunFolder) -> None:
    """After a kill: it shows as vanished, and what was reported as saved is there, or something whole from later."""
    status, said = run.status(), events(run)
    assert status.state == "vanished" or isinstance(said[-1], Ended), status
    saved = [event for event in said if isinstance(event, Checkpointed)]
    for pointer, reported in (("last", saved), ("best", [event for event in saved if event.best])):
        if reported:
            assert int((run.checkpoints / pointer).read_text()) >= reported[-1].step
        if (run.checkpoints / pointer).exists():
            whole(run.checkpoint(pointer))
    if (run.checkpoints / "last").exists() and not run.pretrains:
        answer = open_predictor(run)
        assert answer.predict(["free prize"])[0].label in ("ham", "spam")


def curves(run: RunFolder) -> dict:
    """What a run's log tells a viewer."""
    assert run.status().state == "done", run.status()
    history = History()
    for event in events(run):
        history.apply(event)
    assert len(history.losses) == history.step == run.status().step
    found = {"losses": history.losses, "rates": history.rates}
    # an attempt that goes on in the midst of a step's evaluation repeats it
    found["evaluations"] = {
        (split, point.step, point.whole): point for split, points in history.evaluations.items() for point in points
    }
    # between evaluations, how far the weights have moved is measured when there is time for that
    evaluated = {step for _, step, _ in found["evaluations"]}
    found["changes"] = {change.step: change.parts for change in history.changes if change.step in evaluated}
    assert found["changes"] or not history.changes
    return found


def outcome(run: RunFolder, logged: bool = True) -> dict:
    """All that a run came to, but for when, where and how fast."""
    found = curves(run) if logged else {}
    drop = {"run", "name", "seconds", "cache", "model"} | (set() if logged else {"changes"})  # which come from the log
    found["result"] = {key: value for key, value in msgspec.to_builtins(run.result()).items() if key not in drop}
    for baseline in found["result"].get("test", {}).get("baselines", {}).values():
        del baseline["seconds"]
    for pointer in ("best", "last"):
        if (run.checkpoints / pointer).exists():
            folder = run.checkpoint(pointer)
            whole(folder)
            sums = json.loads((folder / checkpoint.MANIFEST).read_text())
            del sums["sha256"][checkpoint.STATE], sums["made_of"]
            state = msgspec.json.decode(checkpoint.read_state(folder))
            # a whole run that is given every change beforehand knows at an early checkpoint those that come after it
            aside = {"seconds"} if logged else {"seconds", "told"}
            found[pointer] = sums, {key: value for key, value in state.items() if key not in aside}
    if run.predictions_file.exists():
        with open(run.predictions_file, newline="") as file:
            found["predictions"] = list(csv.reader(file))
    if run.margins_file.exists():
        found["margins"] = run.margins_file.read_text()
    assert not [*run.path.rglob("*.tmp")]
    left = {path.name for path in run.checkpoints.iterdir()}
    assert left <= {"best", "last", *(str(found[p][0]["step"]) for p in ("best", "last") if p in found)}, left
    return found


def copy(run: RunFolder, name: str) -> RunFolder:
    """The same run once more, in a folder beside it."""
    return RunFolder(shutil.copytree(run.path, run.path.with_name(name)))


class Died(BaseException):
    """What a test raises where an attempt in its own process is to be lost."""


def live(run: RunFolder, saw) -> None:
    """An attempt in this process; `saw(event, orders)` sees what it has written, may tell it things or raise Died."""

    class StepRecorder(EventLog):
        def write(self, event, sync=False):
            super().write(event, sync)
            saw(event, control_source)

    log = StepRecorder(run)
    control_source = FileControlSource(run, log)
    with suppress(Died):
        log.last(work(run, log, control_source))


@pytest.fixture
def watch():
    """The functions above."""
    return SimpleNamespace(
        lost=nothing_lost, outcome=outcome, events=events, whole=whole, copy=copy, live=live, Died=Died
    )
