"""Training rows learned from in both orders of two columns."""

import random

import pytest

from core.data.parts import read_parts
from core.data.prepare import prepare
from core.data.profile import profile
from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData, BadRecipe
from core.recipe import load
from core.template import exchanged

SAID = "{asked:.20}: {left:.9} or {right}"


@pytest.fixture
def answers(tmp_path):
    rng, path = random.Random(2), tmp_path / "answers.csv"
    rows = [f"q{i},l{rng.random()},r{rng.random()},{'ab='[i % 3]}\n" for i in range(90)] + ["same,x,x,a\n"]
    path.write_text("asked,left,right,better\n" + "".join(rows))
    return path


def data(path, **changes):
    return load({"data": {"path": str(path), "text": SAID, "label": "better", **changes}}).data


def test_columns_change_places_and_the_place_keeps_its_share():
    assert exchanged(SAID, "left", "right") == "{asked:.20}: {right:.9} or {left}"
    assert exchanged("{{left}} {left} {0}", "left", "right") == "{{left}} {right} {0}"


def test_training_rows_alone_are_there_in_both_orders(answers):
    plain, swapped = data(answers), data(answers, swap="left,right", swap_labels="a, b")
    before, after = prepare(read_parts(plain), plain), prepare(read_parts(swapped), swapped)
    n = len(before.texts)
    assert after.texts[:n] == before.texts and after.labels[:n].tolist() == before.labels.tolist()
    assert after.split[:n].tolist() == before.split.tolist() and set(after.split[n:]) == {"train"}
    train = before.indices("train")
    assert after.swapped == len(after.texts) - n == len([i for i in train if not before.texts[i].startswith("same")])
    labels = [before.names[label] for label in before.labels]
    by_row = {row: pair for row, *pair in zip(before.rows, before.texts, labels, strict=True)}
    for row, text, label in zip(after.rows[n:], after.texts[n:], after.labels[n:], strict=True):
        said, right = by_row[row]
        left, _, other = said.partition(": ")[2].partition(" or ")
        assert text.startswith(said.partition(": ")[0]) and other.startswith(text.partition(": ")[2].split(" or ")[0])
        assert text.partition(" or ")[2].startswith(left)
        assert after.names[label] == {"a": "b", "b": "a", "=": "="}[right]
    trained = after.split == "train"
    assert not set(after.rows[trained]) & set(after.rows[~trained])


def test_labels_stay_where_none_are_named_and_fewer_rows_are_doubled(answers):
    some = data(answers, swap="right,left", learn_from=30)
    found = prepare(read_parts(some), some)
    assert len(found.indices("train")) == 60 and found.swapped == 30
    labels = dict(zip(found.rows[: -found.swapped], found.labels[: -found.swapped], strict=True))
    assert all(labels[row] == label for row, label in zip(found.rows[-30:], found.labels[-30:], strict=True))


def test_columns_may_be_numbered_and_rows_of_files_of_their_own_are_not_swapped(answers, tmp_path):
    (tmp_path / "test.csv").write_text("asked,left,right,better\nz,one,two,a\nz,two,one,b\n")
    numbered = load(
        {
            "data": {
                "path": str(answers),
                "text": "{1} {2}",
                "label": "3",
                "swap": "1,2",
                "swap_labels": "a,b",
                "test_path": str(tmp_path / "test.csv"),
            }
        }
    ).data
    found = prepare(read_parts(numbered), numbered)
    assert [found.texts[i] for i in found.indices("test")] in (["one two", "two one"], ["two one", "one two"])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"swap": "left"}, "cannot be 'left'"),
        ({"swap": "left,left"}, "cannot be"),
        ({"swap": "left,middle"}, "middle, which is no column of the text"),
        ({"swap": "left,right", "swap_labels": "a"}, "data.swap_labels"),
        ({"swap": "left,right", "text": "left"}, "no column of the text"),
    ],
)
def test_what_cannot_be_swapped_is_said(changes, why):
    with pytest.raises(BadRecipe, match=why):
        data("x.csv", **changes)


def test_a_label_that_no_row_has_is_said(answers):
    wrong = data(answers, swap="left,right", swap_labels="a,B")
    with pytest.raises(BadData, match="has the label B"):
        prepare(read_parts(wrong), wrong)


def test_labels_that_would_change_with_no_columns_are_said_to_stay(answers):
    shown, _ = profile(load({"data": {"path": str(answers), "text": SAID, "label": "better", "swap_labels": "a,b"}}))
    assert "a and b stay as they are: no two columns are exchanged." in [note.text for note in shown.notes]


def test_a_table_read_without_it_holds_nothing_more(answers):
    assert not read(answers, Options(text=SAID, label="better")).swapped
