"""Learning rates, what they act on, what each text counts for, and when it is enough."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.metrics import macro_f1
from core.runs.events import Evaluated, Steps
from core.train.optim import share_of_rate
from core.train.steps import epoch_plan


def test_the_rate_falls_in_the_shape_that_is_asked_for():
    steps = range(100)
    linear = [share_of_rate(step, 100, 0.1, 1.0, "linear") for step in steps]
    cosine = [share_of_rate(step, 100, 0.1, 1.0, "cosine") for step in steps]
    assert linear[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert linear[9] == cosine[9] == 1.0 and linear[54] == pytest.approx(1 - 45 / 91)
    assert cosine[54] == pytest.approx(0.5 + 0.5 * math.cos(math.pi * 45 / 91)) and 0 < linear[-1] < 0.02
    assert {share_of_rate(step, 100, 0.0, 0.0, "constant") for step in steps} == {1.0}


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_the_loop_learns_at_the_rates_of_its_schedule(build, schedule):
    built = build(train={"schedule": schedule, "warmup": 0.01, "head_lr": 5e-3, "epochs": 10})
    rates = [rate for e in built.loop.run() if isinstance(e, Steps) for rate in e.lr]
    n = built.loop.n_steps
    expected = [1e-3 * share_of_rate(step, n, 0.01, float(schedule == "linear"), "linear") for step in range(20)]
    assert rates == pytest.approx(expected, rel=1e-12)
    heads = {group["lr"] / group["initial_lr"]: group["initial_lr"] for group in built.loop.optimizer.param_groups}
    assert len(heads) == 1 and {g["initial_lr"] for g in built.loop.optimizer.param_groups} == {1e-3, 5e-3}


def test_every_part_has_its_rate_and_only_matrices_decay(build):
    built = build(freeze={"trainable": "all"}, train={"head_lr": 2e-3, "layer_decay": 0.5})
    names = {id(p): name for name, p in built.model.named_parameters()}
    found = {}
    for group in built.loop.optimizer.param_groups:
        for p in group["params"]:
            name = names[id(p)]
            assert (group["weight_decay"] > 0) == (p.ndim > 1), name
            found.setdefault(built.model.part_of(name), set()).add(group["initial_lr"])
    assert found == {
        "head": {2e-3}, "norm": {1e-3}, "blocks.2": {1e-3}, "blocks.1": {5e-4}, "blocks.0": {2.5e-4},
        "embeddings": {1.25e-4},
    }  # fmt: skip
    everything = build(freeze={"trainable": "all"}, train={"decay": "all"})
    assert {group["weight_decay"] for group in everything.loop.optimizer.param_groups} == {0.1}


def first_step(built):
    """The loss of the first step, and its batch with logits and labels as they were before it."""
    batch = epoch_plan(built.recipe, built.inputs.texts, 0)[0][0]
    h, lengths, labels = built.inputs.batch("train", batch)
    logits = built.model.suffix(h, lengths, built.inputs.depth).detach()
    built.limit.steps = 1
    (loss,) = [loss for e in built.loop.run() if isinstance(e, Steps) for loss in e.loss]
    return loss, logits, labels


def test_balanced_classes_count_alike(build):
    built = build(train={"class_weights": "balanced", "label_smoothing": 0.1, "ignore_index": 2})
    texts = built.inputs.texts
    counts = np.bincount(texts.labels[texts.splits["train"]])
    expected = torch.tensor(counts.sum() / (3 * counts))
    torch.testing.assert_close(built.loop.weights, expected, atol=1e-6, rtol=0)
    assert (built.loop.weights.numpy() * counts).std() < 1e-4 < counts.std()
    loss, logits, labels = first_step(built)
    # PyTorch's own mean divides by the weights of those that are not ignored
    theirs = F.cross_entropy(logits, labels, built.loop.weights, ignore_index=2, label_smoothing=0.1)
    assert loss == pytest.approx(theirs.item(), abs=1e-9)


def test_long_gradients_are_clipped(build):
    clipped, free = build(train={"clip": 1e-6}), build()
    for built in (clipped, free):
        first_step(built)
    norms = [
        sum(p.grad.square().sum() for _, p in built.model.trainable_parameters()) ** 0.5 for built in (clipped, free)
    ]
    assert norms[0].item() == pytest.approx(1e-6, rel=1e-3) and norms[1] > 1e-3


def test_it_stops_when_patience_is_at_its_end_and_knows_it_after_a_restart(build):
    built = build(train={"patience": 2, "epochs": 30, "lr": 1e-12, "head_lr": 1e-12, "metric": "accuracy"})
    built.limit.steps = 10_000
    events = list(built.loop.run())
    whole = [e for e in events if isinstance(e, Evaluated) and e.whole]
    assert len(whole) == 3 and built.state.best_step == built.loop.per_epoch  # nothing moves, so nothing gets better
    assert built.state.step == 3 * built.loop.per_epoch < built.loop.n_steps and built.loop.over
    assert events[-1].name == "learn" and events[-1].done == events[-1].total == built.state.step
    assert [type(e).__name__ for e in built.loop.run()] == ["Phase", "Phase"]


def test_the_metric_decides_what_is_best(build):
    for metric in ("loss", "accuracy", "f1"):
        built = build(train={"metric": metric, "epochs": 6, "lr": 5e-3, "head_lr": 5e-3})
        built.limit.steps = 10_000
        whole = [e for e in built.loop.run() if isinstance(e, Evaluated) and e.whole and e.split == "validation"]
        values = [{"loss": -e.loss, "accuracy": e.accuracy, "f1": e.f1}[metric] for e in whole]
        assert len(values) == 6 and whole[values.index(max(values))].step == built.state.best_step


def test_macro_f1_is_scikit_learns():
    from sklearn.metrics import f1_score

    rng = np.random.default_rng(0)
    for n in (2, 5):
        right, said = rng.integers(0, n, 40), rng.integers(0, n, 40)
        right[right == n - 1] = 0  # a class that no text has, though it is said of some
        confusion = np.zeros((n, n), dtype=int)
        np.add.at(confusion, (right, said), 1)
        assert macro_f1(confusion) == pytest.approx(f1_score(right, said, average="macro", zero_division=0))
    assert macro_f1(np.array([[3, 0], [0, 0]])) == 1.0
