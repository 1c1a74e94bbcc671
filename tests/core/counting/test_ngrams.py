"""n-grams, compared with scikit-learn's."""

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from core.counting import ngrams
from core.counting.ngrams import Characters, Ngrams, Words, normalized

ODD = [
    "",
    "   ",
    "Don't  STOP\n now",
    "a",
    "ÄÖÜ straße",
    "很好的酒店 很好",
    "😀😀 ok",
    "x" * 50,
    "1 2 3",
    "\ud800 lone",
]


@pytest.fixture
def texts():
    dice = random.Random(0)
    words = ["free", "prize", "see", "you", "at", "home", "Now", "now", "酒店", "好"]
    return [normalized(text) for text in ODD + [" ".join(dice.choices(words, k=dice.randint(1, 9))) for _ in range(40)]]


def sklearns(kind, texts):
    if kind is Words:
        options = {"analyzer": "word", "token_pattern": r"(?u)\w+", "ngram_range": (1, 2)}
        return TfidfVectorizer(lowercase=False, sublinear_tf=True, dtype=np.float64, **options).fit(texts)
    return TfidfVectorizer(analyzer="char", lowercase=False, sublinear_tf=True, ngram_range=(1, 4)).fit(texts)


@pytest.mark.parametrize(("kind", "between"), [(Words, " "), (Characters, "")])
def test_vectors_are_those_of_scikit_learn(kind, between, texts, monkeypatch):
    monkeypatch.setattr(ngrams, "CHUNK", 60)  # several chunks, also where an n-gram would reach over the end of one
    made, expected = Ngrams.learn(kind(), texts, 10**6), sklearns(kind, texts)
    order = [expected.vocabulary_[between.join(units)] for units in made.spelled()]
    assert sorted(order) == list(range(len(expected.vocabulary_)))
    unseen = [*texts, "quite new words", normalized("SEE you")]
    found = made.vectors(unseen).toarray()
    assert found.dtype == np.float32
    assert np.abs(found - expected.transform(unseen).toarray()[:, order]).max() < 1e-6


def test_the_most_frequent_are_kept_where_there_are_too_many(texts, monkeypatch):
    every = Ngrams.learn(Characters(), texts, 10**6)
    monkeypatch.setattr(ngrams, "MOST", 20)
    few = Ngrams.learn(Characters(), texts, 10**6)
    assert len(few.keys) == 20 and set(few.keys) <= set(every.keys)
    weights = dict(zip(every.keys.tolist(), every.idf.tolist(), strict=True))
    assert max(weights[key] for key in few.keys.tolist()) <= sorted(weights.values())[20]


def test_of_long_texts_only_the_first_characters_say_which_n_grams_count(texts):
    some = Ngrams.learn(Words(), ["a b", "c d", "e f"], 6)
    assert ["".join(units) for units in some.spelled()] == ["a", "b", "c", "d", "ab", "cd"]


@pytest.mark.parametrize("kind", [Words, Characters])
def test_where_nothing_is_known_vectors_are_empty(kind):
    none = Ngrams.learn(kind(), ["", ""], 100)
    assert none.vectors(["some text", ""]).shape == (2, 0)
    one = Ngrams.learn(kind(), ["a"], 100)
    assert one.vectors(["", "zzz", "a"]).toarray().tolist() == [[0.0], [0.0], [1.0]]
