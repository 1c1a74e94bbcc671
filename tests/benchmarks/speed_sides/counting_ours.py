"""The side of core.counting: how strictly it fits is chosen on validation, and half of the training texts come last."""

import time

import numpy as np
import sklearn.linear_model  # noqa: F401  # loading it is not timed, here and on the other side
from speed_sides.child import serve

from core.counting.tfidf import Split, fit


def measure(job: dict) -> dict:
    splits = {split: Split(texts, np.array(labels)) for split, (texts, labels) in job["splits"].items()}
    began = time.perf_counter()
    model = fit(splits["train"], splits["validation"], job["classes"], lambda done, of: None).model
    predicted = model.probabilities(splits["test"].texts).argmax(axis=1)
    return {
        "seconds": time.perf_counter() - began,
        "accuracy": float((predicted == splits["test"].labels).mean()),
        "c": model.c,
    }


if __name__ == "__main__":
    serve(measure)
