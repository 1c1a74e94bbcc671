"""Readouts, freezing, and the cut into prefix and suffix."""

import pytest
import torch
import transformers

from cases import each
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.architectures.modernbert import ModernBertArchitecture
from core.estimate import cost
from core.freeze import FreezePlan, parts_of
from core.model.classifier import Classifier
from core.model.weights import WeightsFile
from core.readout import READOUTS, ClassifierKind
from core.recipe import load
from core.recipe_parts import Lora

TINY = GPT2Architecture(n_blocks=3, width=48, n_heads=4, max_tokens=64, vocab=211)


def classifier(readout="last_real", n_classes=3, rows="needed", **kind) -> Classifier:
    model = Classifier(TINY, n_classes, ClassifierKind(READOUTS[readout], **kind), rows)
    model.backbone.initialize(torch.Generator().manual_seed(0))
    model.new_head(0)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())) * 0.1)
    return model.eval()


def batch():
    lengths = torch.tensor([5, 9, 1])
    ids = torch.full((3, 12), 7)
    for row, n in enumerate(lengths):
        ids[row, :n] = torch.randint(0, TINY.vocab, (int(n),), generator=torch.Generator().manual_seed(row))
    return ids, lengths


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("depth", range(TINY.n_blocks + 1))
def test_forward_is_suffix_of_prefix_at_every_depth(readout, depth):
    model, (ids, lengths) = classifier(readout).double(), batch()
    whole = model(ids, lengths)
    torch.testing.assert_close(
        model.suffix(model.prefix(ids, lengths, depth), lengths, depth), whole, atol=1e-12, rtol=0
    )


@pytest.mark.parametrize("readout", ["last_real", "first", "mean"])
def test_readouts_of_real_tokens_ignore_padding(readout):
    model, (ids, lengths) = classifier(readout).double(), batch()
    wide = torch.cat([ids, torch.full((3, 20), 3)], dim=1)
    torch.testing.assert_close(model(wide, lengths), model(ids, lengths), atol=1e-12, rtol=0)
    alone = torch.cat([model(ids[i : i + 1, : int(n)], lengths[i : i + 1]) for i, n in enumerate(lengths)])
    torch.testing.assert_close(alone, model(ids, lengths), atol=1e-12, rtol=0)


def test_the_books_readout_depends_on_padding():
    model, (ids, lengths) = classifier("last_pad").double(), batch()
    wide = torch.cat([ids, torch.full((3, 20), 7)], dim=1)
    assert not torch.allclose(model(wide, lengths), model(ids, lengths), atol=1e-3)


KINDS = [{"causal": False}, {"head": "mlp"}, {"outputs": "sigmoid"}]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("readout", READOUTS)
def test_every_kind_is_cut_anywhere_and_computes_only_what_is_needed(readout, kind):
    model, (ids, lengths) = classifier(readout, 2, **kind).double(), batch()
    slow = classifier(readout, 2, rows="all", **kind).double()
    slow.load_state_dict(model.state_dict())
    whole = slow(ids, lengths)
    assert whole.shape == (3, 2)
    for depth in range(TINY.n_blocks + 1):
        found = model.suffix(model.prefix(ids, lengths, depth), lengths, depth)
        torch.testing.assert_close(found, whole, atol=1e-12, rtol=0)


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("causal", [True, False])
def test_the_states_of_a_probe_are_what_is_read_out_and_take_each_block_once(readout, causal, monkeypatch):
    model, (ids, lengths) = classifier(readout, causal=causal).double(), batch()
    averaging, run, block = classifier("mean", causal=causal).double(), [], model.backbone.block
    expected = averaging.states(averaging.prefix(ids, lengths, 0), lengths, 0)["mean"]
    monkeypatch.setattr(model.backbone, "block", lambda i, *given: run.append(i) or block(i, *given))
    for depth in range(TINY.n_blocks + 1):
        h = model.prefix(ids, lengths, depth)
        run.clear()
        found = model.states(h, lengths, depth)
        assert run == list(range(depth, TINY.n_blocks))
        torch.testing.assert_close(model.classify(found[model.readout.name]), model(ids, lengths), atol=1e-12, rtol=0)
        if "mean" in found and (causal or not model.readout.reads_pads):  # else pads have been looked at
            torch.testing.assert_close(found["mean"], expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("readout", ["last_real", "first", "mean"])
def test_without_the_causal_mask_later_tokens_count_and_pads_do_not(readout):
    model, (ids, lengths) = classifier(readout, causal=False).double(), batch()
    wide = torch.cat([ids, torch.full((3, 20), 3)], dim=1)
    torch.testing.assert_close(model(wide, lengths), model(ids, lengths), atol=1e-12, rtol=0)
    changed = ids.clone()
    changed[1, 8] += 1  # the last real token of the second text
    hidden = [model.prefix(x, lengths, 1)[1] for x in (ids, changed)]
    assert len(hidden[0]) == 12 and not torch.allclose(hidden[0][0], hidden[1][0], atol=1e-6)
    causal = classifier(readout).double()
    causal.load_state_dict(model.state_dict())
    assert not torch.allclose(causal(ids, lengths), model(ids, lengths), atol=1e-6)


def test_a_sigmoid_is_a_softmax_over_nothing_and_its_logit():
    model, (ids, lengths) = classifier(n_classes=2, outputs="sigmoid").double(), batch()
    logits, labels = model(ids, lengths), torch.tensor([0, 1, 1])
    binary = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 1], labels.double())
    torch.testing.assert_close(torch.nn.functional.cross_entropy(logits, labels), binary)
    assert model.head.out_features == 1 and not logits[:, 0].any()


