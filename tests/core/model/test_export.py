"""What is exported opens in transformers and says the same."""

import dataclasses
import hashlib

import pytest
import torch
import transformers

from core.data.tokens import tokenizer
from core.errors import BadModel
from core.model import export
from core.model.classifier import Classifier
from core.presets import MODELS, Shape

PRESET = dataclasses.replace(MODELS["gpt2"], shape=Shape(2, 32, 4, 64))
WORDS = tokenizer("gpt2")
TEXTS = ["You have won a prize!", "see you at seven", "", "naïve 日本語 <|endoftext|> text"]


def classifier(readout="last_real") -> Classifier:
    model = Classifier(PRESET.shape, 3, readout)
    model.backbone.initialize(torch.Generator().manual_seed(0))
    torch.nn.init.normal_(model.backbone.ln_f.bias)
    torch.nn.init.normal_(model.head.weight)
    torch.nn.init.normal_(model.head.bias)
    return model.eval()


def test_logits_and_labels_equal_in_transformers(tmp_path):
    model = classifier()
    export.export(model, PRESET, 64, ["ham", "spam", "other"], WORDS, tmp_path / "out")
    theirs = transformers.GPT2ForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    assert theirs.config.id2label == {0: "ham", 1: "spam", 2: "other"}
    for text in TEXTS:
        ids = torch.tensor([WORDS.encode(text) or [50256]])
        with torch.no_grad():
            expected = model(ids, torch.tensor([ids.shape[1]]))
            padded = torch.nn.functional.pad(ids, (0, 5), value=50256)
            torch.testing.assert_close(theirs(ids).logits, expected, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(theirs(padded).logits, expected, atol=1e-4, rtol=1e-4)


def test_the_tokenizer_beside_it_gives_the_same_ids(tmp_path):
    export.export(classifier(), PRESET, 64, ["ham", "spam", "other"], WORDS, tmp_path / "out")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    for text in ["You have won a prize!", "naïve 日本語  two  spaces\n\ttabs 12345"]:
        assert theirs(text)["input_ids"] == WORDS.encode(text)
    assert theirs.model_max_length == 64


def test_the_merges_are_the_published_file():
    text = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in export.merges(WORDS.ranks))
    assert hashlib.sha256(text.encode()).hexdigest() == "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"


def test_a_bias_that_cannot_be_folded_is_refused():
    weight = torch.ones(2, 8)  # both rows say the same, so no shift of the input tells them apart
    with pytest.raises(BadModel, match="cannot be folded"):
        export.folded(torch.zeros(8), weight, torch.tensor([1.0, -1.0]))


def test_other_readouts_and_full_folders_are_refused(tmp_path):
    with pytest.raises(BadModel, match="last real token"):
        export.export(classifier("mean"), PRESET, 64, ["a", "b", "c"], WORDS, tmp_path / "out")
    (tmp_path / "precious.txt").write_text("keep me")
    with pytest.raises(BadModel, match="there already"):
        export.export(classifier(), PRESET, 64, ["a", "b", "c"], WORDS, tmp_path)
    assert (tmp_path / "precious.txt").read_text() == "keep me"
