"""What is exported as ONNX says the same in onnxruntime, in batches of any size and width."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from core.errors import BadModel
from core.export import card, onnx

onnxruntime = pytest.importorskip("onnxruntime", reason="pip install onnxruntime onnxscript for this")
pytest.importorskip("onnxscript", reason="pip install onnxruntime onnxscript for this")
tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

pytestmark = pytest.mark.more  # the README's command does not install them

TEXTS = [
    "free prize, claim it now",
    "",
    "see you",
    "naïve 日本語 <|endoftext|> " * 9,
    "free [SEP] prize [CLS][MASK] [PAD] <s> win </s></s> <pad>now<mask> <unk>",
]
KINDS = [
    ("nano", {}),
    ("nano", {"readout": "mean_pads", "causal": False, "head": "mlp", "outputs": "sigmoid"}),
    ("bert", {"readout": "mean", "head": "linear"}),
    ("roberta", {"outputs": "sigmoid"}),
    *((name, {}) for name in ("qwen3-0.6b", "modernbert", "t5-small", "deberta")),
    *(
        pytest.param(name, kind, marks=pytest.mark.slow)
        for name, kind in (
            ("nano", {"readout": "last_pad"}),
            ("nano", {"readout": "first"}),
            ("nano", {"readout": "first", "causal": False}),
            ("nano", {"readout": "mean"}),
            ("bert", {}),
            ("bert", {"readout": "mean_pads", "head": "mlp"}),
            ("bert", {"readout": "last_pad", "head": "linear"}),
            ("distilbert", {}),
            ("distilbert", {"readout": "last_real", "outputs": "sigmoid"}),
            ("roberta", {"readout": "mean_pads"}),
            ("xlm-roberta", {}),
            ("t5-small", {"readout": "last_real", "outputs": "sigmoid"}),
            ("modernbert", {"readout": "mean_pads", "head": "mlp"}),
            ("smollm2-135m", {"readout": "mean", "causal": False}),
            ("smollm2-360m", {"readout": "mean_pads"}),
        )
    ),
]


def said_by(code, folder):
    """The lines that the card's Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=folder, capture_output=True, text=True, timeout=90
    )
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_logits_equal_in_onnxruntime_and_other_ones_are_found_out(trained, name, kind, tmp_path):
    of = trained(name, 2, context=20, **kind)
    written = onnx.export(of.model, of.recipe, of.labels, of.tokenizer, tmp_path / "out", "# a card")
    assert sorted(path.name for path in written) == sorted(path.name for path in (tmp_path / "out").iterdir())
    session = onnxruntime.InferenceSession(tmp_path / "out" / onnx.FILE)
    assert [each.name for each in session.get_inputs()] == ["input_ids", "attention_mask"]
    assert json.loads(session.get_modelmeta().custom_metadata_map["labels"]) == of.labels
    words = tokenizers.Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    for texts in ([TEXTS[0]], [TEXTS[3], TEXTS[2]], TEXTS, TEXTS[::-1] * 2):
        batch = words.encode_batch(texts)
        feed = {
            "input_ids": np.array([t.ids for t in batch]),
            "attention_mask": np.array([t.attention_mask for t in batch]),
        }
        (found,) = session.run(["logits"], feed)
        np.testing.assert_allclose(found, torch.cat([of.logits(text) for text in texts]), atol=1e-4, rtol=1e-4)
    for line, text in zip(
        said_by(card.ONNX, tmp_path / "out"), ["You have won a prize!", "see you at seven"], strict=True
    ):
        row = of.logits(text)[0].softmax(dim=0)
        assert line == f"{of.labels[row.argmax()]} {row.max():.3f} {text}"
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert theirs(TEXTS[4], truncation=True)["input_ids"] == of.ids(TEXTS[4])
    with torch.no_grad():
        list(of.model.head.parameters())[-1].add_(0.01)
    with pytest.raises(BadModel, match=r"logits differ by 0\.0"):
        onnx.check(tmp_path / "out" / onnx.FILE, of.model, of.recipe, of.tokenizer)
    (tmp_path / "out" / onnx.FILE).write_bytes(b"no model")
    with pytest.raises(BadModel, match="does not take what was written"):
        onnx.check(tmp_path / "out" / onnx.FILE, of.model, of.recipe, of.tokenizer)


def test_full_folders_are_refused(trained, tmp_path):
    (tmp_path / "precious.txt").write_text("keep me")
    of = trained("nano", 2)
    with pytest.raises(BadModel, match="there already"):
        onnx.export(of.model, of.recipe, of.labels, of.tokenizer, tmp_path, "")
    assert (tmp_path / "precious.txt").read_text() == "keep me"


def test_a_missing_package_is_named_with_what_brings_it(trained, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    of = trained("nano", 2)
    with pytest.raises(BadModel, match="onnxscript") as refused:
        onnx.export(of.model, of.recipe, of.labels, of.tokenizer, tmp_path / "out", "")
    assert "pip install onnxruntime onnxscript" in refused.value.do and not (tmp_path / "out").exists()
