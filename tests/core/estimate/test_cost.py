"""The arithmetic against the operations that PyTorch counts on a small model."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from core.architectures.gpt2 import GPT2Architecture
from core.estimate.cost import Costs, Passes, Work, Workload, parameters, trainable_parameters
from core.freeze import FreezePlan
from core.model.classifier import Classifier
from core.readout import READOUTS, ClassifierKind

SHAPE, TEXTS, WIDTH = GPT2Architecture(3, 64, 4, 128, 50), 8, 40
SIZES = parameters(SHAPE, 2)
PLANS = ["head", "last_block", "last_two_blocks", "blocks.0,blocks.2,head", "blocks.1,head", "all"]


def counted(job) -> int:
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:  # the fused kernel is not counted
        job()
    return counter.get_total_flops()


def flops(work: Work) -> float:
    return sum(passes.flops for passes in (work.look, work.look_row, work.learn, work.learn_row, work.exact))


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("readout", ["last_real", "mean"])
def test_flops_are_those_that_are_counted(plan, readout):
    plan = FreezePlan.parse(plan, SHAPE.n_blocks)
    model = Classifier(SHAPE, 2, ClassifierKind(READOUTS[readout])).eval()
    model.freeze(plan)
    costs = Costs(SHAPE, plan, SIZES, one_row=readout != "mean")
    load = Workload.of(SHAPE, {WIDTH: TEXTS}, 1)
    ids, lengths = torch.zeros(TEXTS, WIDTH, dtype=torch.long), torch.full((TEXTS,), WIDTH)
    hidden = []

    def encode() -> None:
        with torch.set_grad_enabled(plan.depth is None):
            hidden.append(model.prefix(ids, lengths, costs.depth))

    assert counted(encode) == flops(costs.encode(load))
    learned = counted(lambda: model.suffix(hidden[0], lengths, costs.depth).sum().backward())
    # the head is left out of the arithmetic, and what no gradient needs of the block at the boundary out of the count
    assert learned == pytest.approx(flops(costs.learn(load, cached=True)), rel=0.11, abs=1e5)
    with torch.no_grad():
        tested = counted(lambda: model(ids, lengths))
    assert tested == pytest.approx(flops(costs.test(load)), rel=0.01)
    whole = flops(costs.learn(load, cached=False)) - flops(costs.learn(load, cached=True))
    assert whole == flops(costs.encode(load))


def test_work_adds_up():
    one = Work(learn=Passes(2, 10.0), steps=1, updated=5.0)
    assert one + one == one * 2 == Work(learn=Passes(4, 20.0), steps=2, updated=10.0)


def test_every_further_part_costs_more():
    load = Workload.of(SHAPE, {WIDTH: TEXTS}, 1)
    before = None
    for boundary in range(5, -1, -1):
        plan = FreezePlan.from_boundary(SHAPE.n_blocks, boundary)
        costs = Costs(SHAPE, plan, SIZES, one_row=True)
        now = flops(costs.learn(load, cached=True)), trainable_parameters(SIZES, plan), costs.memory(TEXTS, WIDTH)
        assert before is None or all(b >= a for a, b in zip(before, now, strict=True))
        before = now
    assert before[1] == sum(SIZES.values())
