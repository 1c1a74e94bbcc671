"""The classifier that counts."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.counting import tfidf
from core.counting.tfidf import Split, Tfidf, fit
from core.errors import BadRun


def quiet(done, of):
    assert 0 <= done <= of


def split(texts, labels):
    return Split(texts, np.array(labels))


@pytest.fixture
def three():
    texts = [f"{word} {i}" for i in range(20) for word in ("free prize", "see you", "my invoice")]
    return split(texts, [0, 1, 2] * 20)


def test_how_strictly_it_fits_is_chosen_on_validation(monkeypatch):
    monkeypatch.setattr(tfidf, "LOOSENESS", (0.01, 10.0))
    rng = np.random.default_rng(0)
    rare = (rng.random(300) < 0.1).astype(int)
    common = ["see", "you", "at", "home", "soon", "then"]
    texts = [" ".join([*rng.choice(common, 6), "prize" if is_rare else "lunch"]) for is_rare in rare]
    train, checked = split(texts[:200], rare[:200]), split(texts[200:], rare[200:])
    loose, strict = fit(train, checked, 2, quiet), fit(train, split(["lunch"], [0]), 2, quiet)
    assert loose.validation == strict.validation == 1 and 0.5 < loose.half <= 1
    assert strict.model.c == tfidf.LOOSENESS[0] < loose.model.c


def test_a_text_is_given_the_same_alone_and_with_others_and_after_it_was_saved(three, tmp_path):
    model = fit(three, three, 3, quiet).model
    texts = [*three.texts, "", "很好", "\ud800", "quite another thing"]
    found = model.probabilities(texts)
    assert np.allclose(found.sum(axis=1), 1) and (found[:60].argmax(axis=1) == three.labels).all()
    assert np.array_equal(np.concatenate([model.probabilities([text]) for text in texts]), found)
    model.save(tmp_path / "model.safetensors")
    assert np.array_equal(Tfidf.open(tmp_path / "model.safetensors").probabilities(texts), found)
    assert np.array_equal(fit(three, three, 3, quiet).model.weight, model.weight)


def test_a_damaged_file_is_refused_with_a_sentence(tmp_path):
    path = tmp_path / "model.safetensors"
    for content in (b"", b"{}", b"\0" * 100):
        path.write_bytes(content)
        with pytest.raises(BadRun, match="damaged"):
            Tfidf.open(path)
    save_file({"weight": np.zeros((1, 1), np.float32)}, path)
    with pytest.raises(BadRun, match="damaged"):
        Tfidf.open(path)


@pytest.mark.parametrize(
    "texts",
    [
        ["yes", "no"],  # of one word
        ["😀😀", "🐍"],  # of none
        ["1 2", "3"],
        ["很好的酒店", "不好"],  # a script without spaces
        ["\ud800 a", "\udfff"],
    ],
)
def test_short_and_odd_texts_are_told_apart(texts):
    found = fit(split(texts * 10, [0, 1] * 10), split(texts, [0, 1]), 2, quiet)
    assert found.validation == 1 and found.model.probabilities(texts).argmax(axis=1).tolist() == [0, 1]


def test_where_nothing_can_be_learned_a_label_is_as_probable_as_it_is_frequent():
    empty = split([""] * 8, [0, 0, 0, 0, 0, 0, 1, 1])
    assert fit(empty, empty, 2, quiet).model.probabilities(["", "x"])[:, 0] == pytest.approx([0.75, 0.75])
    absent = split(["a", "b"] * 10, [0, 1] * 10)
    assert fit(absent, absent, 3, quiet).model.probabilities(["a", "c"])[:, 2].max() < 1e-6


def test_many_classes_take_one_fit_with_the_n_grams_that_memory_holds(monkeypatch, three):
    whole = fit(three, three, 3, quiet)
    monkeypatch.setattr(tfidf, "WORK", 100)
    monkeypatch.setattr(tfidf, "WEIGHTS", 3 * 40)
    found = fit(three, three, 3, quiet)
    assert found.half is None and found.model.c == tfidf.USUAL and found.validation == 1
    assert found.model.weight.shape == (3, 40) and whole.model.weight.shape[1] > 100


def test_long_texts_are_read_by_their_words_alone_unless_their_script_has_none(monkeypatch):
    monkeypatch.setitem(tfidf.VOCABULARY, tfidf.Characters, 100)
    kinds = [type(kind.units).__name__ for kind in tfidf.learn_kinds(["so many words here"] * 9)]
    assert kinds == ["Words"]
    assert len(tfidf.learn_kinds(["这家酒店的房间很大也很干净服务员非常热情早餐也不错"] * 9)) == 2


def test_it_can_be_broken_off(three):
    def stop(done, of):
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(three, three, 3, stop)
