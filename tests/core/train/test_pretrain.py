"""Next-token training: its schedule, its optimizer, its steps."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.architectures.gpt2 import GPT2Architecture
from core.data.corpus import Windows
from core.model.gpt2 import GPT2
from core.model.language import LanguageModel
from core.pretraining import Pretraining
from core.runs.control import Epochs, Line, Rates
from core.runs.events import Evaluated, Planned, Sampled, Steps
from core.text.byte_bpe import built_in
from core.train import pretrain
from core.train.control_source import ControlSource
from core.train.loop import State
from core.train.optim import Muon, orthogonal, share_of_rate

TOKENIZER = built_in("nano")
SHAPE = GPT2Architecture(2, 32, 2, 16, TOKENIZER.vocab)


def test_the_rate_rises_stays_and_falls():
    shares = [share_of_rate(step, 100, 0.1, 0.3) for step in range(100)]
    assert shares[0] == pytest.approx(0.1) and shares[9:70] == [1.0] * 61
    assert all(a > b > 0 for a, b in pairwise(shares[70:])) and shares[-1] < 0.01
    cosine = [share_of_rate(step, 100, 0.0, 1.0) for step in range(100)]
    assert cosine[50] == pytest.approx(0.5 + 0.5 * math.cos(math.pi * 51 / 101))
    assert [share_of_rate(step, 7, 0.0, 0.0) for step in range(7)] == [1.0] * 7


def test_a_longer_run_begins_as_a_shorter_one():
    short, long = ([share_of_rate(step, n, 0.02 * 1000 / n, 0.3) for step in range(700)] for n in (1000, 4000))
    assert short == pytest.approx(long)


def test_orthogonal_leaves_the_directions_and_evens_their_sizes():
    torch.manual_seed(0)
    for shape in ((48, 16), (16, 48), (32, 32)):
        matrix = torch.randn(shape)
        u, s, v = torch.linalg.svd(matrix, full_matrices=False)
        found = torch.linalg.svdvals(orthogonal(matrix))
        assert s.max() / s.min() > 2 and found.min() > 0.6 and found.max() < 1.3
        assert (orthogonal(matrix) * (u @ v)).sum() / (orthogonal(matrix).norm() * (u @ v).norm()) > 0.98


def test_muon_steps_as_pytorchs_does():
    torch.manual_seed(0)
    ours = torch.nn.Parameter(torch.randn(24, 12))
    theirs = torch.nn.Parameter(ours.detach().clone())
    pairs = [
        (ours, Muon([ours], lr=0.01, weight_decay=0.1)),
        (theirs, torch.optim.Muon([theirs], lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")),
    ]
    for _ in range(4):
        gradient = torch.randn(24, 12)
        for parameter, optimizer in pairs:
            parameter.grad = gradient.clone()
            optimizer.step()
    # theirs multiplies in bf16
    torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=0)


def test_every_window_is_learned_from_once_in_each_turn():
    seen = [window for step in range(10) for window in pretrain.windows_of(step, 4, 20, seed=3)]
    assert sorted(seen[:20]) == sorted(seen[20:]) == list(range(20)) and seen[:20] != seen[20:]
    few = pretrain.windows_of(0, 7, 3, seed=1)  # a step longer than the text
    assert sorted(few[:3]) == sorted(few[3:6]) == [0, 1, 2] and len(few) == 7


@pytest.fixture
def new_loop():
    """A function that makes a loop over the same text from the same weights, changed by options of train."""

    def make(**train):
        torch.manual_seed(0)
        rng = np.random.default_rng(0)
        tokens = rng.integers(0, 40, 2000).cumsum() % 97  # something to be learned
        text, held_out = Windows(tokens[:1800].astype(np.uint16), 16), Windows(tokens[1800:].astype(np.uint16), 16)
        recipe = Pretraining.of(
            {
                "text": {"paths": ["text"]},
                "train": {"eval_every": 10, "eval_windows": 4, **train},
                "speed": {"device": "cpu", "threads": 1, "precision": "fp32"},
            }
        )
        model = LanguageModel(GPT2(SHAPE))
        model.backbone.initialize(torch.Generator().manual_seed(1))
        optimizers = pretrain.Optimizers.of(model, recipe.train.lr, recipe.train.weight_decay)
        began = {name: p.detach().clone() for name, p in model.named_parameters()}
        return pretrain.LanguageLoop(
            model, TOKENIZER, text, held_out, recipe, State(), optimizers,
            save=lambda best: None, control_source=ControlSource(), origin=began.get,
        )  # fmt: skip

    return make


def test_it_learns_at_the_rate_and_for_as_long_as_it_is_told(new_loop):
    loop = new_loop(epochs=2, warmup=0, cooldown=0)
    loop.control_source.answer(Line("1", Rates(lr=1e-3)), 5)
    loop.control_source.answer(Line("2", Epochs(0.5)), 6)
    events = list(loop.run())
    rates = [rate for e in events if isinstance(e, Steps) for rate in e.lr]
    assert rates == [loop.train.lr] * 5 + [1e-3] * 2 and loop.state.step == loop.n_steps == 7
    assert [e.n_steps for e in events if isinstance(e, Planned)] == [7]
    assert [e.step for e in events if isinstance(e, Evaluated)] == [0, 7]


def test_loss_falls_and_every_look_says_bits_and_a_sample(new_loop):
    loop = new_loop(epochs=2)
    events = list(loop.run())
    looks = [e for e in events if isinstance(e, Evaluated)]
    assert loop.state.step == loop.n_steps == 28 and [e.step for e in looks] == [0, 10, 20, 28]
    assert looks[0].loss == pytest.approx(math.log(SHAPE.vocab), rel=0.01) and looks[-1].loss < looks[0].loss - 2
    targets = loop.held_out.take(range(len(loop.held_out)))[:, 1:].ravel().tolist()
    whole = loop.evaluate(lambda *_: None)
    n_bytes = sum(map(len, TOKENIZER.bytes_of(targets)))
    assert whole.bits == pytest.approx(whole.loss * len(targets) / n_bytes / math.log(2))
    assert len([e for e in events if isinstance(e, Sampled) and e.prompt and e.text]) == 4
    rates = [rate for e in events if isinstance(e, Steps) for rate in e.lr]
    assert len(rates) == 28 and max(rates) > 5 * rates[-1]


def test_a_step_in_parts_is_the_step_in_one(new_loop, monkeypatch):
    ends = []
    for at_once in (16, 48, 10_000):
        monkeypatch.setattr(pretrain, "AT_ONCE", at_once)
        loop = new_loop(epochs=0.3)
        loop.model.double()
        list(loop.run())
        ends.append([p.detach() for p in loop.model.parameters()])
    for other in ends[1:]:
        assert all(torch.allclose(a, b, atol=1e-9) for a, b in zip(ends[0], other, strict=True))


def test_a_steps_loss_is_the_mean_over_its_tokens(new_loop):
    loop = new_loop(batch=3)
    ids = torch.from_numpy(loop.text.take(pretrain.windows_of(0, 3, len(loop.text), loop.train.seed)))
    with torch.no_grad():
        expected = F.cross_entropy(loop.model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()).item()
    loss, rate, tokens = loop._learn()
    assert loss == pytest.approx(expected, rel=1e-5) and tokens == 48 and rate < loop.train.lr
