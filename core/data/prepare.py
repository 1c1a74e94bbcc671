"""Rows to labelled splits: label names, duplicates, rare labels, split, balance."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from core.data.copies import copies, first_of, first_rows, leaks
from core.data.demands import demand_labels, demand_split
from core.data.grouped import by_group, by_time
from core.data.labels import looking_alike, renamed
from core.data.named import some
from core.data.near import first_near
from core.data.read import Table
from core.data.shares import by_label, first_of_each
from core.data.splits import SPLITS, TEST, TRAIN, VALIDATION
from core.data.swapped import differing, swapped_labels
from core.errors import BadData
from core.options import AUTO
from core.recipe_data import Data
from core.template import contents
from core.wording import plural

OTHER = "other"  # the label of what is rare, joined


@dataclass(frozen=True, eq=False)
class Prepared:
    """The rows to learn from and to check on, in the order that the seed gives them; all arrays are (N,).

    `text` names the column of the texts, or the template that made them. `duplicates` and `conflicts` count what the
    file holds, whether it was left out or not, `unbalanced` the rows that balancing left out, `again` those that it
    took once more, `unused` the training rows that `data.learn_from` left out, `swapped` those that stand there a
    second time, last, with `data.swap`'s columns exchanged, and `rare` those of each label that was left out or joined;
    a run does not keep these seven.
    """

    rows: np.ndarray  # int64, numbers in the file as read
    texts: list[str]
    labels: np.ndarray  # int64, indices into `names`
    names: list[str]
    split: np.ndarray  # str: train, validation or test
    text: str = AUTO
    duplicates: int = 0
    conflicts: int = 0
    unbalanced: int = 0
    unused: int = 0
    again: int = 0
    swapped: int = 0
    rare: Mapping[str, int] = field(default_factory=dict)

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
        return leaks(first_rows(self.texts), self.split)

    @cached_property
    def near_leaks(self) -> np.ndarray:
        """(N,) bool: those whose text is nearly the same as one in training, by `first_near`."""
        return leaks(first_near(contents(self.texts, self.text)), self.split) & ~self.leaks


def label_names(labels: Sequence[str]) -> list[str]:
    """The distinct labels in the order that numbers the classes: numbers by value, words by alphabet."""
    return sorted(set(labels), key=_natural)


def _natural(label: str) -> tuple:
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", label):
        return 0, float(label), label
    # words and numbers take turns, words first: "level 2" before "level 10"
    return 1, [float(part) if i % 2 else part for i, part in enumerate(re.split(r"(\d+)", label))], label


def learned_labels(table: Table, data: Data) -> list[str]:
    """Each row's label, in one spelling where those that look alike are joined."""
    names = looking_alike(Counter(table.labels)) if data.join_labels == "on" else {}
    return renamed(table.labels, names)


def repeated(table: Table, labels: Sequence[str], data: Data) -> tuple[np.ndarray, np.ndarray]:
    """`copies` of a table, or near ones. Where the splits are given, a text may be in each: that is a leak, no copy."""
    part = np.array([SPLITS.index(split) for split in table.splits], dtype=np.int64) if table.splits else None
    first = table.first_near if data.duplicates == "drop_near" else table.first
    if table.dropped is None:
        return copies(first, labels, part)
    there = np.flatnonzero(~table.dropped)  # a dropped row is no other's copy, and contradicts none
    found = np.zeros((2, len(first)), dtype=bool)
    of_these = part[there] if part is not None else None
    found[:, there] = copies(first_of(first[there]), [labels[i] for i in there.tolist()], of_these)
    return found[0], found[1]


