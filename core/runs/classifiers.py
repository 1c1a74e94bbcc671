"""The classifier that Play asks: which one it is, what it answers, what its test says about that."""

from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.errors import BadRun, WorkbenchError
from core.runs.folder import RunFolder, step_of
from core.runs.origin import Origin, read_origin
from core.runs.predictions import PLACES, AnsweredText, Prediction, read_predictions
from core.runs.root import list_runs
from core.template import Template
from core.wording import on_one_line


class Asked(NamedTuple):
    """A run's folder, and best, last or a step; None is what the run's recipe keeps."""

    folder: Path
    checkpoint: str | None = None

    @property
    def run(self) -> RunFolder:
        return RunFolder(self.folder)


class Typed(msgspec.Struct, frozen=True):
    """The answer on a text that is being typed, and where there is a curve, the verdict after each of its pieces.

    `pieces` are texts with the tokens that each takes, `curve` has the probabilities in the order of the labels after
    each of them; `before` counts the tokens and `start` the characters left out before them, `why` says why there
    is no curve.
    """

    step: int
    answer: Prediction
    pieces: list[tuple[str, int]] | None
    curve: list[list[float]] | None
    before: int
    why: str
    start: int = 0


class Tested:
    """How often a classifier was right on the test texts that it was at least so sure of."""

    def __init__(self, step: int, texts: Iterable[AnsweredText]):
        """`step` is the checkpoint that was tested."""
        self.step = step
        self._sure: dict[str, list[float]] = {}  # label -> probabilities, rising
        self._right: dict[str, list[int]] = {}  # label -> how many of as many of the surest were right
        for text in sorted(texts, key=lambda text: -text.probability):
            self._sure.setdefault(text.predicted, []).append(text.probability)
            counts = self._right.setdefault(text.predicted, [0])
            counts.append(counts[-1] + text.right)
        for probabilities in self._sure.values():
            probabilities.reverse()

    def times(self, label: str, probability: float) -> tuple[int, int]:
        """Right, and all, among the test texts called `label` with at least this probability."""
        sure = self._sure.get(label, [])
        n = len(sure) - bisect_left(sure, round(probability, PLACES))
        return self._right[label][n] if n else 0, n


class Opened(NamedTuple):
    """A classifier that is ready to answer."""

    asked: Asked
    step: int
    name: str  # best or last, where a pointer says so
    labels: list[str]
    context: int  # tokens of a text that are read
    random: bool  # whether it began with random weights
    tested: Tested | None
    untested: str  # why not
    sought: str | None  # of two labels the one that a curve is about; of more, whichever the verdict names

    @property
    def in_words(self) -> str:
        """r14 best, step 600"""
        return f"{self.asked.folder.name} {self.name}".rstrip() + f", step {self.step:,}"


def find(chosen: Asked | None, followed: RunFolder | None, root: Path) -> Asked | None:
    """What was chosen, else the followed run, where these have a checkpoint, else the newest run that is done."""
    if chosen and has_checkpoint(chosen.run):
        return chosen
    if followed and has_checkpoint(followed):
        return Asked(followed.path)
    runs = (run for run in list_runs(root) if has_checkpoint(run) and run.status().state == "done")
    return next((Asked(run.path) for run in runs), None)


def has_checkpoint(run: RunFolder) -> bool:
    return not run.pretrains and bool(checkpoints(run))


def checkpoints(run: RunFolder) -> dict[str, int]:
    """The steps that `best` and `last` point to, where they do."""
    found = {}
    for name in ("best", "last"):
        try:
            found[name] = step_of(run.checkpoint(name))
        except BadRun:
            continue
    return found


def opened(asked: Asked, step: int, labels: list[str], context: int) -> Opened:
    """A classifier that is ready to answer, with what its run's folder says of it."""
    run = asked.run
    name = next((name for name, at in checkpoints(run).items() if at == step), "")
    try:
        tested, untested = _tested(run), ""
    except BadRun as error:
        tested, untested = None, str(error)
    sought = _sought(run, labels) if len(labels) == 2 else None
    origin = _origin(run)
    random = origin is not None and origin.base.kind == "random"
    return Opened(asked, step, name, labels, context, random, tested, untested, sought)


def labels(run: RunFolder) -> list[str]:
    """The names of its classes, which a run writes down before it learns."""
    origin = _origin(run)
    return origin.labels if origin else []


def made_of(run: RunFolder) -> str:
    """The template that made the texts that it learned from; empty where they were a column."""
    try:
        text = run.recipe_as_known()[0].data.text
    except WorkbenchError:  # the next question to the classifier says so
        return ""
    return text if Template.parse(text) else ""


def _origin(run: RunFolder) -> Origin | None:
    try:
        return read_origin(run)
    except BadRun:  # the next question to the classifier says so
        return None


def _sought(run: RunFolder, labels: list[str]) -> str:
    """Of two labels the rarer one in the test; before there is one, the second."""
    result = run.classifier_result()
    found = result.test.per_class if result else {}
    return min(reversed(labels), key=lambda label: found[label].rows if label in found else 0)


def _tested(run: RunFolder) -> Tested:
    """Raises BadRun where there are no test predictions, or they cannot be read."""
    result = run.classifier_result()
    if result is None:
        done = run.status().state == "done"
        raise BadRun("Not tested here." if done else "Not tested yet. That comes when the run is done.")
    return Tested(result.checkpoint, read_predictions(run)[1])


def on_the_test(classifier: Opened, answer: Prediction) -> str:
    """What an answer this sure was worth on the test set."""
    tested = classifier.tested
    if tested is None:
        return classifier.untested
    if tested.step != classifier.step:
        return f"Not tested: the test was of step {tested.step:,}."
    right, n = tested.times(answer.label, answer.probability)
    label = on_one_line(answer.label)
    if not n:
        return f"On the test set it was never this sure of {label}."
    if n == 1:
        return f"On the test set it was this sure of {label} once, and that was {'right' if right else 'wrong'}."
    return f"When this sure on the test set, it was right {right:,} of {n:,} times."
