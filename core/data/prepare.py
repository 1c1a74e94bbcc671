"""Rows to labelled splits: label names, duplicates, balance, split."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core import recipe_parts
from core.data.read import Table
from core.errors import BadData

SPLITS = ("train", "validation", "test")
FEWEST = 3  # rows of a label when every split shall have one


@dataclass(frozen=True, eq=False)
class Prepared:
    """The rows to learn from and to check on, in the order that the seed gives them; all arrays are (N,).

    `duplicates` and `conflicts` count what the file holds, whether it was left out or not, and `unbalanced`
    the rows that balancing left out; a run does not keep these three.
    """

    rows: np.ndarray  # int64, numbers in the file as read
    texts: list[str]
    labels: np.ndarray  # int64, indices into `names`
    names: list[str]
    split: np.ndarray  # str: train, validation or test
    duplicates: int = 0
    conflicts: int = 0
    unbalanced: int = 0

    def indices(self, split: str) -> np.ndarray:
        """Where the rows of a split are, in order."""
        return np.flatnonzero(self.split == split)

    def counts(self, split: str) -> dict[str, int]:
        """Rows of every label in a split; 0 where it has none."""
        found = np.bincount(self.labels[self.indices(split)], minlength=len(self.names))
        return dict(zip(self.names, found.tolist(), strict=True))

    @cached_property
    def leaks(self) -> np.ndarray:
        """(N,) bool: rows of validation and test whose text also stands, word for word, in training."""
        seen = {self.texts[i] for i in self.indices("train")}
        return np.array([text in seen for text in self.texts], dtype=bool) & (self.split != "train")


def label_names(labels: Sequence[str]) -> list[str]:
    """The distinct labels in the order that numbers the classes: numbers by value, words by alphabet."""
    return sorted(set(labels), key=_natural)


def _natural(label: str) -> tuple:
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", label):
        return 0, float(label), label
    # words and numbers take turns, words first: "level 2" before "level 10"
    return 1, [float(part) if i % 2 else part for i, part in enumerate(re.split(r"(\d+)", label))], label


def copies(texts: Sequence[str], labels: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Two masks (N,) over rows: exact copies of an earlier text, and texts that occur with different labels.

    No row is in both.
    """
    labels_of: dict[str, set[str]] = defaultdict(set)
    duplicate = np.zeros(len(texts), dtype=bool)
    for i, (text, label) in enumerate(zip(texts, labels, strict=True)):
        duplicate[i] = text in labels_of
        labels_of[text].add(label)
    conflict = np.array([len(labels_of[text]) > 1 for text in texts], dtype=bool)
    return duplicate & ~conflict, conflict


def prepare(table: Table, data: recipe_parts.Data) -> Prepared:
    """Labelled splits of the rows of a file, a pure function of both arguments.

    Without stratifying this is the book's protocol to the row: pandas' `sample` with `random_state` for the
    undersampled labels and again for the shuffle, and split sizes by `int`. Raises BadData where the rows
    cannot be learned from.
    """
    duplicate, conflict = copies(table.texts, table.labels)
    kept = np.arange(len(table.texts))
    if data.duplicates == "drop":
        kept = kept[~(duplicate | conflict)]
    names = label_names([table.labels[i] for i in kept])
    _refuse(names, len(kept), table)
    number = {name: i for i, name in enumerate(names)}
    labels = np.array([number[table.labels[i]] for i in kept])
    order = np.arange(len(kept))
    if data.balance == "undersample":
        order = _undersampled(labels, data.seed)
    for _ in range(data.shuffles):
        order = order[_permutation(len(order), data.seed)]
    split = _stratified(labels[order], names, data) if data.stratify else _cut(len(order), data)
    chosen = kept[order]
    prepared = Prepared(
        rows=np.array(table.rows)[chosen],
        texts=[table.texts[i] for i in chosen],
        labels=labels[order],
        names=names,
        split=split,
        duplicates=int(duplicate.sum()),
        conflicts=int(conflict.sum()),
        unbalanced=len(kept) - len(order),
    )
    _refuse_split(prepared)
    return prepared


def _permutation(n: int, seed: int) -> np.ndarray:
    # the same rows as pandas' sample(n, random_state=seed), which the book's figures rest on
    return np.random.RandomState(seed).permutation(n)


def _undersampled(labels: np.ndarray, seed: int) -> np.ndarray:
    rows = [np.flatnonzero(labels == i) for i in range(labels.max() + 1)]
    least = min(map(len, rows))
    return np.concatenate([r[_permutation(len(r), seed)[:least]] if len(r) > least else r for r in rows])


def _cut(n: int, data: recipe_parts.Data) -> np.ndarray:
    train, validation = int(n * data.train), int(n * data.validation)
    return np.repeat(SPLITS, [train, validation, n - train - validation])


def _stratified(labels: np.ndarray, names: list[str], data: recipe_parts.Data) -> np.ndarray:
    """Every label's rows cut alike, with one row at least for each split."""
    split = np.empty(len(labels), dtype=np.array(SPLITS).dtype)
    few = [f"{name} ({count})" for name, count in zip(names, np.bincount(labels), strict=True) if count < FEWEST]
    if few:
        raise BadData(
            f"Too few rows to put each label into all three splits: {_some(few)}.",
            f"Give them {FEWEST} different texts at least, take them out of the file, or turn data.stratify off.",
        )
    for label in range(len(names)):
        at = np.flatnonzero(labels == label)
        test = min(max(1, round(len(at) * (1 - data.train - data.validation))), len(at) - 2)
        validation = min(max(1, round(len(at) * data.validation)), len(at) - test - 1)
        train = len(at) - validation - test
        split[at[:train]] = "train"
        split[at[train : train + validation]] = "validation"
        split[at[train + validation :]] = "test"
    return split


def _refuse(names: list[str], n_rows: int, table: Table) -> None:
    column = table.columns["label"]
    if not table.texts:
        raise BadData(
            "No row has both a text and a label.", f"Is the label really column {column}? Choose with --label."
        )
    if not names:
        raise BadData(
            "Every text occurs with different labels.", "Keep them all with data.duplicates keep, or mend the labels."
        )
    if len(names) == 1:
        everywhere = len(set(table.labels)) == 1
        raise BadData(
            f"Every row says {names[0]}." if everywhere else f"Without copied texts every row says {names[0]}.",
            f"A classifier needs two labels. Is the label really column {column}? Choose with --label.",
        )
    if len(names) > 10 and len(names) > n_rows / 2:
        raise BadData(
            f"There are {len(names):,} labels in {n_rows:,} rows, too many to learn.",
            f"Is the label really column {column}? Choose with --label.",
        )


def _refuse_split(prepared: Prepared) -> None:
    for split in SPLITS:
        if not len(prepared.indices(split)):
            raise BadData(
                f"The split leaves no row for {split}: there are {len(prepared.texts):,} in all.",
                "Add rows, or change data.train and data.validation.",
            )
    learned = [name for name, count in prepared.counts("train").items() if count]
    if len(learned) == 1:
        raise BadData(f"Every row to learn from says {learned[0]}.", "Turn data.stratify on, or add rows.")


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
