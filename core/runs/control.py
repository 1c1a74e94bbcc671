"""Controls, which a run obeys while it runs: lines in control.jsonl, each answered by an Applied event."""

import os
from collections.abc import Callable, Iterable
from functools import reduce
from pathlib import Path
from typing import NamedTuple

import msgspec

from core import files
from core.options import MOST_EPOCHS
from core.runs import events as e
from core.wording import plural, rate


class Stop(msgspec.Struct, frozen=True, tag="stop", tag_field="type"):
    """Stop at the next batch with a checkpoint; everything is kept."""


class Pause(msgspec.Struct, frozen=True, tag="pause", tag_field="type"):
    """Stand still before the next step, with a checkpoint, until a `Continue`."""


class Continue(msgspec.Struct, frozen=True, tag="resume", tag_field="type"):
    """Go on after a pause."""


class Step(msgspec.Struct, frozen=True, tag="step", tag_field="type"):
    """Take so many optimizer steps, then pause."""

    n: int = 1


class Save(msgspec.Struct, frozen=True, tag="save", tag_field="type"):
    """Save a checkpoint before the next step."""


class Evaluate(msgspec.Struct, frozen=True, tag="evaluate", tag_field="type"):
    """Evaluate before the next step. What is best so far, and when to stop early, stay as they are."""


class Rates(msgspec.Struct, frozen=True, tag="rates", tag_field="type"):
    """Learn at these full rates from the next step on; the schedule's share of them still applies. None: as before."""

    lr: float | None = None
    head_lr: float | None = None


class SetTrainable(msgspec.Struct, frozen=True, tag="learn", tag_field="type"):
    """Train exactly these parts from the next step on, named as in `freeze.trainable`; gradual unfreezing ends."""

    trainable: str


class Epochs(msgspec.Struct, frozen=True, tag="epochs", tag_field="type"):
    """Learn for so many epochs in all. Of the steps to come, only their learning rates change."""

    epochs: float


Change = Rates | SetTrainable | Epochs  # a resumed run applies these again, at the step of their first application
Control = Stop | Pause | Continue | Step | Save | Evaluate | Change


def parsed(control: dict) -> Control | None:
    """A control as it stands in an event; None where this version knows none like it."""
    try:
        return msgspec.convert(control, Control)
    except msgspec.ValidationError:
        return None


def change_of(control: dict) -> Change | None:
    """A change as it stands in an event; None for another control, or where this version knows none like it."""
    return found if isinstance(found := parsed(control), Change) else None


class Settings(NamedTuple):
    """The options that a control can change. None: as the recipe has it."""

    lr: float | None = None
    head_lr: float | None = None
    epochs: float | None = None
    trainable: str | None = None

    def changed_by(self, change: Change) -> "Settings":
        """These settings after a change."""
        given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not None}
        return self._replace(**given)

    def at(self, step: int, changes: Iterable[tuple[int, Change]]) -> "Settings":
        """These settings after `step` steps, given changes with their steps, in the order in which they were received.

        What was received later counts, even where a resumed run received it at an earlier step.
        """
        due = (change for at, change in changes if at <= step)
        return reduce(Settings.changed_by, due, self)


class Command(NamedTuple):
    """What a person can type to control a run.

    `help` says what the run does then; `argument` stands for what follows the word, in brackets where it may be left
    out: N and X are numbers, PARTS are parts of the model. `control` makes the message of the number, or of the plan
    that holds and the parts that are named; `answered_by` is the event that says that it has been done, where there is
    one beside the answer itself.
    """

    help: str
    control: Callable[..., Control]
    argument: str = ""
    answered_by: type[e.Event] | None = None


COMMANDS = {
    "pause": Command("Pause before the next step, with a checkpoint", Pause, answered_by=e.Paused),
    "resume": Command("Go on after a pause", Continue, answered_by=e.Continued),
    "step": Command("Take one step, then pause", lambda n="1": Step(int(n)), "[N]", e.Paused),
    "stop": Command("Stop at the next batch, with a checkpoint", Stop, answered_by=e.Ended),
    "save": Command("Save a checkpoint now", Save, answered_by=e.Checkpointed),
    "evaluate": Command("Evaluate on all of validation now", Evaluate, answered_by=e.Evaluated),
    "lr": Command("Learn at this rate from the next step on", lambda x: Rates(lr=float(x)), "X"),
    "head-lr": Command("Learn at this rate in the head", lambda x: Rates(head_lr=float(x)), "X"),
    "epochs": Command("Learn for so many epochs in all", lambda n: Epochs(float(n)), "N"),
    "learn": Command("Let exactly these parts learn", lambda plan, named: SetTrainable(str(named)), "PARTS"),
    "thaw": Command(
        "Let these parts learn too", lambda plan, named: SetTrainable(str(plan.with_parts(named.parts))), "PARTS"
    ),
    "freeze": Command("Freeze these parts", lambda plan, named: SetTrainable(str(plan.without(named.parts))), "PARTS"),
}


def wrong(control: Control) -> str | None:
    """Why no run could obey; None where one could."""
    match control:
        case Step(n=n) if n < 1:
            return "it takes at least one step"
        case Rates(lr=None, head_lr=None):
            return "no learning rate was named"
        case Rates() if not all(rate is None or 0 < rate < 1 for rate in (control.lr, control.head_lr)):
            return "a learning rate is above 0 and below 1"
        case Epochs(epochs=epochs) if not 0 < epochs <= MOST_EPOCHS:
            return f"epochs lie between 0 and {MOST_EPOCHS:,}"
    return None


def in_words(control: Control) -> str:
    """What it tells a run to do; of a change, what it is changed to."""
    match control:
        case Continue():
            return "go on"
        case Step(n=n):
            return f"take {plural(n, 'step')}"
        case Save():
            return "save a checkpoint"
        case Rates():
            named = {"lr": control.lr, "head lr": control.head_lr}
            return ", ".join(f"{name} {rate(value)}" for name, value in named.items() if value is not None)
        case SetTrainable(trainable=trainable):
            return f"{trainable.replace('_', ' ').replace(',', ', ') or 'nothing'} learning"
        case Epochs(epochs=epochs):
            return f"{epochs:g} epoch{'s' * (epochs != 1)}"
    return msgspec.to_builtins(control)["type"]


class Line(msgspec.Struct):
    id: str
    control: Control


def append(path: Path, line: Line) -> None:
    """Append a line, flushed to disk. Raises OSError where that fails, BadRun where it is no file of its own."""
    with files.appending(path) as file:
        files.append(file, msgspec.json.encode(line) + b"\n")
        os.fsync(file.fileno())


class Inbox:
    """The worker's end of control.jsonl: cheap to poll between batches."""

    def __init__(self, path: Path):
        self._path, self._offset = path, 0

    def before(self, offset: int) -> list[Line]:
        """The lines of the first `offset` bytes, which `poll` then passes over."""
        data = b""
        if offset:
            with files.reading(self._path, self._path.parent) as file:
                data = file.read(offset)
        self._offset = len(data)
        return _lines(data)

    def poll(self) -> list[Line]:
        """Lines that have arrived since the last poll; a line still being written is left for the next."""
        data = files.lines_after(self._path, self._offset)
        self._offset += len(data)
        return _lines(data)


def _lines(data: bytes) -> list[Line]:
    lines = []
    for raw in data.splitlines():
        try:
            lines.append(msgspec.json.decode(raw, type=Line))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue  # not a control this version knows; nobody waits for an answer to a torn line
    return lines
