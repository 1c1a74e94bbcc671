"""Pairs of texts: the ids and the answers of transformers, in prediction and in what is exported."""

import random

import pytest
import torch
import transformers

from cases import first
from core.evaluate.predict import Network
from core.export import onnx
from core.export import transformers as export
from core.template import parts_of
from core.text.lookup import for_texts, reads_pairs

WORDS = "the quick brown fox wins a prize see you at seven".split()
SAID = "{a} [SEP] {b}"


def pairs():
    """Texts of two parts, of which one or the other or both are too long; and one that is no pair."""
    rng = random.Random(3)

    def some(n):
        return " ".join(rng.choices(WORDS, k=n))

    sizes = [(1, 1), (3, 9), (9, 3), (80, 4), (4, 80), (80, 80), (29, 28), (28, 29), (60, 27)]
    return [*(f"{some(a)} [SEP] {some(b)}" for a, b in sizes), "fox<s></s> [SEP]you [SEP] at [CLS]", "see you"]


def network(of):
    preset = type("Preset", (), {"architecture": of.model.backbone.arch})
    return Network(of.model, for_texts(of.tokenizer, preset, SAID), of.recipe, of.labels, 1)


def test_a_text_is_parted_once_and_keeps_its_own_blanks():
    assert parts_of("a [SEP] b") == ["a", "b"] and parts_of("a[SEP]b") == ["a", "b"] and parts_of("a b") == ["a b"]
    assert parts_of(" a\n [SEP] b [SEP] c ") == [" a\n", "b [SEP] c "] and parts_of("[SEP]") == ["", ""]


@pytest.mark.parametrize("name", first(2, ["bert", "roberta", "deberta", "distilbert", "modernbert", "xlm-roberta"]))
def test_pairs_are_answered_as_transformers_answers_them(trained, name, tmp_path):
    readout = {"readout": "first"} if name == "modernbert" else {}
    of = trained(name, **readout)
    asked = network(of)
    assert reads_pairs(asked.tokenizer) and not reads_pairs(of.tokenizer)
    export.export(of.model, of.recipe, of.labels, asked.tokenizer, tmp_path / "out", "# a card")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "out").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    texts = pairs()
    found = asked.predict(texts)
    for text, answer, one in zip(texts, found, asked.tokenizer.encode_batch(texts), strict=True):
        given = tokenizer(*parts_of(text), truncation=True, return_tensors="pt")
        assert asked.tokenizer.shorten(one, asked.context).ids.tolist() == given["input_ids"][0].tolist()
        assert asked.tokenizer.encode(text).ids.tolist() == one.ids.tolist()
        assert [piece.id for piece in asked.tokenizer.pieces(text)] == one.ids.tolist()
        with torch.no_grad():
            expected = model(**given).logits.softmax(dim=1)[0].tolist()
        assert list(answer.probabilities.values()) == pytest.approx(expected, abs=1e-4)
        assert answer.cut == (len(one.ids) > asked.context)
    one_text = Network(of.model, of.tokenizer, of.recipe, of.labels, 1).predict(texts)
    assert one_text[0].probabilities != pytest.approx(found[0].probabilities, abs=1e-4)
    assert one_text[-1] == found[-1]  # no pair


@pytest.mark.parametrize("name", ["nano", "smollm2-135m"])
def test_to_a_model_that_knows_no_pairs_they_are_one_text(trained, name):
    of = trained(name)
    asked = network(of)
    assert not reads_pairs(asked.tokenizer)
    assert asked.tokenizer.encode("a [SEP] b").ids.tolist() == of.tokenizer.encode("a [SEP] b").ids.tolist()


def test_the_encoder_of_a_t5_reads_pairs_as_its_tokenizer_has_them(trained):
    of = trained("t5-small")
    ids = network(of).tokenizer.encode("the fox [SEP] wins").ids.tolist()
    alone = [of.tokenizer.encode(part).ids.tolist() for part in ("the fox", "wins")]
    assert ids == alone[0] + alone[1]  # each with the end of a text behind it


@pytest.mark.more
@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_onnx_takes_pairs(trained, name, tmp_path):
    import numpy as np
    import tokenizers

    onnxruntime = pytest.importorskip("onnxruntime", reason="pip install onnxruntime onnxscript for this")
    pytest.importorskip("onnxscript", reason="pip install onnxruntime onnxscript for this")

    of = trained(name)
    asked = network(of)
    onnx.export(of.model, of.recipe, of.labels, asked.tokenizer, tmp_path / "out", "# a card")
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx")
    taken = [each.name for each in session.get_inputs()]
    assert taken == ["input_ids", "attention_mask"] + ["token_type_ids"] * (name == "bert")
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    batch = tokenizer.encode_batch([tuple(parts_of(text)) for text in pairs()[:-1]])
    given = {
        "input_ids": np.array([one.ids for one in batch]),
        "attention_mask": np.array([one.attention_mask for one in batch]),
        "token_type_ids": np.array([one.type_ids for one in batch]),
    }
    (logits,) = session.run(["logits"], {name: given[name] for name in taken})
    expected = torch.tensor([[*answer.probabilities.values()] for answer in asked.predict(pairs()[:-1])])
    torch.testing.assert_close(torch.tensor(logits).softmax(dim=1), expected, atol=1e-4, rtol=1e-4)
