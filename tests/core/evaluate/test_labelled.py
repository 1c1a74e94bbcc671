"""What answers are worth on a file that says the labels, too."""

import gzip
import json

import pytest

from core.data.texts import Row
from core.evaluate import labelled
from core.evaluate.answers import Answer
from core.evaluate.labelled import Labelled, label_columns
from core.runs.folder import RunFolder
from core.runs.predictions import Prediction

LONG = "this is a rather long text of which hardly a word is another one"


@pytest.fixture
def run(tmp_path):
    found = RunFolder(tmp_path / "r7")
    found.path.mkdir()
    kept = [("train", "free prize"), ("train", LONG), ("test", "never seen in training")]
    rows = [{"row": i, "text": text, "label": "1", "split": split} for i, (split, text) in enumerate(kept)]
    found.data_file.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return found


def watched(cells, answers, columns=(1,), names=("text", "label")):
    found = Labelled(columns, names, ["0", "1"])
    rows = [
        Answer(Row(list(row), row[0]), Prediction(row[0], said, {said: 1.0}, False) if said else None)
        for row, said in zip(cells, answers, strict=True)
    ]
    assert [*found.watch([rows[:2], rows[2:]])] == [rows[:2], rows[2:]]
    return found


CELLS = [
    ("free prize", "1"),
    (LONG.upper(), "0"),
    ("never seen in training", "0.0"),
    ("other", "1"),
    ("what", "eggs"),
    ("no label", ""),
    ("no answer", "1"),
]


def test_it_says_what_is_right_with_and_without_what_was_learned_from(run):
    found = watched(CELLS, ["1", "1", "0", "0", "1", "1", None])
    assert [*found.sentences(run, "f.csv")] == [
        "Column label of f.csv has labels in 1 row that r7 has not learned: eggs.",
        "By the labels in column label, 50.0 % of 4 rows are right (95 % interval 15.0 % to 85.0 %).",
        "1 also stands word for word in what it learned from and 1 nearly, with a few other words, case or spaces: "
        "without them, 50.0 % of 2 rows are right (95 % interval 9.5 % to 90.5 %).",
    ]


def test_what_a_template_says_makes_no_row_like_one_that_was_learned_from(run):
    def said(words: str) -> str:
        return f"What somebody wrote in this mail, from the first word to the last: {words}"

    kept = {"row": 0, "text": said("see you at noon"), "label": "1", "split": "train"}
    run.data_file.write_bytes(gzip.compress((json.dumps(kept) + "\n").encode()))
    found = Labelled([0], ["label", "words"], ["1"], said("{words}"), said("{words}"))
    rows = [Row(["1", words], said(words)) for words in ("win a prize", "See you at NOON")]
    assert [*found.watch([[Answer(row, Prediction(row.text, "1", {"1": 1.0}, False)) for row in rows]])]
    assert "1 nearly, with a few other words, case or spaces" in [*found.sentences(run, "f")][1]


def test_where_all_or_nothing_was_learned_from_that_is_said(run):
    assert [*watched([CELLS[0]], ["0"]).sentences(run, "f")][1].endswith("learned from: there are no others.")
    assert [*watched([CELLS[3]], ["0"]).sentences(run, "f")][1] == (
        "None of them stands in what it learned from, nor nearly."
    )
    first, _ = watched([CELLS[3]], ["1"]).sentences(run, "f")
    assert first.startswith("By the labels in column label, 100 % of 1 row is right (")
    run.data_file.unlink()
    assert "is not known" in [*watched([CELLS[3]], ["0"]).sentences(run, "f")][1]


def test_labels_that_differ_from_its_own_in_case_alone_are_said_to_be_others(run):
    found = Labelled([1], ["text", "label"], ["ham", "spam"])
    row = Row(["a text", "Ham "], "a text")
    assert [*found.watch([[Answer(row, Prediction("a text", "ham", {"ham": 1.0}, False))]])]
    assert [*found.sentences(run, "f")][1] == ("Labels are compared as they are spelled, and Ham is not ham.")


def test_labels_that_look_like_no_label_of_its_own_are_not_said_to_be_spelled_otherwise(run):
    found = Labelled([1], ["text", "label"], ["Yes", "yes"])
    answer = Prediction("a text", "yes", {"yes": 1.0}, False)
    assert [*found.watch([[Answer(Row(["a text", label], "a text"), answer) for label in ("No", "no", "NO")]])]
    assert not [sentence for sentence in found.sentences(run, "f") if "as they are spelled" in sentence]
    assert [*found.watch([[Answer(Row(["a text", "y\u0435s"], "a text"), answer)]])]  # with a Cyrillic letter
    assert "as they are spelled, and y\\u0435s is not Yes." in " ".join(found.sentences(run, "f"))


def test_labels_of_another_file_are_not_compared(run):
    found = [*watched([("a", "x\n"), ("b", "y")], ["1", "1"]).sentences(run, "f")]
    assert found[1] == "None of its labels is one of 0, 1: nothing is compared." and "x, y" in found[0]
    assert not [*watched([("a", "")], ["1"]).sentences(run, "f")]


def test_a_large_file_is_compared_as_far_as_it_can_be_held(run, monkeypatch):
    monkeypatch.setattr(labelled, "MOST", 2)
    found = [*watched(CELLS, ["1", "1", "0", "0", "1", "1", None]).sentences(run, "f")]
    assert found[1].startswith("By the labels in column label, 50.0 % of 4 rows")
    assert found[2].startswith("Of the first 2, 1 also stands")


def test_columns_of_which_a_row_sets_one_are_the_label(run):
    found = watched([("a", "1", "0"), ("b", "yes", "no"), ("c", "1", "1")], ["1", "0", "0"], (1, 2), ("t", "1", "0"))
    assert [*found.hits] == [1, 0]


def test_where_the_label_stands():
    assert label_columns("label", ["text", "label"], "text") == [1]
    assert label_columns("label", ["label", "body"], "label") == []
    assert label_columns("a, b", ["b", "text", "a"], "text") == [2, 0] and label_columns("a, b", ["a"], "text") == []
    assert label_columns("a, b", ["a, b", "text"], "text") == [0]
    assert label_columns("0", ["0", "1"], "1") == [0] and label_columns("0", ["id", "text"], "text") == []