def adapted(plan="lora.1,lora.2,head", readout="last_real", **lora) -> Classifier:
    model, plan = classifier(readout), FreezePlan.parse(plan, TINY.n_blocks)
    model.adapt(plan, Lora(**lora), 5)
    model.freeze(plan)
    return model.double()


def moved(model: Classifier) -> Classifier:
    """With adapters that do something."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if ".lora." in name:
                p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(len(name))) * 0.1)
    return model


@pytest.mark.parametrize("layers", ["all", "query,value", "key,out,down", "up"])
@pytest.mark.parametrize("scaling", ["alpha/rank", "alpha"])
def test_merged_equals_unmerged(layers, scaling):
    model, (ids, lengths) = adapted(layers=layers, scaling=scaling, rank=3), batch()
    plain = classifier().double()
    torch.testing.assert_close(
        model(ids, lengths), plain(ids, lengths), atol=1e-12, rtol=0
    )  # nothing is added at first
    moved(model)
    before = model(ids, lengths)
    assert not torch.allclose(before, plain(ids, lengths), atol=1e-3)
    learned = {name: p.detach().clone() for name, p in model.merged_parameters()}
    model.merge()
    torch.testing.assert_close(model(ids, lengths), before, atol=1e-12, rtol=0)
    after = dict(model.named_parameters())
    assert after.keys() == dict(plain.named_parameters()).keys()
    for name, p in learned.items():
        torch.testing.assert_close(after[name].detach(), p, atol=1e-12, rtol=0)
    model.merge()
    torch.testing.assert_close(model(ids, lengths), before, atol=1e-12, rtol=0)


def test_adapters_add_what_the_formula_says():
    model = moved(adapted(rank=4, alpha=6.0))
    layer, x = model.backbone.h[1].attn.c_attn, torch.randn(5, TINY.width, dtype=torch.float64)
    key = layer.lora["key"]
    expected = torch.nn.functional.linear(x, layer.weight, layer.bias)
    for i, name in enumerate(("query", "key", "value")):
        part = layer.lora[name]
        expected[:, i * TINY.width : (i + 1) * TINY.width] += 6 / 4 * (x @ part.a.T) @ part.b.T
    torch.testing.assert_close(layer(x), expected, atol=1e-12, rtol=0)
    assert key.a.shape == (4, TINY.width) and key.b.shape == (TINY.width, 4)


def test_only_adapters_and_head_learn_and_the_seed_draws_them():
    model = adapted()
    assert {model.part_of(name) for name, _ in model.trainable_parameters()} == {"lora.1", "lora.2", "head"}
    again, other = adapted(), classifier()
    other.adapt(FreezePlan.parse("lora.1,head", TINY.n_blocks), Lora(), 6)
    name = "backbone.h.1.attn.c_attn.lora.query.a"
    drawn = [dict(each.named_parameters())[name] for each in (model, again, other)]
    assert torch.equal(*drawn[:2]) and not torch.equal(drawn[0].double(), drawn[2].double())


@pytest.mark.parametrize("readout", ["last_real", "last_pad"])
def test_one_row_is_enough_under_adapters_even_where_they_drop(readout):
    (ids, lengths), found = batch(), {}
    for one_row in (True, False):
        # of what stands before the one row is taken, the same inputs are dropped
        model = moved(adapted("lora.2,head", readout, dropout=0.5, layers="query,key,value"))
        model.one_row = one_row
        for training in (True, False):
            torch.manual_seed(0)
            found[training, one_row] = model.train(training)(ids, lengths)
    for training in (True, False):
        torch.testing.assert_close(found[training, True], found[training, False], atol=1e-12, rtol=0)
    assert not torch.allclose(found[True, True], found[False, True], atol=1e-3)


def test_last_real_logits_equal_those_of_transformers(tmp_path):
    config = {k: v for k, v in TINY.to_config().items() if k != "model_type"}
    config |= {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 210, "num_labels": 3}
    theirs = transformers.GPT2ForSequenceClassification(transformers.GPT2Config(**config)).eval()
    theirs.save_pretrained(tmp_path)
    model = Classifier(TINY, 3, ClassifierKind())
    WeightsFile(tmp_path / "model.safetensors").load_into(model.backbone)
    with torch.no_grad():
        model.head.weight.copy_(theirs.score.weight)
        model.head.bias.zero_()
        ids = torch.randint(0, 210, (3, 12))
        lengths = torch.tensor([12, 7, 3])
        for row, n in enumerate(lengths):
            ids[row, n:] = 210
        torch.testing.assert_close(model(ids, lengths), theirs(ids).logits, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "text", ["head", "last_block", "last_two_blocks", "all", "blocks.0,head", "norm", "embeddings,blocks.2"]
)
def test_only_what_the_plan_names_moves(text):
    plan, model = FreezePlan.parse(text, TINY.n_blocks), classifier()
    model.freeze(plan)
    before = {name: p.clone() for name, p in model.named_parameters()}
    ids, lengths = batch()
    with torch.no_grad():
        h = model.prefix(ids, lengths, plan.depth or 0) if plan.depth else None
    logits = model(ids, lengths) if h is None else model.suffix(h, lengths, plan.depth)
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2])).backward()
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    moved = {model.part_of(name) for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == plan.parts


@pytest.mark.parametrize("name", each(3, [name for name, preset in MODELS.items() if not preset.counts]))
def test_parameter_counts_are_arithmetic(name):
    shape = MODELS[name].architecture
    with torch.device("meta"):
        model = Classifier(shape, 2, ClassifierKind())
    counted = dict.fromkeys(parts_of(shape.n_blocks), 0)
    for parameter, p in model.named_parameters():
        counted[model.part_of(parameter)] += p.numel()
    assert counted == cost.parameters(shape, 2)
    recipe = load(
        {"model": {"name": name, "head": "mlp", "outputs": "sigmoid"}, "lora": {"layers": "key,up,down", "rank": 5}}
    )
    with torch.device("meta"):
        model = Classifier(shape, 2, recipe.kind)
    model.adapt(FreezePlan.parse("lora.0,head", shape.n_blocks), recipe.lora, 0)
    sizes = cost.sizes(recipe, 2)
    assert sizes["head"] == sum(p.numel() for p in model.head.parameters())
    assert sizes["lora.0"] == sum(p.numel() for n, p in model.named_parameters() if model.part_of(n) == "lora.0")
    title = float(MODELS[name].title.rpartition(" ")[2].removesuffix("M")) * 1e6
    assert sum(counted.values()) == pytest.approx(title, rel=0.02)


def test_a_new_head_is_the_books():
    model = Classifier(TINY, 2, ClassifierKind())
    torch.manual_seed(1)
    model.new_head(123)
    torch.manual_seed(123)
    book = torch.nn.Linear(TINY.width, 2)
    assert torch.equal(model.head.weight, book.weight) and torch.equal(model.head.bias, book.bias)


@pytest.mark.parametrize("head", ["linear", "mlp", "own"])
def test_a_new_head_is_whole_whatever_stood_in_memory(head):
    arch = ModernBertArchitecture(2, 32, 4, 24, 97, inner=56, window=4, pad=96)
    with torch.device("meta"):
        model = Classifier(arch, 2, ClassifierKind(READOUTS["first"], head))
    model.to_empty(device="cpu")
    with torch.no_grad():
        for p in model.head.parameters():
            p.fill_(torch.nan)
    model.new_head(1)
    assert all(p.isfinite().all() for p in model.head.parameters())
    assert head != "own" or torch.equal(model.head[2].weight, torch.ones(32))
