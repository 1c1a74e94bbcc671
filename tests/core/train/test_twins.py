"""Each fast path against its slow twin: in float64, where agreement means something, then in fp32 and bf16."""

import pytest
import torch
import torch.nn.functional as F

from cases import each, first
from core.architectures.bert import BertArchitecture, DistilBertArchitecture, RobertaArchitecture
from core.architectures.deberta import DebertaArchitecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import Llama3Scaling, LlamaArchitecture, Qwen2Architecture, Qwen3Architecture
from core.architectures.modernbert import ModernBertArchitecture
from core.architectures.t5 import T5Architecture
from core.evaluate.predict import probabilities
from core.runs.events import Evaluated, Steps

# readout, padding, what learns: every boundary, gaps above it, and paddings that a readout depends on
CASES = [
    ("last_real", "bucketed", "last_block"),
    ("last_real", "bucketed", "head"),
    ("last_real", "dynamic", "last_two_blocks"),
    ("last_real", "bucketed", "all"),
    ("last_real", "fixed", "blocks.1,head"),
    ("last_real", "bucketed", "embeddings,blocks.2"),
    ("last_real", "bucketed", "blocks.0,norm"),
    ("last_pad", "fixed", "last_block"),
    ("last_pad", "fixed", "head"),
    ("first", "bucketed", "last_block"),
    ("first", "dynamic", "head"),
    ("mean", "bucketed", "last_block"),
    ("mean", "bucketed", "norm,head"),
    ("mean", "bucketed", "head"),
    ("mean_pads", "fixed", "head"),
    ("mean_pads", "fixed", "last_block"),
    ("last_real", "bucketed", "lora"),
    ("last_real", "bucketed", "lora.2,head"),
    ("last_pad", "fixed", "lora.1,blocks.2,head"),
    ("last_real", "none", "last_block"),
]
FAST = {"cache": "run", "rows": "needed"}
SLOWEST = {"cache": "off", "rows": "all"}
SLOW = [SLOWEST, {"cache": "off", "rows": "needed"}, {"cache": "run", "rows": "all"}]


def recipe(readout, padding, trainable, speed):
    return {
        "model": {"readout": readout},
        "train": {"padding": padding} | ({"batch": 1} if padding == "none" else {}),
        "freeze": {"trainable": trainable},
        "speed": speed,
    }


def learned(built):
    """Losses, evaluations and weights after the loop has run."""
    events = list(built.loop.run())
    losses = [loss for e in events if isinstance(e, Steps) for loss in e.loss]
    seen = [(e.split, e.loss) for e in events if isinstance(e, Evaluated)]
    return losses, seen, dict(built.model.named_parameters())


def gradients(built):
    """The loss and gradients of the first batch."""
    from core.train.steps import epoch_plan

    h, lengths, labels = built.inputs.batch("train", epoch_plan(built.recipe, built.inputs.texts, 0)[0][0])
    loss = F.cross_entropy(built.model.suffix(h, lengths, built.inputs.depth), labels)
    names, parameters = zip(*built.model.trainable_parameters(), strict=True)
    return loss.item(), dict(zip(names, torch.autograd.grad(loss, parameters, allow_unused=True), strict=True))


def demand_the_same_is_learned(fast, twin):
    """Losses, evaluations and weights after a run, all within 1e-9."""
    losses, seen, weights = learned(fast)
    expected_losses, expected_seen, expected_weights = learned(twin)
    assert losses == pytest.approx(expected_losses, abs=1e-9) and len(losses) == 20
    assert [split for split, _ in seen] == [split for split, _ in expected_seen] and len(seen) >= 4
    assert [loss for _, loss in seen] == pytest.approx([loss for _, loss in expected_seen], abs=1e-9)
    for name, p in weights.items():
        torch.testing.assert_close(p, expected_weights[name], atol=1e-9, rtol=0, msg=name)


