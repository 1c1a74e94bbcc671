"""What is exported opens in transformers and says the same."""

import dataclasses
import hashlib

import pytest
import torch
import transformers

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.errors import BadModel
from core.export import transformers as export
from core.model.classifier import Classifier
from core.readout import READOUTS
from core.recipe import load
from core.text.byte_bpe import built_in

TOKENIZER = built_in("nano")
TEXTS = ["You have won a prize!", "see you at seven", "", "naïve 日本語 <|endoftext|> text"]
LABELS = ["ham", "spam", "other"]


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setitem(
        MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=GPT2Architecture(2, 32, 4, 64, 8192))
    )


def recipe(**kind):
    padding = "fixed" if READOUTS[kind.get("readout", "last_real")].reads_pads else "bucketed"
    return load({"model": {"context": 64, **kind}, "train": {"padding": padding}})


def classifier(n_classes=3, **kind) -> Classifier:
    model = Classifier(MODELS["nano"].architecture, n_classes, recipe(**kind).kind)
    model.backbone.initialize(torch.Generator().manual_seed(0))
    for parameter in [model.backbone.ln_f.bias, *model.head.parameters()]:
        torch.nn.init.normal_(parameter)
    return model.eval()


def same_in_transformers(model, labels, folder, **kind):
    export.export(model, recipe(**kind), labels, TOKENIZER, folder, "# a card")
    theirs = transformers.GPT2ForSequenceClassification.from_pretrained(folder).eval()
    assert theirs.config.id2label == dict(enumerate(labels))
    for text in TEXTS:
        ids = torch.tensor([TOKENIZER.encode(text).ids.tolist() or [TOKENIZER.pad]])
        with torch.no_grad():
            expected = model(ids, torch.tensor([ids.shape[1]]))
            padded = torch.nn.functional.pad(ids, (0, 5), value=TOKENIZER.pad)
            torch.testing.assert_close(theirs(ids).logits, expected, atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(theirs(padded).logits, expected, atol=1e-4, rtol=1e-4)


def test_logits_and_labels_equal_in_transformers(tmp_path):
    same_in_transformers(classifier(), LABELS, tmp_path / "out")
    assert (tmp_path / "out" / "README.md").read_text() == "# a card"


def test_one_logit_becomes_two_rows(tmp_path):
    model = classifier(2, outputs="sigmoid")
    assert model.head.out_features == 1
    same_in_transformers(model, LABELS[:2], tmp_path / "out", outputs="sigmoid")


def test_adapters_are_in_the_exported_weights(tmp_path):
    model, plan = classifier(), load({"freeze": {"trainable": "lora"}})
    model.adapt(plan.plan, plan.lora, seed=1)
    for name, parameter in model.named_parameters():
        if name.endswith(".b"):
            torch.nn.init.normal_(parameter, std=0.1)
    ids = torch.tensor([TOKENIZER.encode(TEXTS[0]).ids.tolist()])
    with torch.no_grad():
        adapted = model(ids, torch.tensor([ids.shape[1]]))
    model.merge()
    same_in_transformers(model, LABELS, tmp_path / "out")
    theirs = transformers.GPT2ForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    with torch.no_grad():
        torch.testing.assert_close(theirs(ids).logits, adapted, atol=1e-4, rtol=1e-4)


def test_the_tokenizer_beside_it_gives_the_same_ids(tmp_path):
    export.export(classifier(), recipe(), LABELS, TOKENIZER, tmp_path / "out", "")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    for text in ["You have won a prize!", "naïve 日本語  two  spaces\n\ttabs 12345"]:
        assert theirs(text)["input_ids"] == TOKENIZER.encode(text).ids.tolist()
    assert theirs.model_max_length == 64


def test_the_merges_are_the_published_file():
    text = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in export.merges(built_in("gpt2").ranks))
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"
    )


def test_a_bias_that_cannot_be_folded_is_refused():
    weight = torch.ones(2, 8)  # both rows say the same, so no shift of the input tells them apart
    with pytest.raises(BadModel, match="cannot be folded"):
        export.folded(torch.zeros(8), weight, torch.tensor([1.0, -1.0]))


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ({"readout": "first"}, "reads the first token"),
        ({"readout": "last_pad"}, "reads the last position, after the padding"),
        ({"readout": "mean"}, "mean of all real tokens"),
        ({"readout": "mean_pads"}, "mean of all positions"),
        ({"head": "mlp"}, "has two, with tanh"),
        ({"causal": False}, "sees all of the text"),
    ],
)
def test_what_transformers_cannot_express_is_refused_by_what_it_is(kind, why, tmp_path):
    with pytest.raises(BadModel, match=why) as refused:
        export.export(classifier(**kind), recipe(**kind), LABELS, TOKENIZER, tmp_path / "out", "")
    assert "--format onnx" in refused.value.do and not (tmp_path / "out").exists()


def test_full_folders_are_refused(tmp_path):
    (tmp_path / "precious.txt").write_text("keep me")
    with pytest.raises(BadModel, match="there already"):
        export.export(classifier(), recipe(), LABELS, TOKENIZER, tmp_path, "")
    assert (tmp_path / "precious.txt").read_text() == "keep me"
