"""Labels that are one class, and labels that look like it."""

from collections import Counter

import pytest

from core.data.labels import looking_alike, several, spelled_alike
from core.data.read import read


@pytest.mark.parametrize(
    "counts, same",
    [
        ({"1": 3, "1.0": 2, "0": 4}, {"1.0": "1"}),
        ({"1": 3, "1.0": 2, "true": 1, "0": 4, "False": 1}, {"1.0": "1", "true": "1", "False": "0"}),
        ({"True": 3, "TRUE": 1, "true": 2, "false": 1}, {"TRUE": "True", "true": "True"}),
        ({"true": 3, "1": 2, "maybe": 1}, {}),
        ({"1.0": 3, "2.0": 4, "1.5": 1}, {}),
        ({"spam": 3, "Spam": 2}, {}),
        ({"1": 1, "2": 1, "10": 1}, {}),
    ],
)
def test_spellings_that_are_certainly_one_class(counts, same):
    assert spelled_alike(counts) == same


@pytest.mark.parametrize(
    "one, other",
    [
        ("spam", "SPAM"),
        ("not spam", "not  spam"),
        ("notspam", "not spam"),
        ("spam", "spam\u200b"),
        ("spam", "sp\u0430m"),
        ("spam", "\uff53\uff50\uff41\uff4d"),
        ("caf\u00e9", "cafe\u0301"),
        ("HAM", "\u0397\u0391\u039c"),
    ],
)
def test_labels_that_look_alike(one, other):
    assert looking_alike({one: 5, other: 2, "else": 9}) == {other: one}
    assert looking_alike({one: 2, other: 5}) == {one: other}


def test_labels_that_do_not_look_alike():
    names = [
        "level 1",
        "level 2",
        "spam",
        "not spam",
        "\u0939\u093f",
        "\u0939\u0941",
        "\u6b63\u5e38",
        "C",
        "C++",
        "",
        "\u200b",
    ]
    assert looking_alike(Counter(names)) == {}


@pytest.mark.parametrize(
    "cell, labels",
    [
        ('["a"]', ["a"]),
        ("['a', 'b']", ["a", "b"]),
        ("[]", []),
        ("[1, 2]", ["1", "2"]),
        ('["a", "a", ""]', ["a"]),
        ("[red]spam[/red]", None),
        ("[spam]", None),
        ('[["a"]]', None),
        ("spam", None),
        ("[" * 100_000 + "]" * 100_000, None),
    ],
)
def test_a_cell_may_hold_a_list_of_labels(cell, labels):
    assert several(cell) == labels


def test_one_class_in_several_spellings_is_read_as_one_and_said(file):
    rows = "".join(f"text of number {i},{('1', '0', '1.0', '0', 'true')[i % 5]}\n" for i in range(50))
    table = read(file("text,label\n" + rows))
    assert Counter(table.labels) == {"1": 30, "0": 20}
    assert table.notes == ["1.0 and true (20 rows) are read as the class 1."]


def test_labels_with_line_breaks_and_escape_sequences_survive(file):
    rows = "".join(
        f'text of number {i},"{("spam" + chr(10) + "or worse", chr(27) + "[2Jham")[i % 2]}"\n' for i in range(50)
    )
    assert set(read(file("text,label\n" + rows)).labels) == {"spam\nor worse", "\x1b[2Jham"}