TINY = GPT2Architecture(n_blocks=3, width=32, n_heads=4, max_tokens=24, vocab=97)
ENCODERS = [
    BertArchitecture(3, 32, 4, 24, 97, inner=56),
    ModernBertArchitecture(3, 32, 4, 24, 97, inner=56, window=4, every=2, pad=96),
    pytest.param(
        T5Architecture(3, 32, 4, 24, 97, inner=56, head_dim=6, gated=True, buckets=8, distance=12),
        marks=pytest.mark.more,
    ),
    pytest.param(DebertaArchitecture(3, 32, 4, 24, 97, inner=56, buckets=6, reach=12), marks=pytest.mark.more),
    pytest.param(RobertaArchitecture(3, 32, 4, 24, 97, inner=56), marks=pytest.mark.slow),
    pytest.param(DistilBertArchitecture(3, 32, 4, 24, 97, inner=56), marks=pytest.mark.slow),
]


SHAPE = {"inner": 56, "n_kv_heads": 2, "head_dim": 12, "end_of_text": 96}
DECODERS = [
    Qwen3Architecture(3, 32, 4, 24, 97, **SHAPE),
    pytest.param(Qwen2Architecture(3, 32, 4, 24, 97, **SHAPE), marks=pytest.mark.slow),
    pytest.param(
        LlamaArchitecture(3, 32, 4, 24, 97, **SHAPE, scaling=Llama3Scaling(8.0, 1.0, 4.0, 8)), marks=pytest.mark.slow
    ),
]


@pytest.mark.more
@pytest.mark.parametrize("arch", DECODERS, ids=lambda arch: arch.family)
@pytest.mark.parametrize(
    ("readout", "padding", "trainable"),
    [
        ("last_real", "bucketed", "last_block"),
        ("last_real", "fixed", "lora.1,blocks.2,head"),
        ("mean", "bucketed", "embeddings,blocks.2"),
        ("last_pad", "fixed", "head"),
        ("first", "dynamic", "last_block"),
    ],
)
def test_a_later_decoder_learns_the_same_on_both_paths(build, arch, readout, padding, trainable):
    asked = recipe(readout, padding, trainable, {})
    asked["model"]["head"] = "own"
    fast, twin = (build(arch=arch, **(asked | {"speed": speed})) for speed in (FAST, SLOWEST))
    demand_the_same_is_learned(fast, twin)


@pytest.mark.more
@pytest.mark.parametrize("arch", ENCODERS, ids=lambda arch: arch.family)
@pytest.mark.parametrize(
    ("readout", "head", "padding", "trainable"),
    [
        ("first", "own", "bucketed", "last_block"),
        ("first", "own", "dynamic", "head"),
        ("first", "linear", "bucketed", "lora.1,blocks.2,head"),
        ("mean", "linear", "bucketed", "last_two_blocks"),
        ("mean", "own", "fixed", "all"),
        ("last_real", "mlp", "bucketed", "embeddings,blocks.2"),
        ("mean_pads", "linear", "fixed", "lora"),
    ],
)
def test_an_encoder_learns_the_same_on_both_paths(build, arch, readout, head, padding, trainable):
    asked = recipe(readout, padding, trainable, {})
    asked["model"]["head"] = head
    fast, twin = (build(arch=arch, **(asked | {"speed": speed})) for speed in (FAST, SLOWEST))
    demand_the_same_is_learned(fast, twin)


@pytest.mark.parametrize(("readout", "padding", "trainable"), CASES)
@pytest.mark.parametrize("slow", first(1, SLOW), ids=lambda speed: f"{speed['cache']}-{speed['rows']}")
def test_twins_agree_in_float64(build, readout, padding, trainable, slow):
    fast, twin = (build(**recipe(readout, padding, trainable, speed)) for speed in (FAST, slow))
    (loss, ours), (expected, theirs) = gradients(fast), gradients(twin)
    assert loss == pytest.approx(expected, abs=1e-9)
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], atol=1e-9, rtol=0, msg=name)
    demand_the_same_is_learned(fast, twin)


