"""Text from a language model: the same as without kept keys and values, and the same as transformers'."""

import math
from collections import Counter
from itertools import islice

import pytest
import torch
import transformers

from core.architectures.gpt2 import GPT2Architecture
from core.model import weights
from core.model.generate import _next, continued
from core.model.gpt2 import GPT2
from core.model.kv_cache import FEWEST
from core.model.language import LanguageModel
from core.model.linear import multiply_in

SHAPE = GPT2Architecture(n_blocks=3, width=48, n_heads=4, max_tokens=2 * FEWEST + 9, vocab=211)  # room grows twice
PROMPT = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture(scope="module")
def theirs():
    torch.manual_seed(0)
    config = {k: v for k, v in SHAPE.to_config().items() if k != "model_type"}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**config | {"bos_token_id": 0, "eos_token_id": None}))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


@pytest.fixture(scope="module")
def model(theirs, tmp_path_factory) -> LanguageModel:
    folder = tmp_path_factory.mktemp("theirs")
    theirs.save_pretrained(folder)
    backbone = GPT2(SHAPE)
    weights.WeightsFile(folder / "model.safetensors").load_into(backbone)
    return LanguageModel(backbone).eval()


@torch.no_grad()
def likeliest(model: LanguageModel, ids: list[int]) -> list[int]:
    """The token that a pass over the whole text finds likeliest after each of its tokens but the last."""
    return model(torch.tensor([ids]))[0, :-1].argmax(dim=1).tolist()


def test_logits_equal_those_of_transformers(model, theirs):
    ids = torch.randint(0, SHAPE.vocab, (3, 17), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model(ids), theirs(ids).logits, atol=1e-3, rtol=1e-4)
        torch.testing.assert_close(model(ids), model.logits(model.hidden(ids)))


def test_the_output_can_be_multiplied_in_bf16(model):
    ids = torch.tensor([PROMPT])
    multiply_in(model, "fp32")
    with torch.no_grad():
        h, exact = model.hidden(ids), model(ids)
        multiply_in(model, "bf16")
        rough = model.logits(h)
        multiply_in(model, "fp32")
        assert torch.equal(model(ids), exact)
    assert rough.dtype == torch.float32 and not torch.equal(rough, exact)
    torch.testing.assert_close(rough, exact, atol=0.05 * float(exact.abs().max()), rtol=0)


def test_each_token_of_a_greedy_text_is_that_of_a_pass_over_all_before_it_to_the_end_of_the_context(model):
    for prompt in (PROMPT, [7], list(range(FEWEST + 3))):
        text = prompt + list(continued(model, prompt, stop=None))
        assert len(text) == SHAPE.max_tokens
        assert text[len(prompt) :] == likeliest(model, text)[len(prompt) - 1 :]
    assert list(continued(model, [1] * SHAPE.max_tokens, stop=None)) == []


def test_greedy_text_is_that_of_transformers(model, theirs):
    prompt = torch.tensor([PROMPT])
    expected = theirs.generate(
        prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=60, pad_token_id=0
    )[0, len(PROMPT) :]
    assert list(islice(continued(model, PROMPT, stop=None), 60)) == expected.tolist()


def test_it_ends_before_the_stop_token(model):
    text = list(continued(model, PROMPT, temperature=30.0, stop=None))
    at = next(i for i in range(5, len(text)) if text[i] not in text[:i])
    assert list(continued(model, PROMPT, temperature=30.0, stop=text[at])) == text[:at]


def test_the_same_seed_draws_the_same_text_whatever_else_is_drawn(model):
    first = list(continued(model, PROMPT, temperature=1.0, seed=5, stop=None))
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert list(continued(model, PROMPT, temperature=1.0, seed=5, stop=None)) == first
    assert torch.equal(torch.get_rng_state(), before)
    assert list(continued(model, PROMPT, temperature=1.0, seed=6, stop=None)) != first
    # between two tokens, the caller's gradients are as they were
    tokens = continued(model, PROMPT, stop=None)
    next(tokens)
    assert torch.is_grad_enabled()


def test_top_k_stays_among_the_k_likeliest(model):
    text = PROMPT + list(continued(model, PROMPT, temperature=30.0, top_k=3, seed=1, stop=None))
    with torch.no_grad():
        best = model(torch.tensor([text]))[0].topk(3).indices.tolist()
    ranks = [best[at - 1].index(text[at]) for at in range(len(PROMPT), len(text))]  # an error where it is outside
    assert set(ranks) == {0, 1, 2}
    text = PROMPT + list(continued(model, PROMPT, temperature=30.0, top_k=1, stop=None))
    assert text[len(PROMPT) :] == likeliest(model, text)[len(PROMPT) - 1 :]
    # more than there are is all of them
    more, every = (list(continued(model, PROMPT, temperature=30.0, top_k=k, stop=None)) for k in (1000, None))
    assert more == every


def test_tokens_are_drawn_as_often_as_the_softmax_says():
    logits, n, temperature = torch.tensor([1.0, -2.0, 3.0, 2.0, 0.0]), 3000, 2.0
    for top_k, among in ((None, [0, 1, 2, 3, 4]), (3, [0, 2, 3])):
        generator = torch.Generator().manual_seed(0)
        drawn = Counter(_next(logits, temperature, top_k, generator) for _ in range(n))
        assert sorted(drawn) == among
        for token, p in zip(among, (logits[among] / temperature).softmax(0).tolist(), strict=True):
            assert abs(drawn[token] / n - p) < 4 * math.sqrt(p * (1 - p) / n)
    assert _next(100 * logits, 1e-300, None, generator) == 2  # nothing overflows


def test_nothing_and_too_much_are_refused(model):
    for ids in ([], [1] * (SHAPE.max_tokens + 1)):
        with pytest.raises(ValueError, match="it takes 1 to"):
            next(continued(model, ids, stop=None))
