"""One run on disk: what is in its folder, and what state it is in."""

import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core import files, inside, memory, toml
from core import recipe as recipes
from core.architectures.file_names import BASE_WEIGHTS, CONFIG, TOKENIZER, TOKENS
from core.errors import BadRecipe, BadRun, Problem
from core.machine import FOUND
from core.options import AUTO
from core.pretraining import Pretraining
from core.runs import control, document, log_reader
from core.runs.events import Event
from core.runs.log_reader import LONGEST_REASON, TAIL, LogEnd
from core.runs.records import Label, Member, State, Status
from core.runs.result import ClassifierResult, LanguageResult, NoResult, parsed

Kind = TypeVar("Kind")
MOST_LABEL = 1 << 20  # bytes
NEARLY = 0.8  # of the memory that there is: more than this is as good as all of it
POINTERS = "last", "best"
STEP = re.compile(r"[0-9]{1,15}")
CHECKPOINT = re.compile(rf"{STEP.pattern}|\.{STEP.pattern}\.old")  # a checkpoint's folder, which nothing else names


class Within:
    """A path inside a run's folder, made when it is asked for: a list of thousands of runs asks for few of them."""

    def __init__(self, name: str):
        self.name = name

    def __get__(self, run: "RunFolder", kind: type) -> Path:
        return run.path / self.name


