"""One run on disk: what is in its folder, and what state it is in."""

import os
import re
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from core import files, inside, memory, toml
from core import recipe as recipes
from core.architectures.models import BASE_WEIGHTS, CONFIG, TOKENIZER, TOKENS
from core.errors import BadRecipe, BadRun
from core.pretraining import Pretraining
from core.runs import control
from core.runs.events import Continued, Ended, Event, Paused, Planned, Resumed, Started, Steps, decode
from core.runs.result import ClassifierResult, LanguageResult, NoResult, result_of

State = Literal["queued", "starting", "running", "paused", "done", "stopped", "failed", "vanished"]
Kind = TypeVar("Kind")
NEARLY = 0.8  # of the memory that there is: more than this is as good as all of it
POINTERS = "last", "best"
STEP = re.compile(r"[0-9]{1,15}")
CHECKPOINT = re.compile(rf"{STEP.pattern}|\.{STEP.pattern}\.old")  # a checkpoint's folder, which nothing else names
TAIL = 1 << 16  # bytes; the last events of a run stand in here


class Status(msgspec.Struct, frozen=True):
    """`why` and `do` say what ended the run; `quiet` is seconds since the worker last showed life."""

    state: State
    step: int = 0
    n_steps: int = 0
    why: str = ""
    do: str = ""
    quiet: float = 0.0

    @property
    def alive(self) -> bool:
        return self.state in ("starting", "running", "paused")

    @property
    def ended_early(self) -> bool:
        return self.state in ("stopped", "failed", "vanished")


class Label(msgspec.Struct, frozen=True):
    """What a person calls a run, and a note on it. The run's folder names it all the same."""

    name: str = ""
    note: str = ""

    @classmethod
    def of(cls, name: str, note: str) -> "Label":
        """Each on one line, without what a terminal would act on or no file can hold."""
        return cls(*("".join(c for c in " ".join(words.split()) if c.isprintable()) for words in (name, note)))