@pytest.mark.parametrize(("readout", "padding", "trainable"), each(3, CASES, names=3))
def test_twins_agree_in_fp32(build, readout, padding, trainable):
    fast, twin = (build(torch.float32, **recipe(readout, padding, trainable, speed)) for speed in (FAST, SLOWEST))
    (loss, ours), (expected, theirs) = gradients(fast), gradients(twin)
    norm = torch.cat([g.flatten() for g in theirs.values()]).norm().item()
    assert loss == pytest.approx(expected, abs=1e-5 * norm)
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], atol=1e-5 * norm, rtol=0, msg=name)
    for built in (fast, twin):
        built.limit.steps = 50
        list(built.loop.run())
    rows = torch.arange(10)
    logits = [logits_of(built, rows) for built in (fast, twin)]
    torch.testing.assert_close(logits[0], logits[1], atol=1e-3, rtol=0)


def logits_of(built, rows):
    from core.data.batches import Batch

    texts = built.inputs.texts
    ids, lengths, _ = texts.batch("test", Batch(rows.numpy(), texts.context), "cpu")
    with torch.no_grad():
        return built.model(ids, lengths)


@pytest.mark.parametrize(
    ("arch", "model"),
    [
        (TINY, {}),
        (DECODERS[0], {"head": "own"}),
        (ENCODERS[0], {"readout": "first", "head": "own"}),
        pytest.param(ENCODERS[1], {"readout": "mean", "head": "own"}, marks=pytest.mark.more),
    ],
    ids=["decoder", "later decoder", "encoder", "later encoder"],
)
@pytest.mark.parametrize("trainable", first(1, ["last_block", "all"]))
def test_bf16_products_change_few_predictions(build, trainable, arch, model):
    """Of 100 texts, at most 3 are called otherwise after 60 steps with bf16 products; prediction itself is fp32."""
    from core.model.linear import multiply_in

    said = []
    for precision in ("fp32", "bf16"):
        built = build(
            torch.float32, rows=210, arch=arch, model=model, freeze={"trainable": trainable}, train={"lr": 3e-3}
        )
        multiply_in(built.model, precision)
        built.limit.steps = 60
        list(built.loop.run())
        texts = built.inputs.texts
        said.append(probabilities(built.model, texts.ids[:100], built.recipe))
    assert not torch.equal(*said)
    assert int((said[0].argmax(dim=1) != said[1].argmax(dim=1)).sum()) <= 3


@pytest.mark.parametrize("kind", [{"causal": False}, {"causal": False, "readout": "first"}, {"head": "mlp"}], ids=str)
@pytest.mark.parametrize("trainable", first(1, ["last_block", "lora.2,head"]))
def test_other_kinds_of_model_learn_the_same_on_both_paths(build, kind, trainable):
    fast, twin = (build(model=kind, freeze={"trainable": trainable}, speed=speed) for speed in (FAST, SLOWEST))
    losses, _, weights = learned(fast)
    expected, _, expected_weights = learned(twin)
    assert losses == pytest.approx(expected, abs=1e-9)
    for name, p in weights.items():
        torch.testing.assert_close(p, expected_weights[name], atol=1e-9, rtol=0, msg=name)


def test_dropout_of_adapters_depends_on_the_step_alone(build):
    changes = {"freeze": {"trainable": "lora.1,lora.2,head"}, "lora": {"dropout": 0.3}}
    runs = [build(**changes), build(**changes), build(freeze=changes["freeze"])]
    runs[1].limit.steps = 7
    found = [learned(each) for each in runs]
    assert found[0][0][:7] == found[1][0] and found[0][0] != found[2][0]
    torch.rand(5)  # what others draw does not matter
    runs[1].limit.steps = 20
    assert found[1][0] + learned(runs[1])[0] == found[0][0]
    # what is looked at is whole
    texts = runs[0].inputs.texts
    assert torch.equal(*(probabilities(runs[0].model, texts.ids[:5], runs[0].recipe) for _ in range(2)))


