"""What a model that nobody has trained further says to a text."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
import torch

from core.architectures.gpt2 import GPT2Architecture
from core.errors import BadModel, BadRecipe, WorkbenchError
from core.evaluate import language_model
from core.evaluate.question import BEGINNING, EXAMPLE, IS_IT_SPAM, Question
from core.helper import language_model as helper
from core.helper.protocol import HELPERS
from core.model.gpt2 import GPT2
from core.model.language import LanguageModel
from core.text.byte_bpe import built_in
from core.text.tokenizer import Encoding

CONTEXT = 48


@pytest.fixture
def tiny():
    """A model that says nearly anything with the same likelihood, pieces of characters too."""
    backbone = GPT2(GPT2Architecture(2, 16, 2, CONTEXT, built_in("gpt2").vocab))
    backbone.initialize(torch.Generator().manual_seed(0))
    return language_model.Pretrained(LanguageModel(backbone).eval(), built_in("gpt2"), "random")


class Bytes:
    """A tokenizer of bytes."""

    pad = 256

    def encode(self, text):
        return Encoding(np.frombuffer(text.encode(), dtype=np.uint8))

    def bytes_of(self, ids):
        return [bytes([id]) if id < 256 else b"" for id in ids]


@torch.no_grad()
def saying(text: bytes) -> language_model.Pretrained:
    """A model that says these bytes after a text of one byte, then ends its own."""
    backbone = GPT2(GPT2Architecture(1, 257, 1, CONTEXT, 257))
    for parameter in backbone.parameters():
        parameter.zero_()
    backbone.ln_f.weight.fill_(1)
    backbone.wte.weight.copy_(torch.eye(257))
    for at, byte in enumerate([*text, Bytes.pad]):
        backbone.wpe.weight[at, byte] = 9
    return language_model.Pretrained(LanguageModel(backbone).eval(), Bytes(), "random")


def test_no_character_is_ever_half_there():
    model = saying("a日😀".encode() + b"\xffb" + "é".encode()[:1])
    grown = [answer.continuation for answer in model.answer(Question("nano", "x"))]
    assert grown == ["a", "a", "a", "a日", "a日", "a日", "a日", "a日😀", "a日😀�", "a日😀�b", "a日😀�b", "a日😀�b�"]
    for before, after in pairwise(grown):
        assert after.startswith(before)


def test_it_says_why_it_ended(tiny):
    def end(model, text="x", **asked):
        *_, last = model.answer(Question("nano", text, **asked))
        return last.tokens, last.ended

    assert end(tiny, "one two", tokens=5) == (5, "tokens")
    assert end(tiny, "one two", tokens=1000, temperature=1.0) == (CONTEXT - 2, "context")
    assert end(saying(b"yes"), tokens=25) == (3, "text")
    assert end(saying(b"")) == (0, "text")


def test_an_empty_text_can_be_gone_on_with_and_one_that_leaves_no_room_cannot(tiny):
    *_, last = tiny.answer(Question("nano", "", tokens=3))
    assert last.tokens == 3 and last.text == ""
    with pytest.raises(WorkbenchError, match=f"48 tokens long; nano holds {CONTEXT} in all. Shorten it"):
        next(tiny.answer(Question("nano", "a" + " a" * (CONTEXT - 1))))
    *_, last = tiny.answer(Question("nano", "a" + " a" * (CONTEXT - 2)))
    assert (last.tokens, last.ended) == (1, "context")


def asked(**question):
    """A function that asks the helper's `ask`, and what it has reported."""
    heard = []

    def progress(name, done, total, unit, partial=""):
        heard.append((name, done, total, unit, partial))

    kind = helper.kinds()["ask"]
    return msgspec.to_builtins(kind(question, progress)), heard


def test_the_helper_answers_with_what_is_said_at_each_token():
    assert "core.helper.language_model" in HELPERS["model"]
    answer, heard = asked(model="nano", weights="random", text="Hello", tokens=6, temperature=1.0, top_k=5)
    assert set(answer) == {"text", "continuation", "tokens", "seconds", "weights", "ended"}
    assert answer["text"] == "Hello" and answer["tokens"] == 6 and answer["weights"] == "random"
    words = [report for report in heard if report[0] == "ask"]
    assert [done for _, done, *_ in words] == [1, 2, 3, 4, 5, 6, 6]
    assert words[-1][1:] == (6, 6, "tokens", answer["continuation"])
    again, _ = asked(model="nano", weights="random", text="Hello", tokens=6, temperature=1.0, top_k=5)
    assert again["continuation"] == answer["continuation"]
    other, _ = asked(model="nano", weights="random", text="Hello", tokens=6, temperature=1.0, top_k=5, seed=124)
    assert other["continuation"] != answer["continuation"]
    assert asked() == (None, [])


def test_the_model_is_kept_until_another_is_asked():
    requests, models = helper.LanguageModelRequests(), []
    for weights, seed in [("random", 1), ("random", 1), ("random", 2), ("pretrained", 2), ("pretrained", 3)]:
        requests.ask(
            {"model": "nano", "text": "a", "weights": weights, "tokens": 1, "seed": seed}, lambda *_, **__: None
        )
        models.append(requests._model)
    assert models[0] is models[1] and models[3] is models[4] and len({*map(id, models)}) == 3


def test_what_came_with_the_program_writes_words_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answers = [asked(model="nano", text=BEGINNING, temperature=0.8, seed=seed)[0] for seed in range(4)]
    assert {answer["weights"] for answer in answers} == {"built in"}
    words = " ".join(answer["continuation"] for answer in answers).split()
    assert (
        len(words) > 20 and sum(word.isascii() and word.strip(".,;!?'\"").isalpha() for word in words) > len(words) / 2
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_no_model_is_refused(tmp_path):
    with pytest.raises(BadModel, match="is not a model folder"):
        asked(model="nano", text="a", weights=str(tmp_path))


@pytest.mark.parametrize(
    ("field", "value"),
    [("model", "nono"), ("tokens", 0), ("temperature", -0.1), ("temperature", float("nan")),
     ("temperature", float("inf")),
     ("top_k", 0), ("seed", -1), ("seed", 2**32)],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(field, value):
    with pytest.raises(BadRecipe, match=field.replace("_", "-")):
        Question(**{"model": "nano", "text": "a", field: value}).check()


def test_the_question_is_the_books():
    assert IS_IT_SPAM.format(EXAMPLE) == (
        "Is the following text 'spam'? Answer with 'yes' or 'no': 'You are a winner you have been specially "
        "selected to receive $1000 cash or a $2000 award.'"
    )
