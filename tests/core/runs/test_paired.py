"""Two settings on the same texts: what other texts and other seeds would say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from core.runs.paired import Paired, Place, paired
from core.statistics import deviation, mcnemar, paired_t


def side(*seeds):
    """The answers of several seeds, each a string of 1 (right) and 0 over the same texts."""
    return {
        Place(seed, 0): {(row, "text", "label"): answer == "1" for row, answer in enumerate(answers)}
        for seed, answers in enumerate(seeds)
    }


@given(st.lists(st.floats(-1, 1, allow_subnormal=False).map(lambda x: round(x, 3)), min_size=2, max_size=30))
def test_the_t_test_is_scipys(values):
    found = paired_t(values)
    if len(set(values)) == 1:
        assert found == (1.0 if values[0] == 0 else 0.0) and deviation(values) < 1e-9
    else:
        assert found == pytest.approx(ttest_1samp(values, 0).pvalue, abs=1e-9)


def test_one_value_has_no_spread():
    assert paired_t([0.3]) is None and deviation([0.3]) is None and deviation([1, 3]) == pytest.approx(2**0.5)


def test_of_one_seed_it_is_mcnemars_test():
    found = paired(side("1111110000"), side("0000011000"))
    assert (found.won, found.lost, found.p_rows) == (5, 1, mcnemar(5, 1)) and found.p_seeds is None
    assert found.difference == pytest.approx(0.4) and found.p == found.p_rows


def test_a_text_counts_once_whatever_the_number_of_seeds():
    one, three = paired(side("1" * 8), side("0" * 8)), paired(side(*["1" * 8] * 3), side(*["0" * 8] * 3))
    assert one.p_rows == three.p_rows == mcnemar(8, 0) and three.p_seeds == 0.0
    assert three.verdict == "better" and three.seeds == 3


def test_seeds_that_disagree_show_nothing_however_many_the_texts():
    first = side("1" * 400, "1" * 400, "0" * 100 + "1" * 300)
    found = paired(first, side(*["0" * 100 + "1" * 300] * 3))
    assert found.p_rows < 1e-9 and found.p_seeds > 0.1 and found.verdict == "even"
    words = found.sentence("a", "b")
    assert "points apart; with 3 seeds and 400 test texts that is no difference shown (p ." in words


def test_only_what_both_have_is_compared():
    first, second = side("1111", "1111", "1111"), side("1100", "1100")
    assert paired(first, second).seeds == 2
    other = {
        place: {(row + 9, text, label): right for (row, text, label), right in answers.items()}
        for place, answers in second.items()
    }
    assert paired(first, other).sentence("a", "b") == "a and b share no test text."
    assert paired({}, second).rows == 0


def test_folds_are_pooled():
    first = {Place(0, 1): {(0, "", ""): True}, Place(0, 2): {(1, "", ""): True}, Place(0, 3): {(2, "", ""): False}}
    second = {Place(0, 1): {(0, "", ""): False}, Place(0, 2): {(1, "", ""): False}}
    found = paired(first, second)
    assert (found.rows, found.won, found.lost, found.p_seeds) == (2, 2, 0, None)


SHOWN = "shown with {} and 100 test texts (p .002)."
ONE_SEED = f"a is better than b by 10.0 points: {SHOWN.format('1 seed')} "


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            Paired.of(100, [1] * 10 + [0] * 90, [0.1]),
            f"{ONE_SEED}--seeds 3 would show how much another seed changes it.",
        ),
        (
            Paired.of(100, [-2] * 10 + [0] * 90, [-0.1, -0.1]),
            f"b is better than a by 10.0 points: {SHOWN.format('2 seeds')}",
        ),
        (
            Paired.of(100, [1] * 5 + [0] * 95, [0.05]),
            "a and b are 5.0 points apart; with 1 seed and 100 test texts that is no difference shown "
            "(p .06, though it is close).",
        ),
        (Paired.of(4, [1, -1, 0, 0], [0.0]), "a and b are equally often right, with 1 seed and 4 test texts."),
    ],
)
def test_sentences(found, words):
    assert found.sentence("a", "b") == words
