"""What is exported opens in transformers and says the same, whatever stands in a text."""

import hashlib
import json

import pytest
import torch
import transformers
from safetensors.torch import load_file

from cases import each
from core.architectures.lookup import architecture_for
from core.errors import BadModel
from core.export import expressible
from core.export import transformers as export
from core.recipe import load
from core.text.byte_bpe import built_in
from core.text.byte_spelling import merges
from core.text.tokenizer_json import JsonTokenizer

TEXTS = [
    "You have won a prize!",
    "see you at seven",
    "naïve 日本語  two  spaces\n\ttabs 12345",
    "free <|endoftext|> prize<|endoftext|>",
    "free [SEP] prize [CLS][MASK] [PAD] [UNK]",
    "<s> win </s></s> <pad>now<mask> <unk>",
    "more of the same, " * 40,
    "<|begin_of_text|>win<|end_of_text|> <|im_start|>free <|im_end|>",
]
# every family with each head that its class in transformers has, and a single logit
LAST = {"readout": "last_real"}  # where transformers reads GPT-2 out
EXPRESSIBLE = [
    *(("nano", LAST | {"head": head}) for head in ("linear", "own")),
    ("nano", LAST | {"outputs": "sigmoid"}),
    *(("bert", {"head": head}) for head in ("own", "mlp")),
    ("bert", {"outputs": "sigmoid"}),
    ("distilbert", {}),
    *(("roberta", {"head": head}) for head in ("own", "mlp")),
    ("xlm-roberta", {"context": 20}),
    ("deberta", {}),
    ("deberta", {"outputs": "sigmoid"}),
    *(("modernbert", {"readout": readout}) for readout in ("first", "mean")),
    ("modernbert", {"outputs": "sigmoid"}),
    *((name, {}) for name in ("smollm2-135m", "smollm2-360m", "qwen3-0.6b")),
    ("qwen3-0.6b", {"outputs": "sigmoid"}),
]


def exported(of, folder):
    """transformers' classifier and tokenizer of what was written, and both as its pipeline."""
    export.export(of.model, of.recipe, of.labels, of.tokenizer, folder, "# a card")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    return model, transformers.AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize(("name", "kind"), each(2, EXPRESSIBLE, names=2))
def test_logits_and_labels_are_equal_from_the_text_on(trained, name, kind, tmp_path):
    of = trained(name, 2 if "outputs" in kind else 3, **kind)
    model, tokenizer = exported(of, tmp_path / "out")
    assert type(model).__name__ == architecture_for(of.recipe).classifier.name
    assert model.config.id2label == dict(enumerate(of.labels))
    expected = torch.cat([of.logits(text) for text in TEXTS])
    assert expected.std(dim=0).max() > 0.05
    with torch.no_grad():
        together = tokenizer(TEXTS, padding=True, truncation=True, return_tensors="pt")
        torch.testing.assert_close(model(**together).logits, expected, atol=1e-4, rtol=1e-4)
        for text, row in zip(TEXTS, expected, strict=True):
            alone = tokenizer(text, truncation=True, return_tensors="pt")
            assert alone["input_ids"][0].tolist() == of.ids(text)
            torch.testing.assert_close(model(**alone).logits[0], row, atol=1e-4, rtol=1e-4)
        nothing = torch.tensor([of.ids("")])
        torch.testing.assert_close(model(nothing).logits, of.logits(""), atol=1e-4, rtol=1e-4)
    written = load_file(tmp_path / "out" / "model.safetensors")
    assert written.keys() <= model.state_dict().keys()
    assert model.state_dict().keys() - written.keys() <= {"bert.embeddings.position_ids"}
    assert (tmp_path / "out" / "README.md").read_text() == "# a card"


@pytest.mark.parametrize(
    "name", each(2, ["nano", "bert", "distilbert", "roberta", "xlm-roberta", "smollm2-135m", "modernbert", "deberta"])
)
def test_a_pipeline_reads_as_much_of_a_text_as_the_run_did(trained, name, tmp_path):
    of = trained(name, context=20, **(LAST if name == "nano" else {}))
    exported(of, tmp_path / "out")
    pipeline = transformers.pipeline("text-classification", str(tmp_path / "out"), truncation=True)
    for text in TEXTS:
        (found,) = pipeline(text)
        score, at = of.logits(text)[0].softmax(dim=0).max(dim=0)
        assert found["label"] == of.labels[at] and found["score"] == pytest.approx(float(score), abs=1e-4)


