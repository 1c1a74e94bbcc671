"""Words from outside: what is shown of them, and that nothing else is."""

import ast
import sys
import time
import unicodedata

import pytest

from core.wording import UNSAFE, about, count, escaped, on_one_line, shown

INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0" + "".join(map(chr, range(0xE0000, 0xE1000)))


def test_whatever_acts_or_hides_is_escaped():
    for c in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") or c in INVISIBLE:
            expected = {"\n": "\n", "\t": " "}.get(c, c.encode("unicode_escape").decode())
            assert shown(f"a{c}b") == f"a{expected}b", ascii(c)
            assert not UNSAFE.search(on_one_line(f"a{c}b")), ascii(c)
        elif not UNSAFE.search(c) and not "🏻" <= c <= "🏿":  # which terminals do not agree on
            assert shown(c) == c, ascii(c)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("pay\u200bpal", r"pay\u200bpal"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("\ud800", r"\ud800"),
        ("one\r\ntwo\nthree\rfour", "one\ntwo\nthree\\rfour"),
        ("a\tb", "a b"),
        ("naïve café, 日本語, हिन्दी, עברית", "naïve café, 日本語, हिन्दी, עברית"),
        ("👩🏽\u200d💻 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3 ‼\ufe0f", "👩💻 ❤🔥 1\u20e3 ‼"),
        ("a\u200db a\ufe0f", r"a\u200db a\ufe0f"),
        ("\ufe0f", r"\ufe0f"),
        ("👍🏽 ✌\ufe0f🏿 🤦🏼\u200d♂\ufe0f", "👍 ✌ 🤦♂"),
        ("🏽", r"\U0001f3fd"),
        ("", ""),
    ],
)
def test_shown(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\t", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", " \n\n "])
def test_one_line_is_one_line(end):
    assert on_one_line(f"a{end}b\x1b") == r"a b\x1b"


def test_what_is_escaped_is_what_python_reads():
    text = "\x1b\u202e\U000e0041\r"
    assert ast.literal_eval(f'"{escaped(text)}"') == text


def test_an_ordinary_text_costs_next_to_nothing():
    text = "An ordinary message, with 日本語 and café. " * 25_000
    began = time.perf_counter()
    assert shown(text) is text
    assert time.perf_counter() - began < 1


def test_a_tower_of_marks_is_cut_and_letters_keep_theirs():
    assert shown("Việt, שָׁלוֹם, हिन्दी, é") == "Việt, שָׁלוֹם, हिन्दी, é"
    assert shown("a" + "\u0301" * 10 + "b") == "a" + "\u0301" * 8 + r"\u0301\u0301b"


def test_an_estimate_is_never_nothing_and_days_are_days():
    assert [about(s) for s in (None, 0, 0.01, 0.4, 1.2, 59.7)] == ["–", "0:00", "< 0.1 s", "0.4 s", "0:01", "1:00"]
    assert [about(h * 3600) for h in (1.85, 47.5, 48, 300.85)] == ["1 h 51", "47 h 30", "2 days", "13 days"]
    assert [count(n) for n in (999, 7_090_946, 1_558_000_000)] == ["999", "7.1 M", "1.6 B"]
