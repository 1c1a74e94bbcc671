"""What is said of a result beside its figures."""

import pytest

from core.runs.result import BaselineResult, ClassifierResult, FinalTest, Seconds, SplitResult
from core.runs.verdict import in_words


@pytest.mark.parametrize(("correct", "words"), [(65, "A baseline does better: word counts, 97.0 %."), (98, "")])
def test_of_a_test_without_a_verdict_it_is_said_that_a_baseline_is_better(correct, words):
    parts = {"clean": None, "clean_rows": 100, "per_class": {}, "confusion": []}
    older = FinalTest.of(correct, 100, **parts, baseline=0.97, majority=0.5)
    assert isinstance(older.baselines["words"], BaselineResult)
    assert in_words(older) == words


def test_of_what_was_asked_by_a_sample_it_is_said_from_how_many_it_was_drawn():
    test = FinalTest.of(9, 10, clean=None, clean_rows=10, per_class={}, confusion=[])
    validation, train = SplitResult.of(40, 50), SplitResult.of(970, 1000, drawn_from=35_000)
    seconds = Seconds(total=1.0)
    result = ClassifierResult(
        run="r", name="r", checkpoint=1, labels=[], test=test, train=train, validation=validation, seconds=seconds
    )
    assert [(line.name, line.words) for line in result.split_lines()] == [
        ("validation", "40 of 50 right"),
        ("train sample", "970 of 1,000 right, drawn from 35,000"),
    ]
    assert (validation.size, train.size) == (50, 35_000)