def test_what_transformers_would_read_otherwise_of_a_decoder_is_refused(trained, tmp_path):
    of = trained("smollm2-135m")
    file = json.loads(of.tokenizer.as_json())
    (frame,) = (part for part in file["post_processor"]["processors"] if part["type"] == "TemplateProcessing")
    end = "<|end_of_text|>"
    frame["single"].append({"SpecialToken": {"id": end, "type_id": 0}})
    frame["special_tokens"][end] = {"id": end, "ids": [of.tokenizer.pad], "tokens": [end]}
    ends = JsonTokenizer("ends", json.dumps(file), of.tokenizer.pad)
    with pytest.raises(BadModel, match="a token of texts too"):
        exported(of._replace(tokenizer=ends), tmp_path / "out")
    other = trained("smollm2-360m")._replace(tokenizer=of.tokenizer)
    with pytest.raises(BadModel, match="puts NFC before every tokenizer of a Qwen2"):
        exported(other, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_more_classes_than_the_model_is_wide(trained, tmp_path):
    of = trained("nano", 70, **LAST)  # the width is 32
    model, tokenizer = exported(of, tmp_path / "out")
    with torch.no_grad():
        for text in TEXTS[:3]:
            found = model(**tokenizer(text, return_tensors="pt")).logits
            torch.testing.assert_close(found, of.logits(text), atol=1e-4, rtol=1e-4)


def test_adapters_are_in_the_exported_weights(trained, tmp_path):
    of, plan = trained("bert"), load({"freeze": {"trainable": "lora"}, "model": {"name": "bert"}})
    of.model.adapt(plan.plan, plan.lora, seed=1)
    for name, parameter in of.model.named_parameters():
        if name.endswith(".b"):
            torch.nn.init.normal_(parameter, std=0.1)
    adapted = of.logits(TEXTS[0])
    of.model.merge()
    model, tokenizer = exported(of, tmp_path / "out")
    with torch.no_grad():
        found = model(**tokenizer(TEXTS[0], return_tensors="pt")).logits
    torch.testing.assert_close(found, adapted, atol=1e-4, rtol=1e-4)


def test_the_merges_are_the_published_file():
    text = "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges(built_in("gpt2").ranks))
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"
    )


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("nano", {"readout": "first"}, "reads the first token"),
        ("nano", {"readout": "last_pad"}, "reads the last position, after the padding"),
        ("nano", {}, "mean of all real tokens. Train with --readout last_real"),
        ("nano", {"readout": "mean_pads"}, "mean of all positions"),
        ("nano", LAST | {"head": "mlp"}, "is one linear layer; this run's is two layers with tanh"),
        ("nano", LAST | {"causal": False}, "sees all of the text"),
        ("bert", {"head": "linear"}, "is two layers with tanh between them; this run's is one linear layer"),
        ("bert", {"readout": "mean"}, "BERT classifiers out at the first token"),
        ("distilbert", {"head": "mlp"}, "with ReLU between them; this run's is two layers with tanh"),
        ("roberta", {"readout": "last_real"}, "reads the last real token"),
        ("deberta", {"head": "mlp"}, "is two layers with GELU between them; this run's is two layers with tanh"),
        ("t5-small", {}, "classifies with the decoder of a T5, too; here its encoder learns alone"),
        (
            "modernbert",
            {"head": "mlp"},
            "is two layers with GELU and a norm between them; this run's is two layers with",
        ),
        ("modernbert", {"readout": "last_real"}, "at the first token or the mean of all real tokens"),
        ("smollm2-135m", {"head": "linear"}, "without a bias; this run's is one linear layer. Train with --head own"),
        ("qwen3-0.6b", {"causal": False}, "sees all of the text"),
    ],
)
def test_what_transformers_cannot_express_is_refused_by_what_it_is(trained, name, kind, why, tmp_path):
    of = trained(name, **kind)
    with pytest.raises(BadModel, match=why) as refused:
        exported(of, tmp_path / "out")
    assert "--format onnx" in refused.value.do and not (tmp_path / "out").exists()
    assert expressible.formats(of.recipe) == ["onnx"]


def test_full_folders_are_refused(trained, tmp_path):
    (tmp_path / "precious.txt").write_text("keep me")
    with pytest.raises(BadModel, match="there already"):
        exported(trained("nano", **LAST), tmp_path)
    assert (tmp_path / "precious.txt").read_text() == "keep me"
