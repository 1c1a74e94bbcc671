"""The end of a run: how good it is, what that is worth, and every answer on the test set in a file."""

from collections.abc import Iterator, Sequence

import numpy as np

from core import metrics
from core.data.prepare import Prepared
from core.evaluate.predict import probabilities
from core.files import Progress
from core.model.classifier import Classifier
from core.recipe import Recipe
from core.runs.events import Baseline, Evaluated
from core.runs.folder import RunFolder
from core.runs.predictions import AnsweredText, write_predictions
from core.runs.result import FinalTest, SplitResult
from core.train.texts import Texts


def final_test(
    run: RunFolder,
    recipe: Recipe,
    model: Classifier,
    prepared: Prepared,
    texts: Texts,
    baselines: Sequence[Baseline],
    progress: Progress,
) -> FinalTest:
    """Ask the model for every test text by the prediction function, and write its predictions. Raises OSError."""
    test = texts.splits["test"]
    progress("test", 0, len(test), "texts")
    asked = probabilities(
        model, [texts.ids[i] for i in test], recipe, lambda n: progress("test", n, len(test), "texts")
    )
    p = asked.numpy().astype(np.float64)
    right, predicted = texts.labels[test], p.argmax(axis=1)
    hits = predicted == right
    clean = ~prepared.leaks[test]
    accuracy = {b.name: b.test for b in baselines}
    write_predictions(run, prepared.names, _tested(prepared, test, p, predicted))
    return FinalTest.of(
        int(hits.sum()),
        len(test),
        loss=float(-np.log(np.maximum(p[np.arange(len(test)), right], 1e-30)).mean()),
        clean=float(hits[clean].mean()) if clean.any() else None,
        clean_rows=int(clean.sum()),
        baseline=accuracy.get(recipe.data.baseline),
        majority=accuracy["majority"],
        **metrics.per_class(right, predicted, prepared.names),
    )


def split_result(seen: Evaluated) -> SplitResult:
    """What the whole of a split came to."""
    return SplitResult.of(round(seen.accuracy * seen.rows), seen.rows, loss=seen.loss)


def _tested(
    prepared: Prepared, test: np.ndarray, p: np.ndarray, predicted: np.ndarray
) -> Iterator[tuple[AnsweredText, list[float]]]:
    """The test rows (N,) in their order, with their probabilities `p` (N, C) and predicted labels (N,)."""
    names = prepared.names
    for i, row, label in zip(test, p.tolist(), predicted, strict=True):
        right, leak = names[prepared.labels[i]], bool(prepared.leaks[i])
        yield AnsweredText(int(prepared.rows[i]), prepared.texts[i], right, names[label], row[label], leak), row
