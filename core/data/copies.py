"""Texts that stand in a file more than once: word for word, with different labels, or nearly so.

Every text is compared once, for the row where it stands first; from there on rows are compared by number.
"""

from collections.abc import Hashable, Sequence

import numpy as np


def first_rows(values: Sequence[Hashable]) -> np.ndarray:
    """(N,) int64: the row where each value stands first, which is its own where it stands nowhere before."""
    seen: dict[Hashable, int] = {}
    return np.fromiter((seen.setdefault(value, i) for i, value in enumerate(values)), np.int64, len(values))


def copies(first: np.ndarray, labels: Sequence[str], part: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Two masks (N,) over rows: exact copies of an earlier text, and texts that occur with different labels.

    `first` are the texts' `first_rows`. With `part`, (N,) int64, only rows of one part are compared. No row is in both.
    """
    if part is not None:
        first = first_of(first * (int(part.max(initial=0)) + 1) + part)
    label = first_rows(labels)
    different = np.zeros(len(first), dtype=bool)
    different[first[label != label[first]]] = True
    conflict = different[first]
    return (first != np.arange(len(first))) & ~conflict, conflict


def near_copies(first: np.ndarray, near: np.ndarray) -> np.ndarray:
    """(N,) bool: texts like an earlier one, by `first_near`, that stand nowhere before them word for word."""
    rows = np.arange(len(first))
    return (near < rows) & (first == rows)


def leaks(first: np.ndarray, split: np.ndarray) -> np.ndarray:
    """(N,) bool: rows of validation and test whose text, by `first_rows` or `first_near`, is also in training."""
    trained = np.zeros(len(first), dtype=bool)
    trained[first[split == "train"]] = True
    return trained[first] & np.isin(split, ("validation", "test"))


def first_of(numbers: np.ndarray) -> np.ndarray:
    """`first_rows` of numbers (N,)."""
    _, first, which = np.unique(numbers, return_index=True, return_inverse=True)
    return first[which]
