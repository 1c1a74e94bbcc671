import csv
import gzip
import json
import time
from collections import Counter
from dataclasses import replace
from itertools import cycle, islice

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core import recipe
from core.data.kept import load, save
from core.data.prepare import SPLITS, Prepared, label_names, prepare
from core.data.read import Table, read
from core.data.sources.source import Options
from core.errors import BadData, BadRecipe, BadRun
from core.recipe_data import Data
from core.runs.folder import RunFolder

DEFAULT = Data()
BOOK = recipe.load({"preset": "book"}).data


def data(**changes) -> Data:
    return DEFAULT.model_copy(update=changes)


def sizes(prepared: Prepared) -> list[int]:
    return [len(prepared.indices(split)) for split in SPLITS]


def test_the_books_split_row_by_row(shared):
    """Against the book's own code, in pandas."""
    import pandas as pd

    path = shared / "sms/SMSSpamCollection"
    prepared = prepare(read(path, Options(quoting="csv")), BOOK)
    frame = pd.read_csv(path, sep="\t", header=None, names=["Label", "Text"])
    ham, spam = (frame[frame["Label"] == label] for label in ("ham", "spam"))
    balanced = pd.concat([ham.sample(len(spam), random_state=123), spam]).sample(frac=1, random_state=123)

    assert prepared.rows.tolist() == balanced.index.tolist()
    assert prepared.texts == balanced["Text"].tolist()
    assert prepared.names == ["ham", "spam"]
    assert prepared.labels.tolist() == (balanced["Label"] == "spam").astype(int).tolist()
    assert prepared.split.tolist() == ["train"] * 1045 + ["validation"] * 149 + ["test"] * 300
    assert [int(prepared.leaks[prepared.indices(split)].sum()) for split in SPLITS] == [0, 13, 37]
    assert prepared.unbalanced == 4825 - 747


def test_the_default_split_of_the_sms_file_leaks_nothing(shared):
    prepared = prepare(read(shared / "sms/SMSSpamCollection"), DEFAULT)
    assert (prepared.duplicates, prepared.conflicts) == (403, 0)
    assert len(prepared.texts) == len(set(prepared.texts)) == 5574 - 403
    assert not prepared.leaks.any()
    shares = [prepared.counts(split)["spam"] / len(prepared.indices(split)) for split in SPLITS]
    assert max(shares) - min(shares) < 0.002


@pytest.mark.parametrize(
    "labels, names",
    [
        (["spam", "ham"], ["ham", "spam"]),
        (["10", "9", "1"], ["1", "9", "10"]),
        (["-1", "1", "0.5"], ["-1", "0.5", "1"]),
        (["level 10", "level 2"], ["level 2", "level 10"]),
        (["b", "2", "a", "10"], ["2", "10", "a", "b"]),
        (["x\u00b2", "x", "9" * 5000, "\u597d"], ["9" * 5000, "x", "x\u00b2", "\u597d"]),
    ],
)
def test_label_names_are_in_natural_order(labels, names):
    assert label_names(labels) == names


def test_duplicates_are_dropped_or_kept(table):
    texts = [f"text {i}" for i in range(40)] + ["text 0", "text 0", "text 1"]
    labels = ["x", "y"] * 20 + ["x", "x", "x"]  # text 1 was a y
    dropped = prepare(table(texts, labels), DEFAULT)
    assert sorted(dropped.rows) == [i for i in range(40) if i != 1]
    assert (dropped.duplicates, dropped.conflicts) == (2, 2)
    kept = prepare(table(texts, labels), data(duplicates="keep"))
    assert sorted(kept.rows) == list(range(43))
    assert (kept.duplicates, kept.conflicts) == (2, 2)


def test_leaks_are_the_copies_outside_training(table):
    prepared = prepare(table(["same"] * 10 + ["other"] * 10, ["x"] * 10 + ["y"] * 10), data(duplicates="keep"))
    assert (prepared.leaks == (prepared.split != "train")).all()


