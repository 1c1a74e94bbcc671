"""fastText's lines."""

import pytest

from core.data.read import read

TEXTS = [f"Hello there, Ana: see you at {i}, or later" for i in range(20)]
LABELS = ["ham", "spam"] * 10


@pytest.mark.parametrize("gap", [" ", "\t", "  ", " , "])
def test_the_mark_of_labels_is_taken_off_and_commas_stay_in_the_text(file, gap):
    path = file("".join(f"__label__{label}{gap}{text}\n" for text, label in zip(TEXTS, LABELS, strict=True)))
    table = read(path)
    assert table.labels == LABELS and table.format == "fastText lines"
    assert table.texts == [f"{gap}{text}".strip() for text in TEXTS]


def test_several_labels_wherever_they_stand_and_lines_without_one(file):
    lines = [f"__label__{label} {text}" for text, label in zip(TEXTS, LABELS, strict=True)]
    lines[3] = "__label__ham __label__urgent come at once"
    lines[4] = "some words __label__spam"
    table = read(file("\n".join([*lines, "", "nobody says what this is", "__label__ham"])))
    assert (table.labels[3], table.texts[3]) == ("spam", "some words")
    assert table.skipped == {"several labels": 1, "no label": 1, "no text": 1}


def test_separated_values_that_have_such_labels_are_no_such_lines(file):
    table = read(file("label,text\n" + "".join(f'__label__{label},"a, {label}"\n' for label in LABELS)))
    assert table.format == "comma-separated, with header"


def test_the_mark_may_be_in_capitals(file):
    table = read(file("".join(f"__LABEL__{label} {text}\n" for text, label in zip(TEXTS, LABELS, strict=True))))
    assert (table.texts, table.labels) == (TEXTS, LABELS)
