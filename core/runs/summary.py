"""A run in the few figures and words that a list shows, read once for as long as its files stay the same."""

import os
from contextlib import suppress
from statistics import mean
from typing import Self

import msgspec

from core import files
from core.architectures.lookup import preset_for
from core.errors import BadRun, Problem
from core.options import options
from core.recipe import Recipe
from core.runs import log_reader, mark
from core.runs.compare import changed, in_words
from core.runs.folder import RunFolder
from core.runs.log_reader import LONGEST_REASON, LogEnd
from core.runs.records import Label, Member
from core.runs.result import ClassifierResult, Standing
from core.runs.steering import steered_run

SUMMARISED = (
    ".", "checkpoints", "mark", "recipe.toml", "pretraining.toml", "config.json", "events.jsonl", "result.json",
    "label.json", "group.json",
)  # fmt: skip
ALWAYS = ("train.seed", "model.context", "model.readout")  # options that decide what is compared with what
FAILURES = BadRun, OSError, ValueError, RecursionError, MemoryError  # of reading one run, which hide no other

# of each of SUMMARISED its inode, size in bytes, time of change, and time of change of those, in nanoseconds; or zeros
Version = tuple[tuple[int, int, int, int], ...]


class About(msgspec.Struct, frozen=True):
    """What a run is: its model and data, what learns, as its recipe names it and in words (in words both times of a
    model that counts, which has no layers to choose from). `plan` and `data` are empty where it makes a language model.
    `options` are those that a person has set and those of ALWAYS, in words.
    """

    model: str
    trainable: str
    plan: str = ""
    data: str = ""
    options: dict[str, str] = {}

    @property
    def classifies(self) -> bool:
        return bool(self.plan)


class Score(msgspec.Struct, frozen=True):
    """What the test of a classifier says: accuracy with its 95 % interval, and without leaks, and macro F1; seconds of
    the run.
    """

    accuracy: float
    low: float
    high: float
    clean: float | None
    verdict: Standing | None
    seconds: float
    f1: float

    @classmethod
    def of(cls, result: ClassifierResult) -> Self:
        test = result.test
        f1 = mean([one.f1 for one in test.per_class.values()] or [0.0])
        return cls(test.accuracy, test.low, test.high, test.clean, test.verdict, result.seconds.total, f1)


class Summary(msgspec.Struct, frozen=True):
    """What a run's files say, and in `what` and `do` what is wrong with them.

    `about` is None where the recipe cannot be read, and `lost` says that what came of the run cannot be. `steered` is
    what it was told to change while it trained, in words.
    """

    end: LogEnd = LogEnd()
    about: About | None = None
    score: Score | None = None
    label: Label = Label()
    what: str = ""
    do: str = ""
    lost: bool = False
    grew_here: bool = False
    steered: str = ""
    member: Member | None = None


def version_of(folder: str) -> Version:
    """The version of a run's files; the same one as long as none of them changes."""
    return tuple(_version(f"{folder}/{name}") for name in SUMMARISED)


def _version(path: str) -> tuple[int, int, int, int]:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return 0, 0, 0, 0
    except OSError as error:  # a link that leads to itself, say
        return 0, error.errno or 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def summary_of(run: RunFolder) -> Summary:
    """Read a run. What cannot be read is said in it, and nothing is raised."""
    wrong: list[BadRun] = []
    end, about, score, label, lost, steered = LogEnd(), None, None, Label(), False, ""
    try:
        run.demand_sound()
    except FAILURES as error:
        lost = True
        wrong.append(_bad(run, "folder", error))
    try:
        with suppress(FileNotFoundError):
            files.reading(run.events_file, run.path).close()
        end = log_reader.end_of(run.events_file)
        steered = _short(steered_run(run))
        if end == LogEnd() and run.result_file.exists():
            raise BadRun(f"events.jsonl of {run.name} is missing or empty.", "Put it back, if you can.")
    except FAILURES as error:
        lost = True
        wrong.append(_bad(run, "log", error))
    rows = None
    try:
        if end.state == "done":
            result = run.demand_result()
            if isinstance(result, ClassifierResult):
                score, rows = Score.of(result), result.train.size
            if result is None and end.tested:
                raise BadRun(f"result.json of {run.name} is missing.", "Put it back, if you can.")
    except FAILURES as error:
        lost = True
        wrong.append(_bad(run, "result", error))
    try:
        about, later = _about(run, rows)
        if later:
            what = "; ".join(str(problem).rstrip(".") for problem in later)
            wrong.append(BadRun(f"Its recipe is of a later version, or damaged: {what}."))
    except FAILURES as error:
        wrong.insert(0, _bad(run, "recipe", error))
    try:
        label = run.demand_label()
    except FAILURES as error:
        wrong.append(_bad(run, "name", error))
    member = None
    try:
        member = run.demand_member()
    except FAILURES as error:
        wrong.append(_bad(run, "group", error))
    what = " ".join(dict.fromkeys(error.what.removeprefix(f"{run.path}/") for error in wrong))
    do = wrong[0].do if wrong else ""
    what, do = what[:LONGEST_REASON], do[:LONGEST_REASON]
    return Summary(end, about, score, label, what, do, lost, mark.grew_here(run), steered, member)


def _about(run: RunFolder, rows: int | None) -> tuple[About, list[Problem]]:
    """`rows` is how many texts the run has learned from, where that is known."""
    recipe, later = run.pretraining_as_known() if run.pretrains else run.recipe_as_known()
    if not isinstance(recipe, Recipe):
        return About(_short(recipe.model.name), "a language model"), later
    said = {option.name: in_words(option.of(recipe)) for option in options(Recipe) if option.name in ALWAYS}
    said |= {name: in_words(value) for name, value, _ in changed(recipe, rows)}
    counts = preset_for(recipe).counts
    if counts:  # it reads a text whole, and at no one place
        said |= {"model.context": "", "model.readout": ""}
    about = About(
        model=_short(recipe.model.name),
        trainable=_short(recipe.plan.in_words if counts else recipe.trainable),
        plan=_short(recipe.plan.in_words),
        data=_short(recipe.data.path),
        options={name: _short(words) for name, words in said.items()},
    )
    return about, later


def _short(words: str) -> str:
    return words[:LONGEST_REASON]


def _bad(run: RunFolder, what: str, error: BaseException) -> BadRun:
    if isinstance(error, BadRun):
        return error
    reason = getattr(error, "strerror", None) or str(error) or "it does not fit into memory"
    return BadRun(f"The {what} of {run.name} cannot be read: {reason}.")