def test_undersampling_learns_from_as_many_of_each_label_as_the_rarest_has(table):
    labels = ["a"] * 50 + ["b"] * 20 + ["c"] * 30
    made = table([str(i) for i in range(100)], labels)
    first = prepare(made, data(balance="undersample", balance_first=True))
    assert Counter(first.labels.tolist()) == {0: 20, 1: 20, 2: 20}
    assert first.unbalanced == 40
    plain, prepared = prepare(made, DEFAULT), prepare(made, data(balance="undersample"))
    assert set(prepared.counts("train").values()) == {plain.counts("train")["b"]}
    for split in ("validation", "test"):
        assert prepared.counts(split) == plain.counts(split)
        assert prepared.rows[prepared.indices(split)].tolist() == plain.rows[plain.indices(split)].tolist()
    assert prepared.unbalanced == len(plain.rows) - len(prepared.rows) > 0


def test_the_split_is_a_function_of_the_seed(table):
    made = table([str(i) for i in range(60)], ["a", "b", "c"] * 20)
    one, again, other = (prepare(made, data(seed=seed)) for seed in (1, 1, 2))
    assert one.rows.tolist() == again.rows.tolist() and one.split.tolist() == again.split.tolist()
    assert set(one.rows[one.indices("test")]) != set(other.rows[other.indices("test")])


def test_stratifying_gives_every_label_a_place_in_every_split(table):
    labels = ["a"] * 200 + ["b"] * 30 + ["c"] * 3
    prepared = prepare(table([str(i) for i in range(233)], labels), DEFAULT)
    assert prepared.counts("train") == {"a": 140, "b": 21, "c": 1}
    assert prepared.counts("validation") == {"a": 20, "b": 3, "c": 1}
    assert prepared.counts("test") == {"a": 40, "b": 6, "c": 1}
    assert sum(sizes(prepared)) == 233


def test_labels_too_rare_to_be_split_are_left_out_joined_or_refused(table):
    made = table([str(i) for i in range(25)], ["a", "b"] * 10 + ["rare", "typo", "typo", "once", "other"])
    left = prepare(made, DEFAULT)
    assert left.names == ["a", "b"] and left.rare == {"once": 1, "other": 1, "rare": 1, "typo": 2}
    assert sorted(left.rows) == list(range(20))
    joined = prepare(made, data(rare_labels="join"))
    assert joined.names == ["a", "b", "other"] and sorted(joined.rows) == list(range(25))
    assert sum(joined.counts(split)["other"] for split in SPLITS) == 5
    with pytest.raises(BadData, match=r"once \(1\), other \(1\), rare \(1\), typo \(2\)") as error:
        prepare(made, data(rare_labels="refuse"))
    assert "data.stratify off" in error.value.do and "data.rare_labels" in error.value.do
    unstratified = prepare(made, data(stratify=False))
    assert sum(unstratified.counts(split)["rare"] for split in SPLITS) == 1 and unstratified.rare == {}


def test_rare_labels_that_make_too_few_rows_even_joined_are_left_out(table):
    made = table([str(i) for i in range(22)], ["a", "b"] * 10 + ["rare", "once"])
    assert prepare(made, data(rare_labels="join")).names == ["a", "b"]
    with pytest.raises(BadData, match="Fewer than two labels have 3 rows, one for each split: b has 2"):
        prepare(table([str(i) for i in range(12)], ["a"] * 10 + ["b"] * 2), DEFAULT)


def test_labels_that_look_alike_are_joined_where_that_is_asked_for(table):
    labels = ["spam", "ham", "Spam", "ham", "sp\u0430m", "ham", "spam\u200b", "ham"] * 6
    labels[0] = "spam "
    made = table([str(i) for i in range(48)], labels)
    assert len(prepare(made, DEFAULT).names) == 5  # one of them is too rare
    joined = prepare(made, data(join_labels="on"))
    assert len(joined.names) == 2 and joined.counts("train")["ham"] == sum(joined.counts("train").values()) / 2


