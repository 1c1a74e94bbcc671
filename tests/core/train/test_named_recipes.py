"""Every named recipe takes a step: with as many blocks as GPT-2 small, and in its whole shape in the slow tests."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

from core.architectures.models import MODELS
from core.data.sources.source import Options
from core.model.classifier import Classifier
from core.presets import RECIPES
from core.recipe import load
from core.train.control_source import ControlSource
from core.train.finetune import ClassifierLoop
from core.train.inputs import Fresh
from core.train.loop import State
from core.train.optim import adamw
from core.train.texts import Texts
from core.worker.resolve import resolve

GPT2 = MODELS["gpt2"].architecture
NARROW = dataclasses.replace(GPT2, width=48, vocab=500)
LENGTHS = np.array([5, 31, 12, 20, 9, 26, 14, 8])  # texts are short, and steps of two, so that all rows take seconds


@pytest.fixture(
    scope="module", params=[pytest.param(NARROW, id="narrow"), pytest.param(GPT2, id="gpt2", marks=pytest.mark.slow)]
)
def backbone(request):
    model = Classifier(request.param, 2, load().kind).backbone
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.02, generator=torch.Generator().manual_seed(p.numel()))
    return model


def texts(vocab: int, context: int) -> Texts:
    rng = np.random.default_rng(0)
    ids = [rng.integers(0, vocab, min(n, context)) for n in LENGTHS]
    rows = np.arange(len(ids))
    return Texts(ids, rows % 2, {"train": rows[:4], "validation": rows[4:6], "test": rows[6:]}, vocab - 1, context)


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "default"])
def test_it_takes_a_step(name, backbone):
    small = {
        "model": {"name": "gpt2"},
        "train": {"eval_batches": 1},
        "speed": {"device": "cpu", "threads": 1, "precision": "fp32"},
    }
    batch = min(2, load({"preset": name}).batch)
    recipe = load(
        {"preset": name},
        small,
        {"train": {"batch": batch, "accumulate": min(2, load({"preset": name}).train.accumulate)}},
    )
    rows = {"train": 4, "validation": 1, "test": 1}
    recipe = resolve(recipe, Options("text", "label", "csv"), LENGTHS[:4], rows)
    with torch.device("meta"):
        model = Classifier(backbone.arch, 2, recipe.kind)
    model.backbone = copy.deepcopy(backbone)
    model.head.to_empty(device="cpu")
    model.new_head(123)
    model.adapt(recipe.plan, recipe.lora, 123)
    model.freeze(recipe.plan)
    model.eval()
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    inputs = Fresh(model, texts(backbone.arch.vocab, recipe.model.context), recipe.plan.depth, "cpu")
    state = State()
    optimizer = adamw(model, recipe.train)
    loop = ClassifierLoop(
        model, inputs, recipe, state, optimizer,
        save=lambda best: None, control_source=ControlSource(lambda: state.step >= 1), origin=before.get,
        encode=lambda recipe: iter(()),
    )  # fmt: skip
    state.evaluated = 0  # only the step is wanted
    events = list(loop.run())
    assert state.step == 1 and events
    changed = {model.part_of(n) for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert changed == recipe.plan.parts
