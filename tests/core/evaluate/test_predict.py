"""One text, one answer: alone, in any batch, at any padding."""

import dataclasses

import numpy as np
import pytest
import torch

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.evaluate.predict import Network, probabilities
from core.model.classifier import Classifier
from core.readout import READOUTS, ClassifierKind
from core.recipe import load
from core.text.byte_bpe import built_in

TEXTS = ["free prize", "see you at seven then, as we said", "", "a", "ok " * 40, "日本語のテキスト", "<|endoftext|>"]

TOKENIZER = built_in("nano")


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setitem(
        MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=GPT2Architecture(3, 32, 2, 64, 8192))
    )


def predictor(readout="last_real", context=24) -> Network:
    model = Classifier(MODELS["nano"].architecture, 3, ClassifierKind(READOUTS[readout]))
    generator = torch.Generator().manual_seed(0)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.3, generator=generator)
    padding = "fixed" if READOUTS[readout].reads_pads else "bucketed"
    recipe = load({"model": {"readout": readout, "context": context}, "train": {"padding": padding}})
    return Network(model.eval(), TOKENIZER, recipe, ["ham", "spam", "other"], 0)


@pytest.mark.parametrize("readout", ["last_real", "last_pad", "first", "mean", "mean_pads"])
def test_a_texts_answer_does_not_depend_on_its_company(readout):
    asked = predictor(readout)
    together = asked.predict(TEXTS)
    shuffled = asked.predict(TEXTS[::-1] * 7)
    for i, text in enumerate(TEXTS):
        (alone,) = asked.predict([text])
        for other in (together[i], shuffled[len(TEXTS) - 1 - i], shuffled[-1 - i]):
            assert other.text == text and other.label == alone.label
            assert other.probabilities == pytest.approx(alone.probabilities, abs=1e-6)


def test_last_pad_always_pads_to_the_stored_length():
    asked = predictor("last_pad", context=24)
    ids = torch.full((1, 24), TOKENIZER.pad)
    encoded = TOKENIZER.encode("free prize").ids.tolist()
    ids[0, : len(encoded)] = torch.tensor(encoded)
    with torch.no_grad():
        expected = asked.model(ids, torch.tensor([len(encoded)])).softmax(dim=1)[0]
    assert list(asked.predict(["free prize"])[0].probabilities.values()) == pytest.approx(expected.tolist(), abs=1e-6)


def test_empty_text_is_one_end_of_text_token():
    asked = predictor()
    with torch.no_grad():
        expected = asked.model(torch.tensor([[TOKENIZER.pad]]), torch.tensor([1])).softmax(dim=1)[0]
    (answer,) = asked.predict([""])
    assert list(answer.probabilities.values()) == pytest.approx(expected.tolist(), abs=1e-6) and not answer.cut


def test_over_long_text_is_cut_and_says_so():
    asked = predictor(context=8)
    ids = TOKENIZER.encode("one two three four five six seven eight nine ten").ids.tolist()
    first = TOKENIZER._bpe.decode(ids[:8])
    long, short = asked.predict(["one two three four five six seven eight nine ten", first])
    assert long.cut and not short.cut
    assert long.probabilities == pytest.approx(short.probabilities, abs=1e-6)


def test_probabilities_sum_to_one_and_no_text_gives_none():
    asked = predictor()
    p = probabilities(asked.model, [np.array([1, 2, 3])], asked.recipe)
    assert p.shape == (1, 3) and float(p.sum()) == pytest.approx(1)
    assert asked.predict([]) == []


def test_batches_of_any_size_report_progress():
    asked, seen = predictor(), []
    probabilities(asked.model, [np.array([1, 2])] * 50, asked.recipe, seen.append)
    assert seen[-1] == 50 and seen == sorted(seen)