def prepare(table: Table, data: Data) -> Prepared:
    """Labelled splits of the rows of a file, a pure function of both arguments.

    Without stratifying this is the book's protocol to the row: pandas' `sample` with `random_state` for the
    undersampled labels and again for the shuffle, and split sizes by `int`. Splits that the table gives stay, and what
    they lack is taken from their training rows. Raises BadData where the rows cannot be learned from.
    """
    said = learned_labels(table, data)
    duplicate, conflict = repeated(table, said, data)
    kept = np.flatnonzero(~table.is_dropped)
    if len(table.texts) and not len(kept):
        raise BadData("The edits drop every row.", "Take some of them back.")
    if data.duplicates != "keep":
        kept = kept[~(duplicate | conflict)[kept]]
    demand_labels(label_names([said[i] for i in kept]), len(kept), table, data)
    given = np.array(table.splits or [TRAIN] * len(table.texts))
    fold = data.fold_of
    if fold and (given != TRAIN).any():
        do = "Leave data.fold out, or let all rows be split anew: data.split none."
        raise BadData("The data says itself which rows are for testing or validation, so no folds are made of it.", do)
    if fold and fold[1] > len(kept):
        what = f"{plural(fold[1], 'fold')} cannot be made of {plural(len(kept), 'row')}."
        raise BadData(what, "Every fold needs at least one row: ask for fewer folds.")
    shares = {VALIDATION: data.validation * fold[1] / (fold[1] - 1)} if fold else _shares(given, data)
    rare: dict[str, int] = {}
    if data.stratify:
        needed = 1 + len(shares) + bool(fold)
        kept, said, rare = _without_rare(kept, said, given, needed, data.rare_labels, table)
    names = label_names([said[i] for i in kept])
    number = {name: i for i, name in enumerate(names)}
    labels = np.array([number[said[i]] for i in kept])
    order = np.arange(len(kept))
    if data.balance == "undersample" and data.balance_first:
        order = _undersampled(labels, data.seed)
    for _ in range(data.shuffles):
        order = order[_permutation(len(order), data.seed)]
    split = given[kept[order]].astype(np.array(SPLITS).dtype)
    groups = _groups(table, kept[order], len(shares) + 1 if not fold else fold[1])
    if fold:
        split[_folds(labels[order], fold[1], data.stratify, groups) == fold[0] - 1] = TEST
    cut = np.flatnonzero(split == TRAIN)
    parts = {TRAIN: 1 - sum(shares.values())} | {name: shares[name] for name in SPLITS[1:] if name in shares}
    if groups is not None:
        split[cut] = by_group(groups[cut], labels[order[cut]] if data.stratify else np.zeros(len(cut)), parts)
    elif table.times is not None:
        split[cut] = by_time(table.times[kept[order[cut]]], parts)
    else:
        split[cut] = _stratified(labels[order[cut]], shares) if data.stratify else _cut(len(cut), shares, data)
    more = 0
    if data.balance != "none" and not data.balance_first:
        learned = np.flatnonzero(split == TRAIN)
        sample = _undersampled if data.balance == "undersample" else _oversampled
        chosen = learned[sample(labels[order[learned]], data.seed)]
        more = max(0, len(chosen) - len(learned))
        stays = np.sort(np.concatenate([np.flatnonzero(split != TRAIN), chosen]))
        order, split = order[stays], split[stays]
    unbalanced = len(kept) + more - len(order)
    learned = np.flatnonzero(split == TRAIN)
    if data.learn_from != "all" and data.learn_from < len(learned):
        chosen = learned[first_of_each(labels[order[learned]])[: data.learn_from]]
        stays = np.sort(np.concatenate([np.flatnonzero(split != TRAIN), chosen]))
        order, split = order[stays], split[stays]
    chosen, texts, known = kept[order], table.texts, labels[order]
    rows, read = np.array(table.rows)[chosen], [texts[i] for i in chosen]
    twice = np.flatnonzero((split == TRAIN) & differing(table)[chosen])
    if data.swap:
        rows, split = np.concatenate([rows, rows[twice]]), np.concatenate([split, split[twice]])
        known = np.concatenate([known, swapped_labels(names, data)[known[twice]]])
        read += [table.swapped[i] for i in chosen[twice]]
    prepared = Prepared(
        rows=rows,
        texts=read,
        labels=known,
        names=names,
        split=split,
        text=table.columns["text"],
        swapped=len(twice),
        duplicates=int(duplicate.sum()),
        conflicts=int(conflict.sum()),
        unbalanced=unbalanced,
        unused=len(kept) + more - unbalanced - len(order),
        again=more,
        rare=rare,
    )
    demand_split({name: prepared.counts(name) for name in SPLITS}, table)
    return prepared


def _shares(given: np.ndarray, data: Data) -> dict[str, float]:
    """The parts that are cut from the training rows, and their shares of those."""
    shares = {VALIDATION: data.validation, TEST: 1 - data.train - data.validation}
    return {split: share for split, share in shares.items() if not (given == split).any()}