class RunFolder:
    """A run's folder. Reading it never changes it.

    Once it is launched, all but `control.jsonl`, `label.json` and `queued` is the worker's.
    """

    recipe_file = Within("recipe.toml")
    asked_file = Within("asked.toml")  # the recipe as it was asked for, before the worker resolved what was left open
    pretraining_file = Within("pretraining.toml")  # in place of a recipe, in a run that pretrains a model
    text_folder = Within("text")  # what such a run learns from
    model_folder = Within("model")  # and what it makes
    events_file = Within("events.jsonl")
    control_file = Within("control.jsonl")
    config_file = Within(CONFIG)  # of a model that this program does not know by name
    tokens_file = Within(TOKENS)  # of a model that GPT-2's tokenizer is not for
    tokenizer_file = Within(TOKENIZER)  # of a model that says itself how it reads a text
    data_file = Within("data.jsonl.gz")
    split_file = Within("split.csv")
    edits_file = Within("edits.json")  # of rows that a person has mended, as they were when the run was made
    base_file = Within("base.json")
    margins_file = Within("margins.csv")
    baselines_file = Within("baselines.json")
    predictions_file = Within("predictions.csv")
    result_file = Within("result.json")
    label_file = Within("label.json")
    group_file = Within("group.json")  # of a run that was made with others, to answer one question
    log_file = Within("worker.log")
    queued_file = Within("queued")  # its time of change is the run's place in the queue
    lock_file = Within("lock")
    heartbeat_file = Within("heartbeat")
    reserve_file = Within("reserve")  # room on the disk for the last event
    weights_file = Within(BASE_WEIGHTS)  # what it starts from; it is only read, and may have other names
    mark_file = Within("mark")  # by which a folder that did not grow here is told from others
    checkpoints = Within("checkpoints")

    def __init__(self, path: Path | str):
        self.path = path if isinstance(path, Path) else Path(path)

    @property
    def name(self) -> str:
        return self.path.name

    def demand_sound(self) -> None:
        """Raises BadRun where a link, a pipe, a device or a folder lies in place of a file of the run's, or anything
        else in place of a folder of its. It changes nothing.
        """
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name in FOLDERS and not entry.is_dir(follow_symlinks=False):
                    inside.demand_folder(self.path / entry.name)
                if entry.name in FILES and not entry.is_file(follow_symlinks=False):
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
        return self._read(partial(recipes.load, home=self._home()), self._demand_recipe())

    def recipe_as_known(self) -> tuple[recipes.Recipe, list[Problem]]:
        """The recipe of a run of this or a later version, which can be asked but not resumed by it: the options that
        this version knows, and what it does not know. Raises BadRun where it does not know the model.
        """
        return self._read(partial(recipes.load_known, home=self._home()), self._demand_recipe())

    def asked_as_known(self) -> recipes.Recipe:
        """The recipe as it was asked for, likewise. Of an older version, which did not keep that, what this machine
        made of itself counts as left open. Raises BadRun where it cannot be read.
        """
        if inside.holds(self.asked_file, self.path):
            return self._read(partial(recipes.load_known, home=self._home()), self.asked_file)[0]
        recipe, _ = self.recipe_as_known()
        return recipe.model_copy(update={"speed": recipe.speed.model_copy(update=dict.fromkeys(FOUND, AUTO))})

    def _demand_recipe(self) -> Path:
        if self.pretrains:
            raise BadRun(f"{self.name} pretrains a language model: it is no classifier.", self.fine_tune)
        if not inside.holds(self.recipe_file, self.path):
            raise BadRun(f"{self.path} is not a run: it holds no recipe.toml.", "workbench runs lists the runs.")
        return self.recipe_file

    def _home(self) -> Path | None:
        return self.path if inside.holds(self.config_file, self.path) else None

    @property
    def pretrains(self) -> bool:
        """Whether this run makes a language model, not a classifier."""
        return self.pretraining_file.is_file()

    def pretraining(self) -> Pretraining:
        """The recipe of a run that pretrains. Raises BadRun where it cannot be read."""
        return self._read(Pretraining.of, self.pretraining_file)

    def pretraining_as_known(self) -> tuple[Pretraining, list[Problem]]:
        """As `recipe_as_known`, of a run that pretrains."""
        return self._read(partial(Pretraining.as_known, home=None, decisive=("model",)), self.pretraining_file)

    @property
    def fine_tune(self) -> str:
        """What to do with the model that this run pretrains."""
        model = self.pretraining().model.name
        return f"Fine-tune it: workbench train FILE --model {model} --weights {self.model_folder}"

    def _read(self, made: Callable[[dict], Kind], file: Path) -> Kind:
        try:
            raw = toml.read(file, self.path)
            if not raw:  # as nobody writes it: all options would be as if left open
                raise BadRecipe([Problem(str(file), "is empty.")])
            return made(raw)
        except BadRecipe as error:
            what = f"The recipe of {self.name} cannot be read: {error}"
            if len(what) > LONGEST_REASON:
                what = f"{what[:LONGEST_REASON]} …"
            raise BadRun(what, "Put it back as it was, or train a new run.") from error

    def events(self, offset: int = 0) -> tuple[list[Event], int]:
        """The events of the whole lines after `offset` (bytes), and the offset to ask from next."""
        read = [([], offset), *self.batches(offset)]
        return [event for events, _ in read for event in events], read[-1][1]

    def batches(self, offset: int = 0) -> Iterator[tuple[list[Event], int]]:
        """`events` for who need not have all of a long log at once: some of them at a time."""
        return log_reader.batches(self.events_file, offset)

    def log(self) -> Iterator[Event]:
        """All events so far, likewise."""
        return (event for events, _ in self.batches() for event in events)

    def locked(self) -> bool:
        """Whether a worker holds this run."""
        try:
            return files.locked(self.lock_file)
        except OSError:  # who may not open it has not started it
            return False

    def status(self) -> Status:
        """What the run is doing, from its lock and the end of its log."""
        # its place in the queue before the lock, which whoever starts it takes before that place is given up; the
        # lock before the log: a worker writes its last event before it lets go
        queued, locked = self.queued_file.exists(), self.locked()
        end = log_reader.end_of(self.events_file)
        try:
            if not locked:
                self.demand_sound()
        except BadRun as error:
            return Status("damaged", end.step, end.n_steps, error.what.removeprefix(f"{self.path}/"), error.do)
        return self.status_of(queued, locked, end)

    def status_of(self, queued: bool, locked: bool, end: LogEnd) -> Status:
        """`status`, from what else is known: whether it waits, whether a worker holds it, how its log ends."""
        step, n_steps = end.step, end.n_steps
        if locked:
            state: State = "paused" if end.paused else "running" if n_steps else "starting"
            beat = files.modified_at(self.heartbeat_file)
            return Status(state, step, n_steps, quiet=max(0.0, time.time() - beat) if beat else 0.0)
        try:
            self.demand_sound()
        except BadRun as error:
            return Status("failed", step, n_steps, error.what.removeprefix(f"{self.path}/"), error.do)
        if queued:
            return Status("queued", step, n_steps, "It waits in the queue.")
        if end.state:
            return Status(end.state, step, n_steps, end.why, end.do)
        if not self.recipe_file.is_file() and not self.pretrains:
            return Status("failed", why="The folder is half written: it holds no recipe.", do="It can be deleted.")
        why = f"The worker ended at step {step} without a word." if step else "The worker ended before its first step."
        if end.unknown:
            why = "The last line of its log is damaged, or of a later version."
        return Status("vanished", step, n_steps, why + _why_silent(self.path, end.held), "resume continues it.")

    def tail(self) -> list[Event]:
        """The last events: one at least, where the last lines of the log hold any."""
        return log_reader.tail(self.events_file)

    def saved_step(self) -> int:
        """The step of the last checkpoint, from which a resumed run goes on; 0 before there is one. Raises BadRun."""
        return int(self.pointed("last") or 0)

    def pointed(self, name: str) -> str | None:
        """The step that a pointer names; None where there is no such pointer. Raises BadRun where it is damaged."""
        pointer = self.checkpoints / name
        try:
            with files.reading(pointer, self.path) as file:
                step = file.read(20).strip().decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadRun(f"{pointer} cannot be read: {error.strerror}.") from error
        if not STEP.fullmatch(step):
            raise BadRun(f"{pointer} is damaged.", "Train again from the recipe.")
        return step

    def demand_result(self) -> ClassifierResult | LanguageResult | None:
        """What a finished run ended with; None where it has not. Raises BadRun where that cannot be read."""
        found = document.read(self.result_file, self.path, dict[str, Any])
        try:
            result = NoResult() if found is None else parsed(found)
        except msgspec.ValidationError as error:
            raise document.damaged(self.result_file, str(error)) from error
        return None if isinstance(result, NoResult) else result

    def result(self) -> ClassifierResult | LanguageResult | None:
        """The same; None, too, where that cannot be read."""
        try:
            return self.demand_result()
        except BadRun:
            return None

    def classifier_result(self) -> ClassifierResult | None:
        """The result of fine-tuning; None where there is none yet, or the run pretrains."""
        found = self.result()
        return found if isinstance(found, ClassifierResult) else None

    def demand_label(self) -> Label:
        """Its name and note; empty where it has none. Raises BadRun where they cannot be read."""
        found = document.read(self.label_file, self.path, Label, MOST_LABEL)
        return Label.of(found.name, found.note) if found else Label()

    def label(self) -> Label:
        """The same; empty, too, where they cannot be read."""
        try:
            return self.demand_label()
        except BadRun:
            return Label()

    def demand_member(self) -> Member | None:
        """The group that it was made for; None where it was made alone. Raises BadRun where that cannot be read."""
        return document.read(self.group_file, self.path, Member, MOST_LABEL)

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
        try:
            # killed in the moment between an old one's going and its successor's coming
            if known and not folder.exists():
                folder = self.checkpoints / f".{step}.old"
            known = known and inside.holds(folder / "manifest.json", self.path)
        except OSError as error:
            raise BadRun(f"The checkpoints of {self.name} cannot be read: {error.strerror}.") from error
        if not known:
            status = self.status()
            what = f"{self.name} has no checkpoint {name!r}."
            if status.alive:
                raise BadRun(what, "It is running; ask again once it has saved one.")
            raise BadRun(f"{what} {status.why}".rstrip(), "workbench runs lists what there is.")
        return folder


_named = {attribute: value.name for attribute, value in vars(RunFolder).items() if isinstance(value, Within)}
FILES = frozenset(name for attribute, name in _named.items() if attribute.endswith("_file"))
FOLDERS = frozenset(_named.values()) - FILES


def step_of(checkpoint: Path) -> int:
    """The step of a checkpoint's folder, also of one that its successor is just replacing."""
    return int(checkpoint.name.removeprefix(".").removesuffix(".old"))


def _why_silent(path: Path, held: int) -> str:
    """What has probably ended a worker that wrote no last event, and last held so many bytes of memory; or nothing."""
    total = memory.total()
    if held >= NEARLY * total:  # then the system ends a process
        return f" Memory probably ran out: it last held {held / 1e9:.1f} of {total / 1e9:.1f} GB."
    return " Its disk is full: free some space first." if shutil.disk_usage(path).free < TAIL else ""
