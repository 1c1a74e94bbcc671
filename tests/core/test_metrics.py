"""Figures against known ones."""

import numpy as np
import pytest

from core import metrics
from core.counting.tfidf import Split
from core.evaluate import baseline
from core.statistics import wilson


@pytest.mark.parametrize(
    ("right", "rows", "low", "high"),  # the last two from the formula's worked examples in Newcombe (1998), table I
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals(right, rows, low, high):
    assert wilson(right, rows) == pytest.approx((low, high), abs=1e-4)


def test_wilson_of_nothing_knows_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("rows", [1, 28, 181, 1494])
def test_only_none_or_all_right_leave_no_limit(rows):
    assert wilson(0, rows)[0] == 0.0 and wilson(rows, rows)[1] == 1.0
    assert wilson(1, rows + 1)[0] > 0.0 and wilson(rows, rows + 1)[1] < 1.0


def test_per_class_figures_by_hand():
    found = metrics.per_class(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), ["ham", "spam", "never"])
    assert found["confusion"] == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert found["per_class"]["ham"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "rows": 2}
    assert found["per_class"]["spam"]["precision"] == pytest.approx(2 / 3)
    assert found["per_class"]["never"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "rows": 0}


def test_counting_words_tells_two_vocabularies_apart():
    splits = {
        "train": Split(["free prize"] * 5 + ["see you"] * 5, np.array([1] * 5 + [0] * 5)),
        "validation": Split(["you", "prize"], np.array([0, 1])),
        "test": Split(["a free prize", "you see"], np.array([1, 0])),
    }
    for kind in ("tfidf", "counts"):
        found = baseline.word_counts(kind, splits, 2)
        assert found.validation == 1 and found.answers.tolist() == [1, 0]
    splits["train"] = Split(["!", "?"] * 5, np.array([0, 1] * 5))
    assert baseline.word_counts("counts", splits, 2) is None  # no text holds a word
    assert baseline.word_counts("tfidf", splits, 2).validation >= 0.5
    assert baseline.most_frequent(np.array([2, 1, 1])) == 1


def test_where_every_answer_is_wrong_rows_are_counted_all_the_same():
    figures = metrics.per_class(np.array([0, 1]), np.array([1, 0]), ["ham", "spam"])["per_class"]
    assert {name: type(one["rows"]) for name, one in figures.items()} == {"ham": int, "spam": int}
