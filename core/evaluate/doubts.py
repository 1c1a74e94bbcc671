"""Rows that look mislabelled, found before anything is trained.

Every row is judged by a model that counts words and has not learned from it, nor from a copy of it (Northcutt, Jiang
and Chuang 2021, "Confident Learning"). No torch.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from core.counting.tfidf import USUAL, Tfidf, count, regression
from core.data.grouped import by_group
from core.data.prepare import label_names

FOLDS = 5
LEAST = 1e-9  # a probability, of which there is to be a logarithm


class Doubts(NamedTuple):
    """What is said of N rows; `names` are the classes.

    `own` (N,) is how probable each row's label is, and `other` (N,) which other class is most so, by what is usual for
    it, with the probability `said` (N,). `margin` (N,) is the lower the more a row is doubted. What cannot be judged,
    because no row of its class is left to learn from, has NaN in all three and -1 as the other.
    """

    names: list[str]
    own: np.ndarray
    other: np.ndarray
    said: np.ndarray
    margin: np.ndarray

    @property
    def judged(self) -> np.ndarray:
        """(N,) bool: the rows that can be judged."""
        return np.isfinite(self.margin)

    @property
    def doubted(self) -> np.ndarray:
        """(N,) bool: the rows of which another class is more probable, also by what is usual for both."""
        return self.judged & (self.margin < 0) & (self.said > self.own)

    @property
    def order(self) -> np.ndarray:
        """(M,) The doubted rows, the most doubted first."""
        rows = np.flatnonzero(self.doubted)
        return rows[np.argsort(self.margin[rows], kind="stable")]


def doubts(
    texts: Sequence[str],
    labels: Sequence[str],
    near: np.ndarray,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Doubts:
    """Judge N rows. `near` (N,) are the texts' `first_near`; `progress(done, of)` may raise to break off.

    The same on every machine, but for the rounding of its products.
    """
    names = label_names(labels)
    number = {name: i for i, name in enumerate(names)}
    label = np.array([number[each] for each in labels], dtype=np.int64)
    return judged(names, label, out_of_fold(texts, label, near, len(names), progress))


def out_of_fold(
    texts: Sequence[str], labels: np.ndarray, near: np.ndarray, n_classes: int, progress: Callable[[int, int], None]
) -> np.ndarray:
    """(N, C) What models that have not learned from a row, nor from what is nearly the same, make of it.

    NaN where none has learned from any row of its class. `labels` are (N,).
    """
    n = len(labels)
    p = np.full((n, n_classes), np.nan)
    folds = min(FOLDS, len(np.unique(near)))
    if n_classes < 2 or folds < 2:
        return p
    fold = by_group(near, labels, {str(i): 1 / folds for i in range(folds)}).astype(np.int64)
    done, total = 0, folds * (n_classes if n_classes > 2 else 1)

    def one_more() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    progress(0, total)
    kinds, counted = count(texts, n_classes)  # what counts is found without any label
    for i in range(folds):
        asked, learned = np.flatnonzero(fold == i), np.flatnonzero(fold != i)
        found = regression(counted[learned], labels[learned], n_classes, USUAL, one_more)
        known = np.isin(labels[asked], labels[learned])
        p[asked[known]] = Tfidf(kinds, *found, n_classes, USUAL).of_vectors(counted[asked[known]])
    return p


def judged(names: list[str], labels: np.ndarray, p: np.ndarray) -> Doubts:
    """Doubts from probabilities (N, C), a row of NaN where there are none; `labels` are (N,).

    A probability is compared with the mean one that rows of the class have of their own label: a model is never sure
    of a rare class, and would doubt all of it.
    """
    n, n_classes = len(labels), len(names)
    rows = np.arange(n)
    known = np.isfinite(p).all(axis=1) if n_classes > 1 else np.zeros(n, dtype=bool)
    nothing = np.full(n, np.nan)
    if not known.any():
        return Doubts(names, nothing, np.full(n, -1), nothing, nothing)
    own = np.where(known, p[rows, labels], np.nan)
    held = np.bincount(labels[known], minlength=n_classes)
    total = np.bincount(labels[known], weights=own[known], minlength=n_classes)
    usual = np.where(held > 0, total / np.maximum(1, held), 1.0)  # what was never judged, is never named lightly
    compared = np.log(np.maximum(p, LEAST)) - np.log(np.maximum(usual, LEAST))
    of_own = compared[rows, labels]
    compared[rows, labels] = -np.inf
    other = np.where(known, np.nan_to_num(compared, nan=-np.inf).argmax(axis=1), -1)
    return Doubts(
        names,
        own,
        other,
        np.where(known, p[rows, other], np.nan),
        np.where(known, of_own - compared.max(axis=1), np.nan),
    )
