"""What a classifier's answers are worth."""

from collections.abc import Sequence

import numpy as np


def macro_f1(confusion: np.ndarray) -> float:
    """The mean of the classes' F1, from counts (C, C): rows are the labels, columns the predictions.

    A class that occurs in neither does not count.
    """
    right, both = confusion.diagonal(), confusion.sum(axis=0) + confusion.sum(axis=1)
    return float((2 * right[both > 0] / both[both > 0]).mean()) if both.any() else 0.0


def per_class(labels: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> dict:
    """Precision, recall, F1 and rows of every label, and the confusion matrix (rows: right, columns: predicted).

    `labels` and `predicted` are (N,) indices into `names`. A figure with nothing to count is 0.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    every = list(range(len(names)))
    columns = precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {
        "per_class": {
            name: {"precision": p, "recall": r, "f1": f, "rows": int(n)}
            for name, (p, r, f, n) in zip(names, rows, strict=True)
        },
        "confusion": confusion_matrix(labels, predicted, labels=every).tolist(),
    }
