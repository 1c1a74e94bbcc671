"""The arithmetic against the operations that PyTorch counts on a small model."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from cases import first
from core.architectures.bert import BertArchitecture
from core.architectures.deberta import SCORED, DebertaArchitecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import LlamaArchitecture
from core.architectures.modernbert import ModernBertArchitecture
from core.architectures.t5 import BIASED, T5Architecture
from core.estimate.cost import FP32, PROCESS, Costs, Passes, Work, Workload, parameters, trainable_parameters
from core.freeze import FreezePlan
from core.model.classifier import Classifier
from core.model.families import backbone_for
from core.readout import READOUTS, ClassifierKind
from live import Live

BERT = BertArchitecture(3, 64, 8, 512, 50, inner=96)
MODERN = ModernBertArchitecture(3, 64, 8, 512, 50, inner=96, window=8, every=2, pad=49)
T5 = T5Architecture(3, 64, 8, 512, 50, inner=96, head_dim=8, gated=True)
DEBERTA = DebertaArchitecture(3, 64, 8, 512, 50, inner=96, buckets=16, reach=64)
LLAMA = LlamaArchitecture(3, 64, 8, 512, 50, inner=96, n_kv_heads=2, head_dim=8)
FAMILIES = [GPT2Architecture(3, 64, 8, 512, 50), BERT, MODERN, T5, DEBERTA, LLAMA]
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
@pytest.mark.parametrize("readout", first(1, ["last_real", "mean"]))
def test_flops_are_those_that_are_counted(plan, readout):
    plan = FreezePlan.parse(plan, SHAPE.n_blocks)
    model = Classifier(SHAPE, 2, ClassifierKind(READOUTS[readout])).eval()
    model.freeze(plan)
    costs = Costs(SHAPE, plan, SIZES, one_row=readout != "mean", reads_out_below=plan.head_alone)
    load = Workload.of(SHAPE, {WIDTH: TEXTS}, 1)
    ids, lengths = torch.zeros(TEXTS, WIDTH, dtype=torch.long), torch.full((TEXTS,), WIDTH)
    hidden = []

    def encode() -> None:
        with torch.set_grad_enabled(plan.depth is None):
            hidden.append(model.prefix(ids, lengths, costs.depth))

    # a mean is little work, and part of no price
    mean = 2 * TEXTS * WIDTH * SHAPE.width if plan.head_alone and readout == "mean" else 0
    assert counted(encode) == flops(costs.encode(load)) + mean
    learned = counted(lambda: model.suffix(hidden[0], lengths, costs.depth).sum().backward())
    # the head is left out of the arithmetic, and what no gradient needs of the block at the boundary out of the count
    assert learned == pytest.approx(flops(costs.learn(load, cached=True)), rel=0.11, abs=1e5)
    with torch.no_grad():
        tested = counted(lambda: model(ids, lengths))
    assert tested == pytest.approx(flops(costs.test(load)), rel=0.01)
    whole = flops(costs.learn(load, cached=False)) - flops(costs.learn(load, cached=True))
    assert whole == flops(costs.encode(load))


@pytest.mark.parametrize("arch", FAMILIES, ids=lambda arch: arch.family)
@pytest.mark.parametrize("rows", ["all", "one"])
def test_a_block_of_each_family_makes_the_products_that_are_counted(arch, rows):
    backbone, lengths = backbone_for(arch).eval(), torch.full((TEXTS,), WIDTH)
    h = torch.randn(TEXTS, WIDTH, arch.width)
    with torch.no_grad():
        context = backbone.batch_context(lengths, WIDTH)
        made = counted(lambda: backbone.block(1, h, context, lengths - 1 if rows == "one" else None))
    said = TEXTS * arch.block_flops(WIDTH, rows)
    if isinstance(arch, DebertaArchitecture):  # of distances, once a batch; and what is done to scores is no product
        made -= 2 * 2 * 2 * arch.buckets * arch.width**2
        said -= TEXTS * SCORED * arch.n_heads * WIDTH * (WIDTH if rows == "all" else 1)
        said -= 2 * TEXTS * arch.width * WIDTH * (rows == "one")  # keys and their distances, number by number
    assert made == said


@pytest.mark.parametrize(
    ("arch", "plan"),
    first(2, [(DEBERTA, "last_two_blocks"), (T5, "all"), (T5, "last_block"), (MODERN, "all"), (BERT, "all")], names=2),
    ids=lambda value: getattr(value, "family", value),
)
def test_memory_is_that_of_the_tensors_that_live_together_where_texts_are_long(arch, plan):
    plan, n_texts, width = FreezePlan.parse(plan, arch.n_blocks), 4, 256
    model = Classifier(arch, 2, ClassifierKind(READOUTS["mean"])).eval()
    model.freeze(plan)
    costs = Costs(arch, plan, parameters(arch, 2), one_row=False)
    ids, lengths = torch.zeros(n_texts, width, dtype=torch.long), torch.full((n_texts,), width)
    with Live(*model.parameters()) as live:
        model(ids, lengths).sum().backward()
    weights = FP32 * (sum(costs.sizes.values()) + 3 * trainable_parameters(costs.sizes, plan))
    assert live.most == pytest.approx(costs.memory(n_texts, width) - PROCESS - weights, rel=0.2)


def test_what_scores_cost_is_in_the_price():
    def taken(arch, width):
        costs = Costs(arch, FreezePlan.parse("last_block", arch.n_blocks), parameters(arch, 2), one_row=False)
        load = Workload.of(arch, {width: 1024 // width}, 1)
        return flops(costs.learn(load, cached=True)), costs.memory(1024 // width, width)

    for arch in (T5, DEBERTA):  # as many tokens in longer texts
        (short, less), (long, more) = taken(arch, 64), taken(arch, 512)
        each = arch.n_heads * (512 - 64) * 1024
        scores = {T5: BIASED * each, DEBERTA: 3 * SCORED * each}[arch]
        assert long - short >= scores + 3 * 4 * arch.width * (512 - 64) * 1024
        assert more - less == {T5: 1, DEBERTA: 4}[arch] * FP32 * each


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
