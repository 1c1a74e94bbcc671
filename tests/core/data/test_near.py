"""Texts that are nearly the same."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from core.data.near import ALIKE, first_near, plain
from core.data.profile import profile
from core.recipe import load

WORDS = (
    "the quick brown fox jumps over a lazy dog while seven wise men look for their lost umbrella in heavy rain".split()
)


def text(seed: int, n: int = 40) -> list[str]:
    random = np.random.default_rng(seed)
    return [f"{WORDS[i]}{random.integers(40)}" for i in random.integers(len(WORDS), size=n)]


def test_case_white_space_and_unicode_form_make_no_difference():
    texts = ["Hello  you", "hello YOU", "hello\nyou ", "Hello you!", "ｈｅｌｌｏ you"]
    assert first_near(texts).tolist() == [0, 0, 0, 3, 0]


def test_a_few_other_words_make_a_near_copy_and_many_do_not():
    whole = text(1)
    two, twelve = list(whole), list(whole)
    two[5], two[20] = "another", "one"
    for i in range(0, 36, 3):
        twelve[i] = f"other{i}"
    found = first_near([" ".join(each) for each in (whole, text(2), two, twelve, text(3))])
    assert found.tolist() == [0, 1, 0, 3, 4]


@pytest.mark.parametrize("marked", ["{},", "“{}”", "{}\u200b", "({})", "{}..."])
def test_marks_around_words_make_no_other_text(marked):
    whole = text(1)
    found = first_near([" ".join(whole), " ".join(marked.format(word) for word in whole), "- - - - - - - - -"])
    assert found.tolist() == [0, 0, 2]


def test_short_texts_are_compared_as_a_whole():
    assert first_near(["ok see you at eight", "ok see you at nine"]).tolist() == [0, 1]


def test_texts_without_blanks_are_compared_by_characters():
    one = "这家酒店的位置非常好离地铁站只有五分钟早餐也很丰富服务员态度热情房间干净整洁下次还会再来"
    assert first_near([one, one[:20] + "很" + one[21:], one[::-1]]).tolist() == [0, 0, 2]


def test_it_finds_what_comparing_all_pairs_finds():
    random = np.random.default_rng(5)
    bases = [text(seed) for seed in range(60)]
    texts = []
    for base in bases:
        texts.append(" ".join(base))
        for _ in range(3):
            changed = list(base)
            for i in random.choice(len(base), size=random.integers(1, 12), replace=False):
                changed[i] = f"x{random.integers(10_000)}"
            texts.append(" ".join(changed))

    def pairs(one: str) -> set:
        words = plain(one).split()
        return set(pairwise(words))

    expected = list(range(len(texts)))
    for j in range(len(texts)):
        for i in range(j):
            a, b = pairs(texts[i]), pairs(texts[j])
            if len(a & b) / len(a | b) >= ALIKE and expected[i] != expected[j]:
                low, high = sorted((expected[i], expected[j]))
                expected = [low if each == high else each for each in expected]
    found = first_near(texts).tolist()
    same = sum(a == b for a, b in zip(found, expected, strict=True))
    assert same >= 0.98 * len(texts) and len(set(expected)) < len(texts)
    assert all(found[i] == i or found[i] < i for i in range(len(texts)))


def test_none_and_one_text():
    assert first_near([]).tolist() == [] and first_near(["\ud800 lone"]).tolist() == [0]


@pytest.mark.more
def test_every_process_finds_the_same():
    code = "from core.data.near import first_near; print(first_near(open(0).read().split('|')).tolist())"
    texts = "|".join(" ".join(text(i % 7)[: 30 + i % 5]) for i in range(60))
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=texts,
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_near_copies_are_left_out_where_that_is_asked_and_else_counted(tmp_path):
    rows = [(" ".join(text(i)), "ab"[i % 2]) for i in range(40)]
    rows += [(" ".join([*text(0)[:-1], "end"]), "a"), (" ".join([*text(1)[:-1], "end"]), "a")]  # a copy and a conflict
    path = tmp_path / "a.csv"
    path.write_text("text,kind\n" + "".join(f"{one},{label}\n" for one, label in rows))
    said = {kind: load({"data": {"path": str(path), "duplicates": kind}}) for kind in ("drop", "drop_near")}
    profiles = {kind: profile(recipe)[0] for kind, recipe in said.items()}
    assert (profiles["drop"].duplicates, profiles["drop"].conflicts, profiles["drop"].near_copies) == (0, 0, 2)
    assert (profiles["drop_near"].duplicates, profiles["drop_near"].conflicts) == (1, 2)
    offers = [
        {note.offers["data.duplicates"] for note in each.notes if "data.duplicates" in note.offers}
        for each in profiles.values()
    ]
    assert offers == [{"drop_near"}, {"drop"}]


def test_near_copies_with_different_labels_are_said_to_be_near(tmp_path):
    path = tmp_path / "parcels.csv"
    rows = "".join(
        f"please send parcel number {i} to the old address in town as soon as possible,{'ab'[i % 2]}\n"
        for i in range(20)
    )
    path.write_text("text,kind\n" + rows)
    shown, _ = profile(load({"data": {"path": str(path), "label": "kind", "duplicates": "drop_near"}}))
    assert "Every text, or nearly the same one, occurs with different labels" in shown.problem
    assert "data.duplicates drop." in shown.problem
    assert any(
        note.text.startswith("rows with the same or nearly the same text but different labels") for note in shown.notes
    )


def test_to_leave_near_copies_out_is_not_offered_where_most_texts_are_alike(tmp_path):
    path = tmp_path / "made.csv"
    rows = [f"{'ab'[i % 2]},{' '.join(text(1))} {i} {' '.join(text(2))}" for i in range(40)]
    path.write_text("\n".join(["label,text", *rows]))
    found, _ = profile(load({"data": {"path": str(path)}}))
    (note,) = (note for note in found.notes if note.filter == "near")
    assert note.count == 39 and not note.offers and not note.do
    (note,) = (
        note
        for note in profile(load({"data": {"path": str(path), "duplicates": "drop_near"}}))[0].notes
        if note.filter == "near"
    )
    assert note.offers == {"data.duplicates": "drop"}  # and there is a way back
