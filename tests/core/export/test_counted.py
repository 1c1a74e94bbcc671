"""A classifier that counts gives the same probabilities as ONNX, in batches of any size."""

import json
import subprocess
import sys

import numpy as np
import pytest

from core.counting import tfidf
from core.counting.tfidf import Split, fit
from core.errors import BadModel
from core.export import card, counted
from core.text.tokenizer import well_formed

onnxruntime = pytest.importorskip("onnxruntime", reason="pip install onnxruntime onnxscript for this")
pytest.importorskip("onnxscript", reason="pip install onnxruntime onnxscript for this")

pytestmark = pytest.mark.more  # the README's command does not install them

LEARNED = [
    "Free prize, claim it NOW now now",
    "see you  at seven\n",
    "很好的酒店，房间很大",
    "😀😀 🐍 ok \ud800 \0 end",
    "Привет, как дела? straße",
]
OTHERS = ["", "  ", "İstanbul ǅ", "quite another thing", "lone \udfff", "\ud83d\ude00 ok", "prize " * 500 + "日本"]


def learned(n_classes=5, texts=LEARNED):
    rows = Split(list(texts) * 8, np.arange(8 * len(texts)) % len(texts) % n_classes)
    return fit(rows, rows, n_classes, lambda done, of: None).model


def labels(model):
    return [f"läbel {i}" for i in range(model.n_classes)]


@pytest.mark.parametrize("n_classes", [2, 3, 5, 40])
@pytest.mark.parametrize("words_only", [False, True])
def test_probabilities_equal_in_onnxruntime(n_classes, words_only, tmp_path, monkeypatch):
    if words_only:
        monkeypatch.setitem(tfidf.VOCABULARY, tfidf.Characters, 100)
    model = learned(n_classes)
    written = counted.export(model, labels(model), tmp_path / "out", "# a card")
    assert sorted(path.name for path in written) == sorted(path.name for path in (tmp_path / "out").iterdir())
    config = json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))
    assert [config["id2label"][str(i)] for i in range(n_classes)] == list(config["label2id"]) == labels(model)
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx")
    assert [each.name for each in session.get_inputs()] == (["words"] if words_only else ["words", "characters"])
    assert json.loads(session.get_modelmeta().custom_metadata_map["labels"]) == labels(model)
    texts = [well_formed(text) for text in LEARNED + OTHERS]
    for batch in (*([text] for text in texts), texts, texts[::-1]):
        (found,) = session.run(["probabilities"], counted.inputs(model, batch))
        np.testing.assert_allclose(found, model.probabilities(batch), atol=1e-5)


def test_only_standard_operators_are_used():
    import onnx

    made = onnx.load_from_string(counted.as_onnx(learned(), list("abcde")))
    onnx.checker.check_model(made, full_check=True)
    assert {node.domain for node in made.graph.node} == {""} and not made.functions


@pytest.mark.parametrize(
    ("texts", "known"), [(["", " "], [0, 0]), (["\ud800", "\udfff"], [0, 2]), (["?", "…"], [0, 2])]
)
def test_where_little_or_nothing_is_known_it_still_answers(texts, known):
    model = learned(2, texts)
    assert [len(kind.keys) for kind in model.kinds] == known
    made = counted.as_onnx(model, labels(model))
    counted.check(made, model)
    asked = ["", "U+D800", "no unit", "?"]
    (found,) = onnxruntime.InferenceSession(made).run(None, counted.inputs(model, asked))
    np.testing.assert_allclose(found, model.probabilities(asked), atol=1e-5)


def test_sigmoids_that_are_tiny_for_all_classes_still_add_up():
    model = learned(3)
    model.bias = np.array([-25, -26, -60], dtype=np.float32)
    counted.check(counted.as_onnx(model, labels(model)), model)


def test_other_probabilities_are_found_out():
    model = learned(3)
    made = counted.as_onnx(model, labels(model))
    model.bias[0] += 0.01
    with pytest.raises(BadModel, match=r"probabilities differ by 0\.00"):
        counted.check(made, model)
    with pytest.raises(BadModel, match="does not take what was written"):
        counted.check(b"no model", model)


@pytest.mark.parametrize("words_only", [False, True])
def test_the_code_of_the_card_gives_the_same(words_only, tmp_path, monkeypatch):
    if words_only:
        monkeypatch.setitem(tfidf.VOCABULARY, tfidf.Characters, 100)
    model = learned(3)
    counted.export(model, labels(model), tmp_path / "out", "")
    done = subprocess.run(
        [sys.executable, "-c", card.ONNX_COUNTED],
        check=False,
        cwd=tmp_path / "out",
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert not done.returncode, done.stderr
    texts = ["You have won a prize!", "see you at seven"]
    for line, text, row in zip(done.stdout.splitlines(), texts, model.probabilities(texts), strict=True):
        assert line == f"{labels(model)[row.argmax()]} {row.max():.3f} {text}"


def test_full_folders_are_refused(tmp_path):
    (tmp_path / "precious.txt").write_text("keep me")
    model = learned()
    with pytest.raises(BadModel, match="there already"):
        counted.export(model, labels(model), tmp_path, "")
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_a_missing_package_is_named_with_what_brings_it(tmp_path, monkeypatch):
    model = learned()
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(BadModel, match="onnxscript") as refused:
        counted.export(model, labels(model), tmp_path / "out", "")
    assert "pip install onnxruntime onnxscript" in refused.value.do and not (tmp_path / "out").exists()
