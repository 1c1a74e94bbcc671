"""What answers are worth on a file that says the labels, too: right or wrong, with and without texts learned from."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.data.column import YES
from core.data.copies import first_rows
from core.data.labels import looking_alike, spelled_alike, told_apart
from core.data.near import first_near
from core.data.templated import number
from core.data.texts import Row
from core.evaluate.answers import Answer
from core.files import Progress, unwatched
from core.options import AUTO
from core.runs.folder import RunFolder
from core.runs.kept_rows import kept_rows
from core.statistics import wilson
from core.template import contents
from core.wording import on_one_line, percent, plural

MOST = 50_000  # rows that are compared with the training texts: those of a larger file would have to be held
SHOWN = 5  # labels in a sentence


def label_columns(said: str, names: Sequence[str], text: str) -> list[int]:
    """Where a file has the label's columns, as a run's recipe names them; none where it lacks one.

    A number is taken for a column only where no column has a name: elsewhere another one may stand there.
    """
    wanted = [said] if said in names else said.split(", ")
    if any(name not in names or name == text for name in wanted):
        return []
    if any(name.isdecimal() for name in wanted) and not all(name.isdecimal() for name in names):
        return []
    return [number(names, name) for name in wanted]


@dataclass
class Labelled:
    """Answers are let through `watch`, which compares them with the labels; `sentences` then says what came of it."""

    columns: Sequence[int]  # of the label; several of which each row sets exactly one
    names: Sequence[str]  # of the file's columns
    labels: Sequence[str]  # that the classifier knows
    text: str = AUTO  # how the file's texts are made: a column, or a template
    learned: str = AUTO  # how those were that the classifier learned from
    hits: bytearray = field(default_factory=bytearray)  # of each row whose label it knows: 1 where it is right
    texts: list[str] = field(default_factory=list)  # of the first of them
    unknown: Counter[str] = field(default_factory=Counter)  # labels that it does not know -> rows

    def __post_init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def watch(self, found: Iterable[list[Answer]]) -> Iterator[list[Answer]]:
        """The same answers, some at a time."""
        for chunk in found:
            for answer in chunk:
                self.see(answer.row, answer.said.label if answer.said else None)
            yield chunk

    def see(self, row: Row, said: str | None) -> None:
        """Compare what is said of a row, where that is anything, with its label."""
        label = self._label(row.cells)
        if not label or said is None:
            return
        if label not in self._known:
            self._known[label] = self._spelled(label)
        known = self._known[label]
        if known is None:
            self.unknown[label] += 1
            return
        self.hits.append(said == known)
        if len(self.texts) < MOST:
            self.texts.append(row.text)

    def _label(self, cells: Sequence[str]) -> str:
        if len(self.columns) > 1:
            set_to = [self.names[i] for i in self.columns if cells[i].strip().lower() in YES]
            return set_to[0] if len(set_to) == 1 else ""
        return cells[self.columns[0]].strip()

    def _spelled(self, label: str) -> str | None:
        if label in self.labels:
            return label
        # 1.0 is the class 1; the classifier's own spelling counts
        return spelled_alike({**dict.fromkeys(self.labels, 2), label: 1}).get(label)

    def sentences(self, run: RunFolder, file: str, progress: Progress = unwatched, part: str = "") -> Iterator[str]:
        """`part` says how much of the file has answers, where that is not all. Raises BadRun where the rows that the
        run keeps are damaged.
        """
        column = ", ".join(on_one_line(self.names[i]) for i in self.columns)
        where, of = (f"in {part}, ", f"{part} of {file}") if part else ("", file)
        if self.unknown:
            some = ", ".join(on_one_line(label) for label in [*self.unknown][:SHOWN]) + ", …" * (
                len(self.unknown) > SHOWN
            )
            rows = plural(self.unknown.total(), "row")
            yield f"Column {column} of {of} has labels in {rows} that {run.name} has not learned: {some}."
            alike = looking_alike(dict.fromkeys(self.labels, 2) | dict.fromkeys(self.unknown, 1))
            ours = {label: name for label, name in alike.items() if label in self.unknown and name in self.labels}
            if pairs := [f"{told_apart(label)} is not {told_apart(name)}" for label, name in ours.items()]:
                yield f"Labels are compared as they are spelled, and {', '.join(pairs[:SHOWN])}."
        if not self.hits:
            if self.unknown:
                known = ", ".join(on_one_line(label) for label in self.labels[:SHOWN])
                yield f"None of its labels is one of {known}: nothing is compared."
            return
        hits = np.frombuffer(self.hits, dtype=bool)
        yield f"By the labels in column {column}, {where}{_accuracy(hits)}."
        if not run.data_file.exists():
            yield f"What {run.name} learned from is not known, so rows that it has seen are not told apart."
            return
        trained = [row.text for row in kept_rows(run) if row.split == "train"]
        progress("copies", 0, 0, "")
        exact = _among(first_rows([*trained, *self.texts]), len(trained))
        # what a template says in every text makes none like another
        own = [*contents(trained, self.learned), *contents(self.texts, self.text)]
        near = _among(first_near(own), len(trained)) & ~exact
        compared = hits[: len(self.texts)]
        first = f"Of the first {len(compared):,}, " if len(compared) < len(hits) else ""
        if not (exact | near).any():
            yield f"{first or 'None of them '}{'none ' if first else ''}stands in what it learned from, nor nearly."
            return
        stand = "stands" if exact.sum() == 1 else "stand"
        how = " and ".join(
            [f"{exact.sum():,} also {stand} word for word in what it learned from"] * bool(exact.any())
            + [f"{near.sum():,} nearly, with a few other words, case or spaces"] * bool(near.any())
        )
        rest = compared[~(exact | near)]
        without = f"without them, {_accuracy(rest)}" if len(rest) else "there are no others"
        yield f"{first}{how}: {without}."


def _among(first: np.ndarray, n: int) -> np.ndarray:
    """(N,) bool of the rows behind the first `n`: whether what they are like also stands in those."""
    return np.isin(first[n:], first[:n])


def _accuracy(hits: np.ndarray) -> str:
    low, high = wilson(int(hits.sum()), len(hits))
    of, verb = plural(len(hits), "row"), "is" if len(hits) == 1 else "are"
    return f"{percent(float(hits.mean()))} of {of} {verb} right (95 % interval {percent(low)} to {percent(high)})"