def _without_rare(
    kept: np.ndarray, said: list[str], given: np.ndarray, fewest: int, what: str, table: Table
) -> tuple[np.ndarray, list[str], dict[str, int]]:
    """The rows and labels without labels that are too rare to be in each part, and how many rows each of those had."""

    def too_few(said: list[str]) -> dict[str, int]:
        counts = Counter(said[i] for i in kept if given[i] == TRAIN)
        return {name: counts[name] for name in sorted(counts, key=_natural) if counts[name] < fewest}

    rare = too_few(said)
    if not rare:
        return kept, said, {}
    if what == "refuse":
        raise BadData(
            f"Too few rows to put each label into all splits: {some([f'{n} ({rows})' for n, rows in rare.items()])}.",
            f"Give them {fewest} different texts at least, or leave them out, or join them: data.rare_labels says "
            "which. Or turn data.stratify off.",
        )
    if what == "join":
        said = renamed(said, {name: OTHER for name in rare})
    gone = too_few(said)
    kept = kept[[said[i] not in gone for i in kept]]
    if len({said[i] for i in kept}) < 2:
        named = some([f"{name} has {rows}" for name, rows in rare.items()])
        skipped = sum(table.skipped.values())
        why = ", ".join(f"{reason} ({rows:,})" for reason, rows in table.skipped.items())
        column = table.columns["label"]
        more = "Take more with --rows" if table.left_out else "Add rows"
        raise BadData(
            f"Fewer than two labels have {fewest} rows, one for each split: {named}."
            + (f" {skipped:,} of the {table.n_rows:,} rows were skipped: {why}." if skipped else ""),
            f"Is the label really column {column}? Choose with --label, or give these rows what they lack."
            if skipped > len(kept)
            else f"{more}, or split without regard to labels: --stratify off.",
        )
    return kept, said, rare


def _permutation(n: int, seed: int) -> np.ndarray:
    # the same rows as pandas' sample(n, random_state=seed), which the book's figures rest on
    return np.random.RandomState(seed).permutation(n)


def _undersampled(labels: np.ndarray, seed: int) -> np.ndarray:
    rows = [at for at in by_label(labels) if len(at)]
    least = min(map(len, rows), default=0)
    return np.concatenate([r[_permutation(len(r), seed)[:least]] if len(r) > least else r for r in rows])


def _oversampled(labels: np.ndarray, seed: int) -> np.ndarray:
    """All rows, and those of the rarer labels again, each as often as another or once more."""
    rows = [at for at in by_label(labels) if len(at)]
    most = max(map(len, rows), default=0)
    return np.concatenate([np.resize(r[_permutation(len(r), seed)], most) if len(r) < most else r for r in rows])


def _cut(n: int, shares: Mapping[str, float], data: Data) -> np.ndarray:
    if len(shares) == 2:
        train, validation = int(n * data.train), int(n * data.validation)
    else:
        validation = round(n * shares.get(VALIDATION, 0))
        train = n - validation - round(n * shares.get(TEST, 0))
    return np.repeat(SPLITS, [train, validation, n - train - validation])


def _stratified(labels: np.ndarray, shares: Mapping[str, float]) -> np.ndarray:
    """Every label's rows cut alike, with one row at least for each part."""
    split = np.full(len(labels), TRAIN, dtype=np.array(SPLITS).dtype)
    parts = [*shares][::-1]  # from the last row on
    for at in filter(len, by_label(labels)):
        end = len(at)
        for others, part in enumerate(parts):
            n = min(max(1, round(len(at) * shares[part])), end - len(parts) + others)
            split[at[end - n : end]] = part
            end -= n
    return split


def _groups(table: Table, kept: np.ndarray, fewest: int) -> np.ndarray | None:
    """(N,) The group of each kept row; None where rows have none. Raises BadData for fewer groups than parts."""
    if not table.groups:
        return None
    groups = first_rows([table.groups[i] for i in kept])
    if (n := len(np.unique(groups))) < fewest:
        what = (
            f"{'There is one group' if n == 1 else f'There are {n} groups'} in all, and the split has {fewest} parts."
        )
        raise BadData(what, "A group is never cut: name another column with --group, or leave that out.")
    return groups


def _folds(labels: np.ndarray, k: int, stratify: bool, groups: np.ndarray | None) -> np.ndarray:
    """(N,) The part, from 0, of each row: sizes differ by one at most, as do each label's where it is stratified.

    Of rows in groups, they differ by as much as it takes to cut none.
    """
    if groups is not None:
        shares = {str(i): 1 / k for i in range(k)}
        return by_group(groups, labels if stratify else np.zeros(len(labels)), shares).astype(np.int64)
    dealt = np.argsort(labels, kind="stable") if stratify else np.arange(len(labels))
    folds = np.empty(len(labels), dtype=np.int64)
    folds[dealt] = np.arange(len(labels)) % k
    return folds