def parted(table, splits: list[str], labels: list[str] | None = None):
    labels = labels or [*islice(cycle("xy"), len(splits))]
    return replace(table([str(i) for i in range(len(splits))], labels), splits=splits)


def test_splits_that_are_given_stay(table):
    made = parted(table, [*islice(cycle(["train", "train", "test", "validation"]), 80)])
    prepared = prepare(made, DEFAULT)
    assert all(made.splits[row] == split for row, split in zip(prepared.rows, prepared.split, strict=True))
    assert sizes(prepared) == [40, 20, 20]
    assert prepare(made, data(seed=5)).rows.tolist() != prepared.rows.tolist()
    balanced = prepare(
        parted(table, made.splits, ["x", "x", "x", "y", "y", "y", "y", "x"] * 10), data(balance="undersample")
    )
    assert set(balanced.counts("test").values()) == {10} and len(set(balanced.counts("train").values())) == 1


@pytest.mark.parametrize("stratify", [True, False])
def test_parts_that_are_not_given_are_taken_from_training(table, stratify):
    made = parted(table, ["train"] * 80 + ["test"] * 20)
    prepared = prepare(made, data(stratify=stratify))
    assert sizes(prepared) == [72, 8, 20] and set(prepared.rows[prepared.indices("test")]) == set(range(80, 100))
    assert sizes(prepare(parted(table, ["train"] * 80 + ["validation"] * 20), data(stratify=stratify))) == [64, 20, 16]
    with pytest.raises(BadData, match="no row for train"):
        prepare(parted(table, ["validation"] * 40 + ["test"] * 40), data(stratify=stratify))


def test_copies_between_given_splits_stay_and_are_leaks(table):
    made = parted(table, ["train"] * 40 + ["validation"] * 10 + ["test"] * 10)
    made.texts[50], made.texts[59] = made.texts[0], made.texts[51]
    made.labels[59] = made.labels[51]
    prepared = prepare(made, DEFAULT)
    assert prepared.duplicates == 1 and sizes(prepared) == [40, 10, 9]
    assert prepared.rows[prepared.leaks].tolist() == [50]


def test_near_copies_across_splits_are_near_leaks(table):
    made = parted(table, ["train"] * 40 + ["validation"] * 10 + ["test"] * 10)
    made.texts[:2] = ["See you  soon", "Free entry"]
    made.texts[50:53] = ["see YOU soon\n", "Free entry", "\uff26ree entry"]
    prepared = prepare(made, DEFAULT)
    assert sorted(prepared.rows[prepared.near_leaks].tolist()) == [50, 52]
    assert prepared.rows[prepared.leaks].tolist() == [51]


def test_many_labels_take_time_in_proportion(table):
    n = 60_000
    made = table([str(i) for i in range(n)], [f"label {i % 10_000}" for i in range(n)])
    began = time.perf_counter()
    prepared = prepare(made, data(balance="undersample"))
    assert len(prepared.names) == 10_000 and min(prepared.counts("test").values()) == 1
    assert time.perf_counter() - began < 10


def test_a_label_may_be_absent_from_validation_without_stratifying(table):
    prepared = prepare(table([str(i) for i in range(30)], ["a", "b"] * 14 + ["rare"] * 2), data(stratify=False))
    assert prepared.counts("validation")["rare"] == 0


