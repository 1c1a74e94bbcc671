"""What needs no network: counting words, or always saying the most frequent label."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.counting import tfidf
from core.counting.tfidf import Split


class Counted(NamedTuple):
    """Accuracy on validation, with half of the training texts too where that is known, and test labels (N,)."""

    validation: float
    half: float | None
    answers: np.ndarray


def most_frequent(train_labels: np.ndarray) -> int:
    """The label that training holds most of; the lower one where two tie."""
    return int(np.bincount(train_labels).argmax())


def word_counts(
    kind: str,
    splits: dict[str, Split],
    n_classes: int,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Counted | None:
    """What counting words with logistic regression says of the splits train, validation and test.

    `tfidf` is the classifier of `core.counting`; `counts` is the book's, plain, and None where no text holds a word.
    """
    if kind == "tfidf":
        fitted = tfidf.fit(splits["train"], splits["validation"], n_classes, progress)
        answers = fitted.model.probabilities(splits["test"].texts).argmax(axis=1)
        return Counted(fitted.validation, fitted.half, answers)
    return _of_the_book(splits)


def _of_the_book(splits: dict[str, Split]) -> Counted | None:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    counter = CountVectorizer()
    try:
        counted = counter.fit_transform(splits["train"].texts)
    except ValueError:  # scikit-learn's way to say that the vocabulary is empty
        return None
    # products of sparse rows are so small that threads wait for one another longer than they compute
    with threadpool_limits(1, user_api="blas"):
        model = LogisticRegression(max_iter=1000).fit(counted, splits["train"].labels)
    validation, test = (model.predict(counter.transform(splits[split].texts)) for split in ("validation", "test"))
    return Counted(float((validation == splits["validation"].labels).mean()), None, test)
