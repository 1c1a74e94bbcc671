"""What needs no network: counting words, or always saying the most frequent label."""

from collections.abc import Sequence

import numpy as np


def most_frequent(train_labels: np.ndarray) -> int:
    """The label that training holds most of; the lower one where two tie."""
    return int(np.bincount(train_labels).argmax())


def tfidf(train_texts: Sequence[str], train_labels: np.ndarray, texts: Sequence[str]) -> np.ndarray | None:
    """What TF-IDF with logistic regression says of `texts`, (N,) indices; None where no text holds a word."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer()
    try:
        counted = words.fit_transform(train_texts)
    except ValueError:  # scikit-learn's way to say that the vocabulary is empty
        return None
    model = LogisticRegression(max_iter=1000).fit(counted, train_labels)
    return model.predict(words.transform(texts))
