"""Who is right where the other is not, and what that proves."""

from itertools import product
from math import comb

import pytest

from core import toml
from core.errors import BadRun
from core.recipe import load
from core.runs.compare import Comparison, changed, compare, different, mcnemar
from core.runs.predictions import AnsweredText, write_predictions
from core.runs.root import create_run


@pytest.fixture
def run(tmp_path):
    """A finished run with rows of (number, text, label, predicted)."""

    def write(*rows):
        run = create_run(tmp_path, load({}))
        write_predictions(run, [], ((AnsweredText(*row, 0.9, False), []) for row in rows))
        return run

    return write


@pytest.mark.parametrize(
    ("won", "lost", "p"),
    [(0, 0, 1), (1, 0, 1), (3, 3, 1), (5, 0, 2 / 2**5), (1, 8, 2 * (1 + 9) / 2**9), (9, 5, 0.4239501953125)],
)
def test_p_by_hand(won, lost, p):
    assert mcnemar(won, lost) == mcnemar(lost, won) == p


@pytest.mark.parametrize("n", range(1, 11))
def test_p_is_the_share_of_all_coin_falls_that_are_as_uneven(n):
    heads = [sum(coins) for coins in product((0, 1), repeat=n)]
    for won in range(n + 1):
        uneven = sum(abs(2 * each - n) >= abs(2 * won - n) for each in heads)
        assert mcnemar(won, n - won) == uneven / 2**n


def test_thousands_of_pairs_are_exact():
    tail = sum(comb(3900, i) for i in range(1901))
    assert mcnemar(2000, 1900) == 2 * tail / 2**3900
    assert mcnemar(5000, 0) == 0.0
    # far from both ends the normal distribution comes close: z = (400 - 1) / sqrt(15600)
    assert mcnemar(8000, 7600) == pytest.approx(0.0014005, abs=1e-5)


@pytest.mark.parametrize(
    ("won", "lost", "verdict", "words"),
    [
        (9, 5, "even", "p .42: even"),
        (0, 0, "even", "p 1: even"),
        (6, 0, "better", "p .03: better"),
        (0, 6, "worse", "p .03: worse"),
        (5, 0, "close", "p .06: close, not proof"),
        (16, 6, "close", "p .05: close, not proof"),  # .052
        (5000, 4804, "better", "p .049: better"),  # .0488: .05 would be none
        (79, 4, "better", "p < .001: better"),
    ],
)
def test_a_verdict_in_words_never_gainsays_its_p(won, lost, verdict, words):
    found = Comparison(300, won, lost)
    assert (found.verdict, found.in_words) == (verdict, words)


def test_rows_are_the_same_where_number_text_and_label_are(run):
    mine = run((0, "a\r\nb", "ham", "ham"), (1, "b", "spam", "spam"), (2, "c", "ham", "spam"),
               (3, "d", "ham", "ham"), (4, "e", "ham", "ham"), (5, "f", "ham", "ham"))  # fmt: skip
    its = run((5, "f", "ham", "spam"), (0, "a\r\nb", "ham", "spam"), (1, "other text", "spam", "ham"),
              (2, "c", "ham", "ham"),
              (3, "d", "spam", "ham"), (4, "e", "ham", "ham"), (9, "f", "ham", "spam"))  # fmt: skip
    assert compare(mine, its) == Comparison(rows=4, won=2, lost=1)
    assert compare(its, mine) == Comparison(rows=4, won=1, lost=2)


def test_runs_that_share_no_row_say_so(run):
    found = compare(run((0, "a", "ham", "ham")), run((1, "a", "ham", "ham")))
    assert found.rows == 0 and found.in_words == "They share no test row."


def test_a_run_without_answers_cannot_be_compared(run):
    done, damaged = run((0, "a", "ham", "ham")), run()
    damaged.predictions_file.write_text("text\nno label\n")
    with pytest.raises(BadRun, match="r2 cannot be read"):
        compare(done, damaged)
    damaged.predictions_file.unlink()
    with pytest.raises(BadRun, match="r2 has no test predictions"):
        compare(done, damaged)


def recipes(asked=None, **resolved):
    """A recipe that left the machine's options open, and what came of it."""
    plain = load({"speed": asked or {}})
    return load({"speed": {"device": "cpu", "threads": 2, "cache_memory": 5.2} | resolved}), plain


def test_what_two_equal_recipes_came_to_on_this_machine_is_no_difference():
    (one, asked), (other, its) = recipes(), recipes(cache_memory=5.3, threads=4)
    found, equal = different(one, other, asked, its)
    assert not found and equal == different(one, one)[1]
    assert [name for name, *_ in different(one, other)[0]] == ["speed.threads", "speed.cache_memory"]
    other, its = recipes({"threads": 4}, threads=4)
    assert different(one, other, asked, its)[0] == [("speed.threads", 2, 4)]
    assert not different(one, recipes({"threads": 2})[0], asked, recipes({"threads": 2})[1])[0]  # it came to the same


def test_of_an_older_run_what_its_machine_found_counts_as_left_open(tmp_path):
    resolved, asked = recipes()
    older, newer = create_run(tmp_path, resolved), create_run(tmp_path, recipes(cache_memory=9.9)[0])
    newer.asked_file.write_text(toml.text(asked))
    assert older.asked_as_known() == newer.asked_as_known() == asked
    assert older.recipe() == resolved


def test_what_a_text_is_made_of_is_never_found_by_itself():
    said = [row for row in changed(load({"data": {"text": "{title}. {body}"}}), None) if row[0] == "data.text"]
    assert said == [("data.text", "{title}. {body}", "auto")]
    assert not [row for row in changed(load({"data": {"text": "body"}}), None) if row[0] == "data.text"]
