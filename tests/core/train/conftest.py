"""A small classifier and texts of mixed length for it, in float64 or fp32."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS
from core.model.classifier import Classifier
from core.options import merge
from core.recipe import load
from core.train.control_source import ControlSource
from core.train.finetune import ClassifierLoop
from core.train.inputs import Cached, Fresh
from core.train.layout import layout
from core.train.loop import State
from core.train.optim import adamw
from core.train.prefix import SPLITS, fill
from core.train.store import Store
from core.train.texts import Texts

TINY = GPT2Architecture(n_blocks=3, width=32, n_heads=4, max_tokens=24, vocab=97)
MOST = 17  # tokens of the longest text


def texts(n=60, context=MOST) -> Texts:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 3, n)
    # a label's texts draw from words of their own, so that there is something to learn
    ids = [rng.integers(30 * label, 30 * label + 30, rng.integers(1, MOST + 1)) for label in labels]
    rows = np.arange(n)
    splits = {"train": rows[: n // 2], "validation": rows[n // 2 : -10], "test": rows[-10:]}
    return Texts([one[:context] for one in ids], labels, splits, 96, context)


def finished(generator):
    """What a generator returns."""
    yield (yield from generator)


@pytest.fixture
def build(monkeypatch):
    """A function that gives a recipe's model, inputs and loop, cached or not as its `speed` says, nothing on disk."""

    def make(dtype=torch.float64, rows=60, arch=TINY, **changes):
        monkeypatch.setitem(MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=arch))
        recipe = load(
            merge(
                {
                    "model": {"context": MOST, "readout": "last_real"},
                    "freeze": {"trainable": "last_block"},
                    "train": {
                        "batch": 8,
                        "lr": 1e-3,
                        "head_lr": 1e-3,
                        "epochs": 100,
                        "schedule": "constant",
                        "warmup": 0.0,
                        "eval_every": 10,
                        "eval_batches": 2,
                    },
                    "speed": {"device": "cpu", "threads": 1, "cache": "run"},
                },
                changes,
            )
        )
        model = Classifier(arch, 3, recipe.kind, recipe.speed.rows)
        model.backbone.initialize(torch.Generator().manual_seed(0))
        model.new_head(0)
        model.adapt(recipe.plan, recipe.lora, 0)
        with torch.no_grad():
            for p in model.parameters():
                p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())) * 0.1)
        model.freeze(recipe.plan)
        model.to(dtype).eval()
        torch.set_num_threads(recipe.speed.threads)
        data = texts(rows)

        def encode(recipe):
            yield from ()
            depth = recipe.plan.depth
            if not depth or recipe.speed.cache == "off":
                return Fresh(model, data, depth, "cpu")
            counts = model.kept_positions(torch.from_numpy(data.lengths), data.context, depth).numpy()
            width = model.readout.padded(data.context)
            plan = layout(data.lengths, counts, [data.splits[split] for split in SPLITS], width)
            store = Store(plan, arch.width, dtype)
            fill(store, model, data, depth, lambda *_: None)
            return Cached(store.hidden, plan, Fresh(model, data, depth, "cpu"))

        inputs = next(finished(encode(recipe)))
        optimizer = adamw(model, recipe.train)
        before = {name: p.detach().clone() for name, p in model.named_parameters()}

        state = State()
        loop = ClassifierLoop(
            model, inputs, recipe, state, optimizer,
            save=lambda best: None, control_source=ControlSource(lambda: state.step >= limit.steps), origin=before.get,
            encode=encode,
        )  # fmt: skip
        limit = SimpleNamespace(steps=20)
        return SimpleNamespace(model=model, inputs=inputs, loop=loop, state=state, limit=limit, recipe=recipe)

    return make
