"""What is exported as ONNX says the same in onnxruntime, in batches of any size and width."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.errors import BadModel
from core.export import card, onnx
from core.model.classifier import Classifier
from core.model.padding import pad
from core.readout import READOUTS
from core.recipe import load
from core.text.byte_bpe import built_in

onnxruntime = pytest.importorskip("onnxruntime", reason="pip install onnxruntime onnxscript for this")
pytest.importorskip("onnxscript", reason="pip install onnxruntime onnxscript for this")
tokenizers = pytest.importorskip("tokenizers")

TOKENIZER = built_in("nano")
LABELS = ["häm", "spam"]
TEXTS = ["free prize, claim it now", "", "see you", "naïve 日本語 <|endoftext|> " * 9]
KINDS = [
    {},
    {"readout": "mean_pads", "causal": False, "head": "mlp", "outputs": "sigmoid"},
    *(
        pytest.param(kind, marks=pytest.mark.slow)
        for kind in (
            {"readout": "last_pad"},
            {"readout": "first"},
            {"readout": "first", "causal": False},
            {"readout": "mean"},
        )
    ),
]


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setitem(
        MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=GPT2Architecture(1, 32, 2, 64, 8192))
    )


def built(**kind):
    padding = "fixed" if READOUTS[kind.get("readout", "last_real")].reads_pads else "bucketed"
    recipe = load({"model": {"context": 20, **kind}, "train": {"padding": padding}})
    model = Classifier(MODELS["nano"].architecture, 2, recipe.kind)
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=generator)
    return model.eval(), recipe


def logits_of(model, recipe, text):
    ids = TOKENIZER.encode(text).ids.tolist()[:20] or [TOKENIZER.pad]
    with torch.no_grad():
        return model(*pad([ids], model.readout.padded(20) or len(ids), TOKENIZER.pad))[0].numpy()


def said_by(code, folder):
    """The lines that the card's Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=folder, capture_output=True, text=True, timeout=90
    )
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_logits_equal_in_onnxruntime_and_other_ones_are_found_out(kind, tmp_path):
    model, recipe = built(**kind)
    written = onnx.export(model, recipe, LABELS, TOKENIZER, tmp_path / "out", "# a card")
    assert sorted(path.name for path in written) == sorted(path.name for path in (tmp_path / "out").iterdir())
    session = onnxruntime.InferenceSession(tmp_path / "out" / onnx.FILE)
    assert json.loads(session.get_modelmeta().custom_metadata_map["labels"]) == LABELS
    words = tokenizers.Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    for texts in ([TEXTS[0]], [TEXTS[3], TEXTS[2]], TEXTS, TEXTS[::-1] * 2):
        batch = words.encode_batch(texts)
        feed = {
            "input_ids": np.array([t.ids for t in batch]),
            "attention_mask": np.array([t.attention_mask for t in batch]),
        }
        (found,) = session.run(["logits"], feed)
        np.testing.assert_allclose(found, [logits_of(model, recipe, text) for text in texts], atol=1e-4, rtol=1e-4)
    for line, text in zip(
        said_by(card.ONNX, tmp_path / "out"), ["You have won a prize!", "see you at seven"], strict=True
    ):
        row = torch.from_numpy(logits_of(model, recipe, text)).softmax(dim=0)
        assert line == f"{LABELS[row.argmax()]} {row.max():.3f} {text}"
    with torch.no_grad():
        list(model.head.parameters())[-1].add_(0.01)
    with pytest.raises(BadModel, match=r"logits differ by 0\.0"):
        onnx.check(tmp_path / "out" / onnx.FILE, model, recipe, TOKENIZER)
    (tmp_path / "out" / onnx.FILE).write_bytes(b"no model")
    with pytest.raises(BadModel, match="does not take what was written"):
        onnx.check(tmp_path / "out" / onnx.FILE, model, recipe, TOKENIZER)


def test_full_folders_are_refused(tmp_path):
    (tmp_path / "precious.txt").write_text("keep me")
    model, recipe = built()
    with pytest.raises(BadModel, match="there already"):
        onnx.export(model, recipe, LABELS, TOKENIZER, tmp_path, "")
    assert (tmp_path / "precious.txt").read_text() == "keep me"


def test_a_missing_package_is_named_with_what_brings_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(BadModel, match="onnxscript") as refused:
        onnx.export(*built(), LABELS, TOKENIZER, tmp_path / "out", "")
    assert "pip install onnxruntime onnxscript" in refused.value.do and not (tmp_path / "out").exists()