def test_an_ignored_class_teaches_nothing(build):
    import numpy as np

    from core.train.steps import epoch_plan

    with_it, without = build(train={"ignore_index": 1}), build()
    batch = epoch_plan(with_it.recipe, with_it.inputs.texts, 0)[0][0]
    labels = with_it.inputs.texts.labels[with_it.inputs.texts.splits["train"][batch.rows]]
    assert 0 < (labels == 1).sum() < len(labels)
    with_it.limit.steps = 1
    losses, _, _ = learned(with_it)
    h, lengths, y = without.inputs.batch("train", batch)
    logits = without.model.suffix(h, lengths, without.inputs.depth)
    assert losses[0] == pytest.approx(F.cross_entropy(logits[y != 1], y[y != 1]).item(), abs=1e-9)
    nothing = build(train={"ignore_index": 1, "accumulate": 1}, freeze={"trainable": "head"})
    nothing.inputs.texts.labels[:] = 1
    nothing.limit.steps = 2
    assert learned(nothing)[0] == [0.0, 0.0] and np.isfinite(nothing.model.head.weight.detach().numpy()).all()


def test_prediction_never_uses_bf16(build):
    from core.model.linear import multiply_in

    built = build(torch.float32)
    texts = built.inputs.texts
    plain = probabilities(built.model, texts.ids, built.recipe)
    multiply_in(built.model, "bf16")
    assert torch.equal(probabilities(built.model, texts.ids, built.recipe), plain)


@pytest.mark.slow
@pytest.mark.parametrize("trainable", ["last_two_blocks", "all"])
def test_compiled_blocks_agree(build, trainable):
    from core.train.compiled import compile_learning

    plain, compiled = (build(torch.float32, freeze={"trainable": trainable}) for _ in range(2))
    compile_learning(compiled.model)
    (loss, ours), (expected, theirs) = gradients(compiled), gradients(plain)
    norm = torch.cat([g.flatten() for g in theirs.values()]).norm().item()
    assert loss == pytest.approx(expected, abs=1e-5 * norm)
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], atol=1e-5 * norm, rtol=0, msg=name)


@pytest.mark.parametrize(
    ("padding", "trainable", "sizes"),  # batches of so many texts, so many of them a step
    [
        ("dynamic", "last_block", [(8, 1), (1, 8), (4, 2)]),
        ("fixed", "all", [(8, 1), (2, 4)]),
        ("bucketed", "head", [(8, 1), (2, 4), (1, 8)]),
    ],
)
def test_small_batches_together_learn_what_a_large_one_does(build, padding, trainable, sizes):
    ends = []
    for batch, accumulate in sizes:
        train = {"batch": batch, "accumulate": accumulate, "padding": padding, "epochs": 3}
        run = build(train=train, freeze={"trainable": trainable})
        run.limit.steps = run.loop.n_steps
        losses, _, weights = learned(run)
        assert len(losses) == run.loop.n_steps
        ends.append((losses, weights))
    for losses, weights in ends[1:]:
        assert losses == pytest.approx(ends[0][0], abs=1e-9)
        assert all(torch.allclose(weights[name], p, atol=1e-9) for name, p in ends[0][1].items())


def test_the_last_step_of_an_epoch_may_be_of_fewer_batches(build):
    run = build(train={"batch": 4, "accumulate": 3, "epochs": 1, "padding": "dynamic"})
    run.limit.steps = run.loop.n_steps
    assert run.loop.n_steps == 3  # 30 texts: eight batches, of which the last is of two
    steps = [event for event in run.loop.run() if isinstance(event, Steps)]
    assert sum(event.tokens for event in steps) == run.loop.lengths["train"].sum()


def test_training_is_asked_whole_where_it_is_cached_and_else_by_a_sample_that_is_the_same_each_time(build, monkeypatch):
    from core import recipe as recipes

    monkeypatch.setattr(recipes, "ASKED", 20)

    def final(split="train", **changes):
        seen = build(**changes).loop.evaluate(split, 0, lambda *_: None)
        return seen.rows, seen.whole, seen.loss

    learns_all = {"freeze": {"trainable": "all"}}
    rows, whole, loss = final(**learns_all)
    assert (rows, whole) == (20, False) and final(**learns_all) == (rows, whole, loss)
    assert final(**learns_all, train={"seed": 5})[2] != loss
    assert final(split="validation", **learns_all)[:2] == (20, True)
    assert final()[:2] == (30, True)  # the last block learns, on what is cached
    assert final(**learns_all, preset="book", model={"readout": "last_real"})[:2] == (30, True)
