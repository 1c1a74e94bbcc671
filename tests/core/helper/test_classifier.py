"""What the model helper answers of a text that is being typed."""

import dataclasses
import json
from itertools import accumulate

import msgspec
import pytest

import decoders
from cases import first
from core.architectures.bert import BertArchitecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import LlamaArchitecture
from core.architectures.models import MODELS
from core.files import unwatched
from core.helper import classifier
from core.helper.classifier import DROPPED, MOST_PIECES
from core.recipe import load
from core.runs.root import create_run
from core.train.control_source import ControlSource
from core.worker.finetune import attempt

CONTEXT = 400


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """A function that trains a small run with a readout and gives a function that asks it."""
    monkeypatch.setitem(
        MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=GPT2Architecture(2, 16, 2, CONTEXT))
    )
    data = tmp_path / "messages.tsv"
    texts = [("spam", f"free prize {i}") if i % 3 == 0 else ("ham", f"lunch at home {i}") for i in range(30)]
    data.write_text("".join(f"{label}\t{text}\n" for label, text in texts))

    def asked(readout: str, **model):
        recipe = {
            "data": {"path": str(data)},
            "model": {"readout": readout, "weights": "random", **model},
            "freeze": {"trainable": "head"},
            "train": {"epochs": 1},
            "speed": {"threads": 1, "device": "cpu", "precision": "fp32", "cache": "off"},
        }
        run = create_run(tmp_path / "runs", load(recipe))
        list(attempt(run, lambda *_: None, ControlSource(), False))
        kinds = classifier.kinds()

        def ask(kind: str, **args):
            found = kinds[kind]({"run": str(run.path), "checkpoint": None, **args}, unwatched)
            return msgspec.json.decode(msgspec.json.encode(found))

        assert ask("open")["labels"] == ["ham", "spam"]
        return ask

    return asked


@pytest.mark.parametrize("readout", first(1, ["last_real", "mean"]))
def test_a_typed_text_comes_with_the_verdict_after_each_of_its_pieces(ask, readout):
    ask = ask(readout)
    for text in ("free prize", "free pri", "", "日本 😀 ok", "\ud800 a", "lunch " * 2 * CONTEXT):
        typed = ask("typed", text=text)
        (alone,) = ask("predict", texts=[text])["answers"]
        shares, expected = typed["answer"].pop("probabilities"), alone.pop("probabilities")
        assert typed["answer"] == alone and shares == pytest.approx(expected, abs=1e-5)
        if text:
            assert typed["curve"][-1] == pytest.approx(list(shares.values()), abs=1e-4)
    typed = ask("typed", text="日本 😀 ok")
    pieces = [piece for piece, _ in typed["pieces"]]
    assert pieces[:2] == ["日", "本"] and pieces[-1] == " ok" and "".join(pieces) == "日本 😀 ok"
    begun = [answer["probabilities"] for answer in ask("predict", texts=[*accumulate(pieces)])["answers"]]
    for row, probabilities in zip(typed["curve"], begun, strict=True):
        assert row == pytest.approx(list(probabilities.values()), abs=1e-4)
    assert ask("typed", text="")["pieces"] == ask("typed", text="")["curve"] == []


def test_of_a_long_text_the_last_pieces_come_and_the_first_of_them_seldom_changes(ask):
    ask = ask("last_real")
    befores = set()
    for n in range(MOST_PIECES - 1, MOST_PIECES + DROPPED + 2):
        typed = ask("typed", text=" a" * n)
        assert (
            typed["before"] + len(typed["pieces"]) == n and len(typed["curve"]) == len(typed["pieces"]) <= MOST_PIECES
        )
        befores.add(typed["before"])
    assert befores == {0, DROPPED, 2 * DROPPED}


def test_a_character_that_the_context_cuts_in_half_still_has_a_verdict(ask):
    typed = ask("last_real")("typed", text=" a" * (CONTEXT - 1) + "日")
    assert typed["answer"]["cut"] and typed["pieces"][-1] == ["\ufffd", 1]
    assert typed["curve"][-1] == pytest.approx(list(typed["answer"]["probabilities"].values()), abs=1e-4)


def test_where_every_token_sees_the_whole_text_there_is_no_curve(ask, monkeypatch):
    tiny = BertArchitecture(2, 16, 2, CONTEXT, 30522)
    monkeypatch.setitem(MODELS, "bert", dataclasses.replace(MODELS["bert"], architecture=tiny))
    why = ask("first", name="bert")("typed", text="free prize")["why"]
    assert why == "BERT reads the whole text at once: it has no verdict for each word."
    assert "Without a causal mask" in ask("last_real", causal=False)("typed", text="free prize")["why"]


def test_another_readout_has_no_curve_and_says_why(ask):
    typed = ask("first")("typed", text="free prize")
    assert typed["pieces"] is None and typed["curve"] is None
    assert "needs the readout last_real or mean, not first" in typed["why"] and typed["answer"]["text"] == "free prize"


@pytest.mark.parametrize("ends", first(1, [False, True]))
def test_special_tokens_around_a_text_of_a_decoder(ask, monkeypatch, tmp_path, ends):
    file = json.loads(decoders.tokenizer_json("llama3", ["free prize, lunch at home"] * 9, 300))
    if ends:
        template = next(part for part in file["post_processor"]["processors"] if part["type"] == "TemplateProcessing")
        template["single"].reverse()
    (tmp_path / "tokenizer.json").write_text(json.dumps(file))
    arch = LlamaArchitecture(2, 16, 2, CONTEXT, 310, inner=24, n_kv_heads=1, head_dim=8, end_of_text=301)
    (tmp_path / "config.json").write_text(json.dumps(arch.to_config()))
    ask = ask("last_real", name=str(tmp_path))
    typed = ask("typed", text="free 日本 prize")
    (alone,) = ask("predict", texts=["free 日本 prize"])["answers"]
    shares = alone["probabilities"]
    if ends:  # the verdict is read at the special token alone
        assert typed["curve"] is None and "puts a special token after each text" in typed["why"]
        assert typed["answer"]["probabilities"] == pytest.approx(shares, abs=1e-5)
        return
    pieces = [piece for piece, _ in typed["pieces"]]
    assert "".join(pieces) == "free 日本 prize" and typed["pieces"][0][1] == 2  # with the one before it
    assert typed["curve"][-1] == pytest.approx(list(shares.values()), abs=1e-4)
    begun = [answer["probabilities"] for answer in ask("predict", texts=[*accumulate(pieces)])["answers"]]
    for row, probabilities in zip(typed["curve"], begun, strict=True):
        assert row == pytest.approx(list(probabilities.values()), abs=1e-4)
    assert ask("typed", text="")["pieces"] == ask("typed", text="")["curve"] == []
