"""The rows of each label, and an order of rows in which every label has its share."""

import numpy as np


def by_label(labels: np.ndarray) -> list[np.ndarray]:
    """Where the rows of each label are, in order; linear in rows and labels."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.cumsum(np.bincount(labels))[:-1])


def first_of_each(labels: np.ndarray) -> np.ndarray:
    """(N,) Where the rows are, so ordered that the first n of them have every label in its share, for each n."""
    share = np.empty(len(labels))
    for at in by_label(labels):
        share[at] = np.arange(len(at)) / max(1, len(at))
    return np.argsort(share, kind="stable")
