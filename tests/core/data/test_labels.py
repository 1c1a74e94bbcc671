"""Labels that are one class, and labels that look like it."""

import json
from collections import Counter

import pytest

from core.data.labels import looking_alike, parted_by, several, spelled_alike
from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData


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


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        ({"joy": 40, "anger": 30, "joy,anger": 9}, ","),
        ({"joy": 40, "anger": 30, "fear": 5, "joy, anger": 2, "anger, fear": 1}, ","),
        ({"comedy|drama": 9, "drama|war": 7, "comedy|war": 5, "war|drama|comedy": 2}, "|"),
        ({"comedy|drama": 19, "drama": 13, "comedy": 11, "war": 8, "drama|war": 15}, "|"),
        ({"phones|new": 19, "phones|old": 13, "shoes|women": 9, "shoes": 9}, ""),
        ({"27": 90, "3": 20, "14": 10, "3,14": 4, "27,3": 3}, ","),
        ({"欢喜": 20, "愤怒": 20, "欢喜、愤怒": 4}, "、"),
        ({"Health, Beauty": 40, "Home, Garden": 30, "Books": 9}, ""),
        ({"Health, Beauty": 40, "Health": 3, "Beauty": 2}, ""),
        ({"Home, Garden": 9, "Home, Kitchen": 8, "Home, Tools": 7, "Home": 5}, ""),
        ({"1": 20, "1,5": 9, "2": 20, "2,5": 7, "5": 20}, ""),
        ({"joy": 400, "anger": 300, "joy,anger": 3}, ""),  # once in a while: as rare as any odd label
        ({"ham": 30, "spam": 20}, ""),
    ],
)
def test_several_labels_in_a_plain_cell(cells, mark):
    assert parted_by(Counter(cells)) == mark


EMOTIONS = [["joy", "anger", "fear", "joy,anger", "fear; calm", "calm"][i % 6] for i in range(120)]


def of_emotions(cells: list[str]) -> str:
    return "text\tlabel\n" + "".join(f"words of number {i}\t{cell}\n" for i, cell in enumerate(cells))


def test_texts_that_have_several_labels_are_said_and_left_out_or_joined(file):
    path = file(of_emotions([cell.replace("; ", ",") for cell in EMOTIONS]))
    with pytest.raises(BadData, match="33.3 % of the rows of data.csv have several labels, such as") as error:
        read(path)
    assert "leave_out" in error.value.do and "join" in error.value.do
    table = read(path, Options(several_labels="leave_out"))
    assert Counter(table.labels) == dict.fromkeys(["joy", "anger", "fear", "calm"], 20)
    assert table.skipped == {"several labels": 40}
    joined = Counter(read(path, Options(several_labels="join")).labels)
    assert joined == {**Counter(table.labels), "anger, joy": 20, "calm, fear": 20}


def test_lists_of_labels_can_be_joined_too(file):
    rows = [{"text": f"words of number {i}", "label": [["b", "a"], ["a"], []][i % 3]} for i in range(60)]
    table = read(file("\n".join(map(json.dumps, rows)), "data.jsonl"), Options(several_labels="join"))
    assert Counter(table.labels) == {"a, b": 20, "a": 20} and table.skipped == {"no label": 20}


def test_a_class_that_has_a_comma_is_one_class(file):
    cells = [["Health, Beauty", "Home, Garden", "Books"][i % 3] for i in range(90)]
    assert Counter(read(file(of_emotions(cells))).labels) == Counter(cells)


def test_many_combinations_of_few_labels_are_seen_as_the_label(file):
    names = [f"kind{i:02}" for i in range(30)]
    cells = [",".join([names[i % 30], names[i * 7 % 29], names[i * 11 % 23]][: 1 + i % 3]) for i in range(900)]
    content = "remark;type\n" + "".join(f"words of number {i} here;{cell}\n" for i, cell in enumerate(cells))
    with pytest.raises(BadData, match="have several labels"):
        read(file(content))
