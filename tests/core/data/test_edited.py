"""Rows as a person has mended them, found again by what they say."""

import random
from dataclasses import replace

import numpy as np
import pytest

from core.data.edited import edited
from core.data.mend import make_again, mend, take_back
from core.data.prepare import prepare
from core.errors import BadData
from core.recipe_data import Data
from core.runs import edits
from core.runs.edits import Edit, Edits

TEXTS = ["hello there", "win a prize", "see you", "free entry", "hello there", "lunch at one"]
LABELS = ["ham", "spam", "ham", "spam", "ham", "ham"]


def of(*made: Edit, data: str = "mails") -> Edits:
    return Edits(data=data, edits=[*made])


def test_a_row_and_its_copies_are_relabelled_or_dropped(table):
    found = edited(
        table(TEXTS, LABELS), of(Edit.of("hello there", "ham", "spam"), Edit.of("see you", "ham", None)), "m"
    )
    assert found.table.labels == ["spam", "spam", "ham", "spam", "spam", "ham"]
    assert np.flatnonzero(found.table.is_dropped).tolist() == [2]
    assert (found.applied().relabelled, found.applied().dropped) == (2, 1)
    assert [outcome for _, outcome in found.outcomes] == ["made", "made"]


def test_rows_are_found_again_in_a_file_that_was_reordered_and_has_grown(table):
    made = of(Edit.of("see you", "ham", "spam"), Edit.of("free entry", "spam", None))
    order = [5, 3, 1, 2, 0, 4]
    texts, labels = [TEXTS[i] for i in order] + ["new"], [LABELS[i] for i in order] + ["spam"]
    found = edited(table(texts, labels), made, "elsewhere")
    assert found.table.labels[3] == "spam" and np.flatnonzero(found.table.is_dropped).tolist() == [1]


def test_an_edit_that_has_nothing_to_do_says_why(table):
    made = of(
        Edit.of("gone text", "ham", "spam"),
        Edit.of("win a prize", "ham", "spam"),  # the file says so itself by now
        Edit.of("see you", "spam", "promo"),  # a third label
        Edit.of("free entry", "spam", "ham"),
    )
    found = edited(table(TEXTS, LABELS), made, "mails")
    assert [outcome for _, outcome in found.outcomes] == ["gone", "done", "other", "made"]
    applied = found.applied()
    assert (applied.relabelled, applied.gone, applied.done, applied.others) == (1, 1, 1, 1)


def test_an_edit_of_a_row_outside_of_the_part_that_is_taken_is_not_said_to_be_of_a_row_that_is_gone(table):
    part = replace(table(TEXTS, LABELS), left_out=3)
    applied = edited(part, of(Edit.of("left out", "ham", "spam")), "mails").applied()
    assert (applied.gone, applied.untaken) == (0, 1)
    assert applied.idle == ["1 edit of a row that is not among those taken (data.rows)."]


def test_a_row_that_cannot_be_mended_is_told_from_one_that_is_not_there(table, tmp_path):
    read, data = table(TEXTS, LABELS), Data(path="mails.csv")
    with pytest.raises(BadData, match="There is no row 99: they are numbered from 0 to 5"):
        mend(read, tmp_path / "edits.json", data, 99, None)
    part = replace(read, texts=TEXTS[:2], labels=LABELS[:2], rows=[0, 1], left_out=4)
    with pytest.raises(BadData, match="Row 3 is not among the 2 rows that are taken"):
        mend(part, tmp_path / "edits.json", data, 3, None)


def test_edits_of_other_data_are_refused_and_of_this_data_whose_rows_are_gone_are_not(table):
    made = of(Edit.of("nothing of this", "ham", "spam"), data="reviews/train.csv")
    with pytest.raises(BadData, match=r"were made in reviews/train\.csv, and no row of theirs is in mails"):
        edited(table(TEXTS, LABELS), made, "mails")
    assert edited(table(TEXTS, LABELS), of(made.edits[0]), "mails").applied().gone == 1


@pytest.mark.parametrize("duplicates", ["drop", pytest.param("drop_near", marks=pytest.mark.more), "keep"])
def test_splits_are_those_of_a_file_that_was_mended_by_hand(table, duplicates):
    dice = random.Random(5)
    texts = [f"text {dice.randrange(150)} of these and those words" for _ in range(300)]
    labels = [dice.choice(["ham", "spam"]) for _ in texts]
    made = [Edit.of(texts[i], labels[i], dice.choice([None, "ham", "spam"])) for i in dice.sample(range(300), 40)]
    data = Data(duplicates=duplicates)
    read = table(texts, labels)
    read.first_near  # noqa: B018  # known before, as in the app
    mended = edited(read, of(*made), "m").table
    kept = np.flatnonzero(~mended.is_dropped)
    by_hand = table([texts[i] for i in kept], [mended.labels[i] for i in kept])
    one, other = prepare(mended, data), prepare(by_hand, data)
    assert one.texts == other.texts and one.split.tolist() == other.split.tolist()
    assert one.labels.tolist() == other.labels.tolist() and one.rows.tolist() == kept[other.rows].tolist()
    assert (one.duplicates, one.conflicts) == (other.duplicates, other.conflicts)


def test_a_contradiction_is_none_once_one_of_its_rows_is_dropped(table):
    read = table(["same", "same", *"abcdefghij"], ["ham", "spam", *["ham", "spam"] * 5])
    assert prepare(read, Data()).conflicts == 2
    assert prepare(edited(read, of(Edit.of("same", "spam", None)), "m").table, Data()).conflicts == 0


def test_edits_that_drop_every_row_are_refused(table):
    made = of(*(Edit.of(text, label, None) for text, label in zip(TEXTS, LABELS, strict=True)))
    with pytest.raises(BadData, match="edits drop every row"):
        prepare(edited(table(TEXTS, LABELS), made, "m").table, Data())


def test_mending_says_what_a_row_is_now_and_again(table, tmp_path):
    read, data, file = table(TEXTS, LABELS), Data(path=str(tmp_path / "m.csv")), tmp_path / "edits.json"
    assert mend(read, file, data, 0, "spam").what == "Row 0 and its copy are spam now."
    assert mend(read, file, data, 2, None).what == "Row 2 is dropped now."
    with pytest.raises(BadData, match="Row 2 is dropped already"):
        mend(read, file, data, 2, None)
    with pytest.raises(BadData, match="No row has the label hamm") as refused:
        mend(read, file, data, 2, "hamm")
    assert refused.value.do == "Choose one of those that there are: ham, spam."
    with pytest.raises(BadData, match="There is no row 77"):
        mend(read, file, data, 77, "ham")
    assert take_back(read, file, data).what == "Row 2 is ham again."
    assert make_again(read, file, data).what == "Row 2 is dropped now."
    assert mend(read, file, data, 2, "ham").what == "Row 2 is ham now."
    assert edits.read(file).latest.keys() == {(edits.digest("hello there"), "ham")}


def test_undoing_an_edit_of_a_row_that_is_gone_says_so(table, tmp_path):
    data, file = Data(path=str(tmp_path / "m.csv")), tmp_path / "edits.json"
    mend(table(TEXTS, LABELS), file, data, 2, "spam")
    mend(table(TEXTS, LABELS), file, data, 5, "spam")
    assert "“lunch at one” is not in the data any more" in take_back(table(TEXTS[:3], LABELS[:3]), file, data).what
