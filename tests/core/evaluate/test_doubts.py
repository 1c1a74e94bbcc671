"""Rows that look mislabelled: those that were made so, and not those that are rare, copied or alone."""

import numpy as np
import pytest

from core.data.near import first_near
from core.evaluate.doubts import doubts, judged

WORDS = {
    "sport": "match goal team league coach season player referee stadium score".split(),
    "food": "soup bread pepper oven recipe butter onion dinner plate cheese".split(),
    "space": "orbit rocket planet comet lander crater probe galaxy module launch".split(),
}
CHINESE = {"好": "房间很大早餐不错服务好", "坏": "隔音太差卫生糟糕前台冷淡"}


def made(sizes: dict[str, int], seed: int = 0, words=WORDS, between: str = " ") -> tuple[list[str], list[str]]:
    """So many texts of each label, of words of its own and of all."""
    rng = np.random.default_rng(seed)
    common = [f"word{i}" for i in range(20)] if between else list("的了在是我")
    texts, labels = [], []
    for label, n in sizes.items():
        for _ in range(n):
            chosen = [*rng.choice(list(words[label]), 4), *rng.choice(common, 6)]
            texts.append(between.join(rng.permutation(chosen)))
            labels.append(label)
    return texts, labels


def flipped(labels: list[str], rows: list[int], to: str) -> list[str]:
    return [to if i in rows else label for i, label in enumerate(labels)]


def found(texts, labels):
    return doubts(texts, labels, first_near(texts))


@pytest.mark.parametrize(
    ("words", "between", "to"), [(WORDS, " ", "food"), pytest.param(CHINESE, "", "坏", marks=pytest.mark.more)]
)
def test_flipped_labels_come_first_with_the_label_that_they_had(words, between, to):
    names = [*words]
    texts, labels = made(dict.fromkeys(names, 100), words=words, between=between)
    wrong = [3, 17, 40, 71, 88]
    said = found(texts, flipped(labels, wrong, to))
    assert {*said.order[:5].tolist()} == {*wrong}
    assert {said.names[said.other[i]] for i in wrong} == {names[0]}
    assert (said.said[wrong] > 0.5).all() and (said.own[wrong] < 0.5).all()


def test_a_rare_class_is_not_doubted_as_a_whole():
    texts, labels = made({"sport": 200, "food": 200, "space": 8})
    doubted = found(texts, labels).doubted
    assert doubted[-8:].mean() < 0.5


def test_copies_do_not_vouch_for_one_another():
    texts, labels = made({"sport": 60, "food": 60})
    copied = "match goal team league coach season player referee stadium score word1 word2"
    texts += [copied, copied, copied.upper(), copied + " again"]
    labels += ["food"] * 4
    assert {*found(texts, labels).order[:4].tolist()} == {120, 121, 122, 123}


def test_a_class_of_one_row_or_of_copies_of_one_cannot_be_judged():
    texts, labels = made({"sport": 40, "food": 40})
    lonely = "orbit rocket planet comet lander crater probe galaxy module launch"
    said = found([*texts, lonely, lonely.upper(), "only one"], [*labels, "space", "space", "one"])
    assert said.judged.tolist() == [True] * 80 + [False] * 3
    assert not said.doubted[80:].any() and (said.other[80:] == -1).all()


def test_few_rows_one_class_and_texts_of_nothing_are_no_fault():
    for texts, labels in (
        ([], []),
        (["a"], ["x"]),
        (["a", "b"], ["x", "x"]),
        (["same", "same"], ["x", "y"]),
        (["!", "?", "…", "#"], ["x", "y", "x", "y"]),
        (["a b", "c d"], ["x", "y"]),
    ):
        said = found(texts, labels)
        assert len(said.order) <= len(texts) and len(said.own) == len(texts)


@pytest.mark.more
def test_many_classes_and_the_same_again():
    words = {f"c{i:02}": [f"w{i}a", f"w{i}b", f"w{i}c", f"w{i}d"] for i in range(77)}
    texts, labels = made(dict.fromkeys(words, 6), words=words)
    wrong = flipped(labels, [100], "c50")
    one, again = found(texts, wrong), found(texts, wrong)
    assert one.order[0] == 100 and one.names[one.other[100]] == "c16"
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one[1:], again[1:], strict=True))


def test_a_row_is_doubted_only_where_another_class_is_more_probable_and_unusually_so():
    labels = np.array([0, 0, 0, 1, 1, 1])
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.6, 0.4], [0.55, 0.45]])
    said = judged(["a", "b"], labels, p)  # of b it is never sure
    assert said.doubted.tolist() == [False, False, True, False, False, False]
    assert said.other[2] == 1 and said.said[2] == pytest.approx(0.8)