class RunFolder:
    """A run's folder. Reading it never changes it.

    Once it is launched, all but `control.jsonl`, `label.json` and `queued` is the worker's.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        self.recipe_file = self.path / "recipe.toml"
        self.pretraining_file = self.path / "pretraining.toml"  # in place of a recipe, in a run that pretrains a model
        self.text_folder = self.path / "text"  # what such a run learns from
        self.model_folder = self.path / "model"  # and what it makes
        self.events_file = self.path / "events.jsonl"
        self.control_file = self.path / "control.jsonl"
        self.config_file = self.path / CONFIG  # of a model that this program does not know by name
        self.tokens_file = self.path / TOKENS  # of a model that GPT-2's tokenizer is not for
        self.tokenizer_file = self.path / TOKENIZER  # of a model that says itself how it reads a text
        self.data_file = self.path / "data.jsonl.gz"
        self.split_file = self.path / "split.csv"
        self.base_file = self.path / "base.json"
        self.baselines_file = self.path / "baselines.json"
        self.predictions_file = self.path / "predictions.csv"
        self.result_file = self.path / "result.json"
        self.label_file = self.path / "label.json"
        self.log_file = self.path / "worker.log"
        self.queued_file = self.path / "queued"  # its time of change is the run's place in the queue
        self.lock_file = self.path / "lock"
        self.heartbeat_file = self.path / "heartbeat"
        self.reserve_file = self.path / "reserve"  # room on the disk for the last event
        self.weights_file = self.path / BASE_WEIGHTS  # what it starts from; it is only read, and may have other names
        self.mark_file = self.path / "mark"  # by which a folder that did not grow here is told from others
        self.checkpoints = self.path / "checkpoints"

    @property
    def name(self) -> str:
        return self.path.name

    def demand_sound(self) -> None:
        """Raises BadRun where a link, a pipe, a device or a folder lies in place of a file of the run's, or anything
        else in place of a folder of its. It changes nothing.
        """
        folders = {path.name for path in (self.checkpoints, self.text_folder, self.model_folder)}
        named = {path.name for name, path in vars(self).items() if name.endswith("_file")}
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name in folders and not entry.is_dir(follow_symlinks=False):
                    inside.demand_folder(self.path / entry.name)
                if entry.name in named and not entry.is_file(follow_symlinks=False):
                    inside.demand_file(self.path / entry.name, self.path)
        for name in POINTERS:
            inside.demand_file(self.checkpoints / name, self.path)

    def demand_own(self) -> None:
        """Raises BadRun where what a worker writes to, or deletes in, lies elsewhere. It changes nothing."""
        self.demand_sound()
        # these are written where they lie, all others are replaced
        for file in (self.events_file, self.control_file, self.log_file, self.lock_file, self.heartbeat_file):
            inside.demand_file(file, self.path, alone=True)

    def recipe(self) -> recipes.Recipe:
        """Raises BadRun where this is no run folder, or its recipe cannot be read."""
        if self.pretrains:
            raise BadRun(f"{self.name} pretrains a language model: it is no classifier.", self.fine_tune)
        if not inside.holds(self.recipe_file, self.path):
            raise BadRun(f"{self.path} is not a run: it holds no recipe.toml.", "workbench runs lists the runs.")
        home = self.path if inside.holds(self.config_file, self.path) else None
        return self._read(partial(recipes.load, home=home), self.recipe_file)

    @property
    def pretrains(self) -> bool:
        """Whether this run makes a language model, not a classifier."""
        return self.pretraining_file.is_file()

    def pretraining(self) -> Pretraining:
        """The recipe of a run that pretrains. Raises BadRun where it cannot be read."""
        return self._read(Pretraining.of, self.pretraining_file)

    @property
    def fine_tune(self) -> str:
        """What to do with the model that this run pretrains."""
        model = self.pretraining().model.name
        return f"Fine-tune it: workbench train FILE --model {model} --weights {self.model_folder}"

    def _read(self, made: Callable[[dict], Kind], file: Path) -> Kind:
        try:
            return made(toml.read(file, self.path))
        except BadRecipe as error:
            raise BadRun(
                f"The recipe of {self.name} cannot be read: {error}", "Put it back as it was, or train a new run."
            ) from error

    def events(self, offset: int = 0) -> tuple[list[Event], int]:
        """The events of the whole lines after `offset` (bytes), and the offset to ask from next."""
        lines = files.lines_after(self.events_file, offset)
        return list(decode(lines)), offset + len(lines)

    def locked(self) -> bool:
        """Whether a worker holds this run."""
        return files.locked(self.lock_file)

    def status(self) -> Status:
        """What the run is doing, from its lock and the end of its log."""
        # its place in the queue before the lock, which whoever starts it takes before that place is given up; the
        # lock before the log: a worker writes its last event before it lets go
        queued, locked = self.queued_file.exists(), self.locked()
        step = n_steps = held = 0
        ended: Ended | None = None
        paused = False
        for event in self.tail():
            step = event.step
            match event:
                case Started() | Planned():
                    n_steps, ended = event.n_steps, None
                case Steps():
                    n_steps, held = event.n_steps or n_steps, event.rss
                case Paused():
                    paused = True
                case Continued():
                    paused = False
                case Resumed():
                    ended, paused = None, False
                case Ended():
                    ended, paused = event, False
        n_steps = n_steps or self._started()
        if locked:
            state: State = "paused" if paused else "running" if n_steps else "starting"
            beat = files.modified_at(self.heartbeat_file)
            return Status(state, step, n_steps, quiet=max(0.0, time.time() - beat) if beat else 0.0)
        try:
            self.demand_sound()
        except BadRun as error:
            return Status("failed", step, n_steps, error.what.removeprefix(f"{self.path}/"), error.do)
        if queued:
            return Status("queued", step, n_steps, "It waits in the queue.")
        if ended:
            return Status(ended.state, step, n_steps, ended.why, ended.do)
        if not self.recipe_file.is_file() and not self.pretrains:
            return Status("failed", why="The folder is half written: it holds no recipe.", do="It can be deleted.")
        why = f"The worker ended at step {step} without a word." if step else "The worker ended before its first step."
        return Status("vanished", step, n_steps, why + _why_silent(self.path, held), "resume takes it up again.")

    def tail(self) -> list[Event]:
        """The last events: one at least, where the log holds any."""
        size, window = files.size(self.events_file), TAIL
        while not (found := self.events(max(0, size - window))[0]) and window < size:
            window *= 2  # a result of many labels is a long line
        return found

    def _started(self) -> int:
        """Steps that the run will take, from the head of its log: 0 while that is not known."""
        try:
            with files.reading(self.events_file, self.path) as file:
                line = next((line for line in file if line.startswith(b'{"type":"started"')), b"")
        except (FileNotFoundError, BadRun):
            return 0
        return next((event.n_steps for event in decode(line) if isinstance(event, Started)), 0)

    def saved_step(self) -> int:
        """The step of the last checkpoint, from which a resumed run goes on; 0 before there is one. Raises BadRun."""
        return int(self.pointed("last") or 0)

    def pointed(self, name: str) -> str | None:
        """The step that a pointer names; None where there is no such pointer. Raises BadRun where it is damaged."""
        pointer = self.checkpoints / name
        try:
            with files.reading(pointer, self.path) as file:
                step = file.read(32).strip().decode(errors="replace")  # more is no step
        except FileNotFoundError:
            return None
        if not STEP.fullmatch(step):
            raise BadRun(f"{pointer} is damaged.", "Train again from the recipe.")
        return step

    def result(self) -> ClassifierResult | LanguageResult | None:
        """What a finished run ended with; None where it has not, or that cannot be read."""
        try:
            found = result_of(msgspec.json.decode(files.content(self.result_file, self.path)))
        except (FileNotFoundError, BadRun, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return None if isinstance(found, NoResult) else found

    def classifier_result(self) -> ClassifierResult | None:
        """The result of fine-tuning; None where there is none yet, or the run pretrains."""
        found = self.result()
        return found if isinstance(found, ClassifierResult) else None

    def label(self) -> Label:
        """Its name and note; empty where it has none that can be read."""
        try:
            found = msgspec.json.decode(files.content(self.label_file, self.path), type=Label)
        except (OSError, BadRun, msgspec.DecodeError, UnicodeDecodeError):
            return Label()
        return Label.of(found.name, found.note)

    def name_it(self, label: Label) -> None:
        """Keep its name and note. Raises BadRun where the folder cannot be written."""
        with files.writing(self.path, f"{self.name} cannot be named"):
            files.write(self.label_file, msgspec.json.encode(label))

    def send(self, what: control.Control) -> str:
        """Append a control line; returns its id, which the Applied event that answers it carries.

        Raises BadRun where the folder cannot be written, or the file is none of its own.
        """
        line = control.Line(uuid.uuid4().hex[:12], what)
        with files.writing(self.path, f"{self.name} cannot be told anything"):
            control.append(self.control_file, line)
        return line.id

    def checkpoint(self, name: str = "last") -> Path:
        """The folder of a checkpoint: `last`, `best`, or a step. Raises BadRun where there is none."""
        step = (self.pointed(name) if name in POINTERS else name) or ""
        folder = self.checkpoints / step
        known = CHECKPOINT.fullmatch(step) is not None
        if known and not folder.exists():  # killed in the moment between an old one's going and its successor's coming
            folder = self.checkpoints / f".{step}.old"
        if not known or not inside.holds(folder / "manifest.json", self.path):
            status = self.status()
            what = f"{self.name} has no checkpoint {name!r}."
            if status.alive:
                raise BadRun(what, "It is running; ask again once it has saved one.")
            raise BadRun(f"{what} {status.why}".rstrip(), "workbench runs lists what there is.")
        return folder


def step_of(checkpoint: Path) -> int:
    """The step of a checkpoint's folder, also of one that its successor is just replacing."""
    return int(checkpoint.name.removeprefix(".").removesuffix(".old"))


def _why_silent(path: Path, held: int) -> str:
    """What has probably ended a worker that wrote no last event, and last held so many bytes of memory; or nothing."""
    total = memory.total()
    if held >= NEARLY * total:  # then the system ends a process
        return f" Memory probably ran out: it last held {held / 1e9:.1f} of {total / 1e9:.1f} GB."
    return " Its disk is full: free some space first." if shutil.disk_usage(path).free < TAIL else ""