@pytest.mark.parametrize(
    "texts, labels, changes, what",
    [
        ([], [], {}, "No row has both"),
        (["a", "b"], ["ham", "ham"], {}, "Every row says ham"),
        (["a", "a", "b"], ["x", "y", "x"], {}, "Without copied texts every row says x"),
        (["a", "a"], ["x", "y"], {}, "Every text occurs with different labels"),
        ([str(i) for i in range(20)], [f"label {i}" for i in range(20)], {}, "20 labels in 20 rows"),
        (["a", "b", "c", "d"], ["x", "y", "x", "y"], {"stratify": False}, "no row for validation"),
        (
            [str(i) for i in range(20)],
            ["x"] * 18 + ["y"] * 2,
            {"stratify": False, "seed": 1},
            "learn from says x",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_refused_with_what_to_do(table, texts, labels, changes, what):
    if "learn from" in what:
        changes["seed"] = next(
            seed
            for seed in range(1000)
            if min(np.random.RandomState(seed).permutation(20).tolist().index(i) for i in (18, 19)) > 13
        )
    with pytest.raises(BadData, match=what) as error:
        prepare(table(texts, labels), data(**changes))
    assert error.value.do


def test_where_one_label_is_left_because_rows_were_skipped_these_are_named(table):
    read = replace(table(["a", "b"], ["ham", "ham"]), n_rows=102, skipped={"no date": 100})
    with pytest.raises(BadData, match=r"Every row says ham\. 100 of the 102 rows were skipped: no date \(100\)\."):
        prepare(read, data())


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return RunFolder(tmp_path)


@pytest.fixture
def prepared(table) -> Prepared:
    texts = [f'text "{i}",\n\u2028 \u4f60\u597d \x00\x1b' for i in range(28)] + ["same"] * 2
    return prepare(table(texts, ["10", "9"] * 15), data(duplicates="keep"))


def test_a_run_keeps_its_rows(prepared, run):
    save(prepared, run)
    loaded = load(run, "text")
    assert loaded.texts == prepared.texts and loaded.names == prepared.names == ["9", "10"]
    for name in ("rows", "labels", "split", "leaks"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(prepared, name))
    with gzip.open(run.data_file, "rt", encoding="utf-8", newline="\n") as lines:
        first = json.loads(next(lines))
    assert first == {
        "row": prepared.rows[0],
        "text": prepared.texts[0],
        "label": prepared.names[prepared.labels[0]],
        "split": "train",
    } | {"split": prepared.split[0]}


def test_the_split_is_a_table(prepared, run):
    save(prepared, run)
    with open(run.split_file, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["row", "label", "split"]
    assert [int(row[0]) for row in rows] == prepared.rows.tolist()
    assert [row[2] for row in rows] == prepared.split.tolist()
    assert {row[1] for row in rows} == {"9", "10"}


@pytest.mark.parametrize("harm", ["cut", "words", "half a line", "nothing", "gone"])
def test_kept_rows_that_are_damaged_are_refused(prepared, run, harm):
    save(prepared, run)
    whole = run.data_file.read_bytes()
    lines = gzip.decompress(whole)
    if harm == "gone":
        run.data_file.unlink()
    else:
        damaged = {
            "cut": whole[:-20],
            "words": b"not gzip",
            "half a line": gzip.compress(lines[:-9]),
            "nothing": gzip.compress(b""),
        }
        run.data_file.write_bytes(damaged[harm])
    with pytest.raises(BadRun, match=r"data\.jsonl\.gz") as error:
        load(run, "text")
    assert error.value.do


@given(st.lists(st.integers(0, 3), min_size=12, max_size=60), st.integers(2, 5), st.booleans())
@settings(max_examples=50, deadline=None)
def test_folds_test_every_row_once_and_are_of_a_size(labels, k, stratify):
    labels = [f"label {n}" for n in labels for _ in range(3)]
    made = Table(
        *("made up", [f"text {i}" for i in range(len(labels))], labels, [*range(len(labels))], len(labels)),
        *({"text": "text", "label": "label"}, ["text", "label"], "", "UTF-8", Options("text", "label", "none"), {}, []),
    )
    assume(len(set(labels)) > 1)
    whole = prepare(made, data(stratify=stratify, train=0.8))
    try:
        parts = [prepare(made, data(fold=f"{i + 1}/{k}", stratify=stratify)) for i in range(k)]
    except BadData as refused:  # drawn from all rows alike, a fold's may be of one label
        assert not stratify and refused.what.startswith("Every row to learn from says")
        return
    tested = [part.rows[part.indices("test")].tolist() for part in parts]
    assert sorted(row for rows in tested for row in rows) == sorted(whole.rows)
    assert max(map(len, tested)) - min(map(len, tested)) <= 1
    for part in parts:
        assert len(part.rows) == len(set(part.rows)) == len(labels)
        assert len(part.indices("validation")) >= 1
    if stratify:
        for name in set(labels):
            counts = [part.counts("test")[name] for part in parts]
            assert max(counts) - min(counts) <= 1


def test_a_fold_does_not_go_with_rows_that_are_given(table):
    given_split = replace(table([f"text {i}" for i in range(20)], ["x", "y"] * 10), splits=["train", "test"] * 10)
    with pytest.raises(BadData, match="so no folds are made of it"):
        prepare(given_split, data(fold="1/2"))


def test_more_folds_than_rows_are_refused_in_each_fold(table):
    for fold in ("1/9", "9/9"):
        with pytest.raises(BadData, match="9 folds cannot be made of 8 rows"):
            prepare(table([f"text {i}" for i in range(8)], ["x", "y"] * 4), data(fold=fold))


def test_fewer_labels_are_among_more_and_keep_their_shares(table):
    made = table([f"text {i}" for i in range(300)], ["x", "y", "y", "z", "z", "z"] * 50)
    whole = prepare(made, DEFAULT)
    before: set[int] = set()
    for n in (3, 6, 30, 60, 120):
        fewer = prepare(made, data(learn_from=n))
        learned = set(fewer.rows[fewer.indices("train")].tolist())
        assert len(learned) == n and before <= learned and fewer.unused == len(whole.indices("train")) - n
        assert all(fewer.counts("train").values())
        for split in ("validation", "test"):
            assert fewer.rows[fewer.indices(split)].tolist() == whole.rows[whole.indices(split)].tolist()
        before = learned
    assert fewer.counts("train") == {"x": 20, "y": 40, "z": 60}
    assert prepare(made, data(learn_from=5000)).unused == 0


def test_a_fold_that_is_none_is_refused():
    for fold in ("0/5", "6/5", "1/1", "two", "1/"):
        with pytest.raises(BadRecipe, match=r"data.fold: cannot be"):
            recipe.load({"data": {"fold": fold}})
    for more, field in ({"test_path": "t.csv"}, "data.fold"), ({"validation": 0.5}, "data.validation"):
        with pytest.raises(BadRecipe, match=field):
            recipe.load({"data": {"fold": "1/2"} | more})


def test_rarer_labels_stand_in_training_again_and_nowhere_else(tmp_path):
    labels = ["rare" if i % 10 == 0 else "some" if i % 3 == 0 else "most" for i in range(100)]
    (tmp_path / "a.csv").write_text("text,kind\n" + "".join(f"words {i},{label}\n" for i, label in enumerate(labels)))
    table = read(tmp_path / "a.csv")
    plain, more = (prepare(table, data(balance=kind)) for kind in ("none", "oversample"))
    counts = more.counts("train")
    assert set(counts.values()) == {plain.counts("train")["most"]}
    assert more.again == len(more.indices("train")) - len(plain.indices("train")) > 0
    for split in ("validation", "test"):
        assert more.counts(split) == plain.counts(split)
    learned = [more.rows[i] for i in more.indices("train")]
    assert set(learned) == {plain.rows[i] for i in plain.indices("train")}
    for label in range(3):
        often = Counter(more.rows[i] for i in more.indices("train") if more.labels[i] == label)
        assert max(often.values()) - min(often.values()) <= 1
    assert not more.leaks.any() and more.unbalanced == more.unused == 0
