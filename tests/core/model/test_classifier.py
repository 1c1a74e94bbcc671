"""Readouts, freezing, and the cut into prefix and suffix."""

import pytest
import torch
import transformers

from core.model import cost
from core.model.classifier import Classifier, part_of
from core.model.freeze import FreezePlan, parts_of
from core.model.weights import WeightsFile, config_of
from core.presets import MODELS, Shape

TINY = Shape(n_blocks=3, width=48, n_heads=4, context=64, vocab=211)
READOUTS = ["last_real", "last_pad", "first", "mean"]


def classifier(readout="last_real", n_classes=3) -> Classifier:
    model = Classifier(TINY, n_classes, readout)
    model.backbone.initialize(torch.Generator().manual_seed(0))
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
    torch.testing.assert_close(model.suffix(model.prefix(ids, lengths, depth), lengths, depth), whole, atol=1e-12, rtol=0)


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


def test_last_real_logits_equal_those_of_transformers(tmp_path):
    config = {k: v for k, v in config_of(TINY).items() if k != "model_type"}
    config |= {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 210, "num_labels": 3}
    theirs = transformers.GPT2ForSequenceClassification(transformers.GPT2Config(**config)).eval()
    theirs.save_pretrained(tmp_path)
    model = Classifier(TINY, 3, "last_real")
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
    moved = {part_of(name) for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == plan.parts


@pytest.mark.parametrize("name", MODELS)
def test_parameter_counts_are_arithmetic(name):
    shape = MODELS[name].shape
    with torch.device("meta"):
        model = Classifier(shape, 2, "last_real")
    counted = dict.fromkeys(parts_of(shape.n_blocks), 0)
    for parameter, p in model.named_parameters():
        counted[part_of(parameter)] += p.numel()
    assert counted == cost.parameters(shape, 2)
    title = {"nano": 7e6, "gpt2": 124e6, "gpt2-medium": 355e6, "gpt2-large": 774e6, "gpt2-xl": 1558e6}[name]
    assert sum(counted.values()) == pytest.approx(title, rel=0.02)


def test_a_new_head_is_the_books():
    model = Classifier(TINY, 2, "last_pad")
    torch.manual_seed(1)
    model.new_head(123)
    torch.manual_seed(123)
    book = torch.nn.Linear(TINY.width, 2)
    assert torch.equal(model.head.weight, book.weight) and torch.equal(model.head.bias, book.bias)
