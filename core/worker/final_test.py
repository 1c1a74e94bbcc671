"""The end of a run: how good it is, what that is worth, and every answer on the test set in a file."""

from collections.abc import Iterator

import numpy as np

from core import metrics
from core.data.prepare import Prepared
from core.runs.events import Evaluated
from core.runs.folder import RunFolder
from core.runs.predictions import AnsweredText, write_predictions
from core.runs.result import FinalTest, SplitResult, strongest_of
from core.runs.verdict import standing
from core.worker.baselines import Baselines


def final_test(run: RunFolder, prepared: Prepared, p: np.ndarray, baselines: Baselines) -> FinalTest:
    """What the probabilities (N, C) of the test texts come to; their predictions are written. Raises OSError."""
    test = prepared.indices("test")
    right, predicted = prepared.labels[test].astype(np.int64), p.argmax(axis=1)
    hits = predicted == right
    clean = ~prepared.leaks[test]
    unseen = clean & ~prepared.near_leaks[test]
    write_predictions(run, prepared.names, _tested(prepared, test, p, predicted))
    beside = baselines.results(hits)
    strongest = strongest_of(beside)
    best = beside[strongest]
    return FinalTest.of(
        int(hits.sum()),
        len(test),
        loss=loss_of(p, right),
        clean=float(hits[clean].mean()) if clean.any() else None,
        clean_rows=int(clean.sum()),
        unseen=float(hits[unseen].mean()) if unseen.any() else None,
        unseen_rows=int(unseen.sum()),
        baselines=dict(beside),
        strongest=strongest,
        verdict=standing(best.won or 0, best.lost or 0),
        **metrics.per_class(right, predicted, prepared.names),
    )


def loss_of(p: np.ndarray, labels: np.ndarray) -> float:
    """The mean cross entropy of probabilities (N, C) where labels (N,) are right."""
    return float(-np.log(np.maximum(p[np.arange(len(p)), labels], 1e-30)).mean())


def split_result(seen: Evaluated, rows: int) -> SplitResult:
    """What a split of so many rows came to."""
    drawn_from = None if seen.whole else rows
    return SplitResult.of(round(seen.accuracy * seen.rows), seen.rows, loss=seen.loss, drawn_from=drawn_from)


def _tested(
    prepared: Prepared, test: np.ndarray, p: np.ndarray, predicted: np.ndarray
) -> Iterator[tuple[AnsweredText, list[float]]]:
    """The test rows (N,) in their order, with their probabilities `p` (N, C) and predicted labels (N,)."""
    names = prepared.names
    for i, row, label in zip(test, p.tolist(), predicted, strict=True):
        right, leak = names[prepared.labels[i]], bool(prepared.leaks[i])
        yield AnsweredText(int(prepared.rows[i]), prepared.texts[i], right, names[label], row[label], leak), row
