import random

import numpy as np
import pytest

from core.data.copies import copies, first_rows, leaks, near_copies
from core.data.near import first_near


def plainly(texts, labels, split):
    """The same masks by looking at all rows before each one, and at all others."""
    plain = [" ".join(text.casefold().split()) for text in texts]
    rows = range(len(texts))
    conflict = [any(texts[j] == texts[i] and labels[j] != labels[i] for j in rows) for i in rows]
    return {
        "conflict": conflict,
        "duplicate": [texts[i] in texts[:i] and not conflict[i] for i in rows],
        "near": [plain[i] in plain[:i] and texts[i] not in texts[:i] for i in rows],
        "leak": [
            split[i] in ("validation", "test") and any(texts[j] == texts[i] and split[j] == "train" for j in rows)
            for i in rows
        ],
    }


@pytest.mark.parametrize("seed", range(20))
def test_rows_are_compared_as_texts_would_be(seed):
    draw = random.Random(seed)
    texts = [draw.choice(["a b", "A b", "a  B", "c", "C ", "d", "\u00c4", "\u00e4", ""]) for _ in range(40)]
    labels = [draw.choice("xy") if text == "c" else "x" for text in texts]
    split = np.array([draw.choice(["train", "validation", "test", ""]) for _ in texts])
    first, expected = first_rows(texts), plainly(texts, labels, split)
    duplicate, conflict = copies(first, labels)
    assert conflict.tolist() == expected["conflict"] and duplicate.tolist() == expected["duplicate"]
    assert near_copies(first, first_near(texts)).tolist() == expected["near"]
    assert leaks(first, split).tolist() == expected["leak"]


def test_copies_and_conflicts():
    texts = ["a", "b", "a", "c", "b", "b", "a "]
    labels = ["x", "x", "x", "y", "y", "x", "x"]
    duplicate, conflict = copies(first_rows(texts), labels)
    assert duplicate.tolist() == [False, False, True, False, False, False, False]
    assert conflict.tolist() == [False, True, False, False, True, True, False]


def test_rows_of_different_parts_are_not_compared():
    texts, labels, part = ["a", "a", "b", "a"], ["x", "x", "y", "y"], np.array([0, 1, 0, 1])
    duplicate, conflict = copies(first_rows(texts), labels, part)
    assert duplicate.tolist() == [False] * 4 and conflict.tolist() == [False, True, False, True]


def test_nothing_is_compared_with_nothing():
    duplicate, conflict = copies(first_rows([]), [])
    assert len(duplicate) == len(conflict) == len(near_copies(first_rows([]), first_near([]))) == 0
