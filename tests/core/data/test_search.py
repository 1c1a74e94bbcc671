"""Searching texts by words and by regular expressions, none of which can take for ever."""

import signal
import threading
import time

import numpy as np
import pytest

from core.data.search import holding, matching
from core.errors import BadData

TEXTS = ["Free entry, 100 pounds", "see you at 5", "免费的入场券 100", "FREE"]
ALL = np.arange(len(TEXTS))


def test_words_and_expressions_whatever_the_case():
    assert holding(TEXTS, ALL, "free").tolist() == [0, 3] and holding(TEXTS, ALL, "费的").tolist() == [2]
    assert holding(TEXTS, ALL, "a.b").tolist() == []
    assert matching(TEXTS, ALL, r"^free\b").tolist() == [0, 3] and matching(TEXTS, ALL, r"\d{3}").tolist() == [0, 2]
    assert matching(TEXTS, ALL[1:3], "100|5").tolist() == [1, 2] and matching(TEXTS, ALL, "(?-i:FREE)").tolist() == [3]


@pytest.mark.parametrize("pattern", ["[a", "(", "*", "a{2,1}", "(?P<x>a)(?P<x>b)", "x{99999999999999}"])
def test_what_is_no_expression_is_said(pattern):
    with pytest.raises(BadData, match="regular expression"):
        matching(TEXTS, ALL, pattern)


def test_one_that_would_never_end_is_broken_off_and_the_timer_that_was_there_goes_on(monkeypatch):
    monkeypatch.setattr("core.data.search.SECONDS", 0.2)
    before, began = signal.getitimer(signal.ITIMER_REAL), time.monotonic()
    with pytest.raises(BadData, match="takes longer than 0.2 s on a single text. Repeats within repeats"):
        matching(["a" * 60 + "!"], np.arange(1), "(a+)+$")
    assert time.monotonic() - began < 10
    assert bool(signal.getitimer(signal.ITIMER_REAL)[0]) == bool(before[0])
    assert matching(TEXTS, ALL, "you").tolist() == [1]


def test_how_far_it_is_is_said_and_may_end_it(monkeypatch):
    monkeypatch.setattr("core.data.search.REPORT", -1.0)
    heard, many = [], ["some text"] * 250
    assert len(matching(many, np.arange(250), "text", lambda *report: heard.append(report))) == 250
    assert heard == [("search", done, 250, "texts") for done in (0, 100, 200)]

    def enough(*report) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        holding(many, np.arange(250), "text", enough)


@pytest.mark.more
def test_many_texts_that_take_long_together_are_searched_one_by_one(monkeypatch):
    monkeypatch.setattr("core.data.search.SECONDS", 0.3)
    slow = ["a" * 17 + "!"] * 99 + ["aaa"]  # some hundredths of a second each
    assert matching(slow, np.arange(100), "(a+)+$").tolist() == [99]


def test_it_works_in_any_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(matching(TEXTS, ALL, "free").tolist()))
    thread.start()
    thread.join()
    assert found == [[0, 3]]
