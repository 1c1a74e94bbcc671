"""The end of a run: how good it is, what that is worth, and every answer on the test set in a file."""

import csv
import io
from collections.abc import Sequence

import numpy as np

from core import files, metrics
from core.data.prepare import Prepared
from core.evaluate.predict import kept, probabilities
from core.files import Progress
from core.model.classifier import Classifier
from core.recipe import Recipe
from core.runs.events import Baseline, Evaluated
from core.runs.folder import RunFolder
from core.train.texts import Texts


def report(
    run: RunFolder,
    recipe: Recipe,
    model: Classifier,
    prepared: Prepared,
    texts: Texts,
    evaluated: Sequence[Evaluated],
    baselines: Sequence[Baseline],
    progress: Progress,
) -> dict:
    """Ask the model for every test text by the prediction function; write predictions; return the result document.

    `evaluated` are the whole training and validation splits with the same weights.
    """
    test = texts.splits["test"]
    progress("test", 0, len(test), "texts")
    asked = probabilities(
        model, [texts.ids[i] for i in test], recipe, lambda n: progress("test", n, len(test), "texts")
    )
    p = asked.numpy().astype(np.float64)
    right, said = texts.labels[test], p.argmax(axis=1)
    hits = said == right
    clean = ~prepared.leaks[test]
    words = {b.name: b.test for b in baselines}
    files.write(run.predictions_file, _predictions(prepared, test, p, said))
    splits = {e.split: metrics.accuracy(round(e.accuracy * e.rows), e.rows) | {"loss": e.loss} for e in evaluated}
    return {
        "run": str(run.path),
        "name": run.name,
        "checkpoint": int(run.checkpoint(kept(run, recipe)).name),
        "labels": prepared.names,
        "test": metrics.accuracy(int(hits.sum()), len(test))
        | {
            "loss": float(-np.log(np.maximum(p[np.arange(len(test)), right], 1e-30)).mean()),
            "clean": float(hits[clean].mean()) if clean.any() else None,
            "clean_rows": int(clean.sum()),
            "baseline": words.get(recipe.data.baseline),
            "majority": words["majority"],
        }
        | metrics.per_class(right, said, prepared.names),
        **splits,
    }


def _predictions(prepared: Prepared, test: np.ndarray, p: np.ndarray, said: np.ndarray) -> str:
    """The test rows in their order, with what was said of them: CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["row", "text", "label", "predicted", "probability", "leak", *(f"p_{name}" for name in prepared.names)]
    )
    for i, row, label in zip(test, p, said, strict=True):
        writer.writerow(
            [
                int(prepared.rows[i]),
                prepared.texts[i],
                prepared.names[prepared.labels[i]],
                prepared.names[label],
                f"{row[label]:.6f}",
                int(prepared.leaks[i]),
                *(f"{value:.6f}" for value in row),
            ]
        )
    return out.getvalue()
