"""What needs no network: counting words, or always saying the most frequent label."""

from collections.abc import Sequence

import numpy as np

LOOSENESS = {"tfidf": (1.0, 10.0, 100.0), "counts": (1.0,)}  # values of C; of equally good ones the strictest is taken


def most_frequent(train_labels: np.ndarray) -> int:
    """The label that training holds most of; the lower one where two tie."""
    return int(np.bincount(train_labels).argmax())


def word_counts(
    kind: str,
    train: tuple[Sequence[str], np.ndarray],
    validation: tuple[Sequence[str], np.ndarray],
    test: Sequence[str],
) -> tuple[np.ndarray, np.ndarray] | None:
    """What counting words with logistic regression says of validation and test texts, (N,) indices each.

    `train` and `validation` are texts and their labels (N,). Of the `kind` tfidf, counts are weighed by how few texts
    hold the word, and how strictly it is regularized, which decides much, is chosen on validation; `counts` is the
    book's, plain. None where no text holds a word.
    """
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    counter = TfidfVectorizer() if kind == "tfidf" else CountVectorizer()
    try:
        counted = counter.fit_transform(train[0])
    except ValueError:  # scikit-learn's way to say that the vocabulary is empty
        return None
    checked = counter.transform(validation[0])
    # products of sparse rows are so small that threads wait for one another longer than they compute
    with threadpool_limits(1, user_api="blas"):
        models = [LogisticRegression(C=c, max_iter=1000).fit(counted, train[1]) for c in LOOSENESS[kind]]
    best = max(models, key=lambda model: (model.predict(checked) == validation[1]).mean())
    return best.predict(checked), best.predict(counter.transform(test))
