"""What is said of a result beside its figures."""

import pytest

from core.runs.result import BaselineResult, FinalTest
from core.runs.verdict import in_words


@pytest.mark.parametrize(("correct", "words"), [(65, "A baseline does better: word counts, 97.0 %."), (98, "")])
def test_of_a_test_without_a_verdict_it_is_said_that_a_baseline_is_better(correct, words):
    parts = {"clean": None, "clean_rows": 100, "per_class": {}, "confusion": []}
    older = FinalTest.of(correct, 100, **parts, baseline=0.97, majority=0.5)
    assert isinstance(older.baselines["words"], BaselineResult)
    assert in_words(older) == words
