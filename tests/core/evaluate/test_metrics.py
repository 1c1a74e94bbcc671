"""Figures against known ones."""

import numpy as np
import pytest

from core.evaluate import baseline, metrics


@pytest.mark.parametrize(
    ("right", "rows", "low", "high"),  # the last two from the formula's worked examples in Newcombe (1998), table I
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals(right, rows, low, high):
    assert metrics.wilson(right, rows) == pytest.approx((low, high), abs=1e-4)


def test_wilson_of_nothing_knows_nothing():
    assert metrics.wilson(0, 0) == (0.0, 1.0)


def test_per_class_figures_by_hand():
    found = metrics.per_class(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), ["ham", "spam", "never"])
    assert found["confusion"] == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert found["per_class"]["ham"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "rows": 2}
    assert found["per_class"]["spam"]["precision"] == pytest.approx(2 / 3)
    assert found["per_class"]["never"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "rows": 0}


def test_counting_words_tells_two_vocabularies_apart():
    texts, labels = ["free prize"] * 5 + ["see you"] * 5, np.array([1] * 5 + [0] * 5)
    assert baseline.tfidf(texts, labels, ["a free prize", "you see"]).tolist() == [1, 0]
    assert baseline.tfidf(["!", "?"], np.array([0, 1]), ["!"]) is None  # no text holds a word
    assert baseline.most_frequent(np.array([2, 1, 1])) == 1
