"""The seam for model families holds: one that stands here, outside the tree, is priced, trained, saved and refused."""

import dataclasses
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from cases import first
from core.architectures.architecture import Architecture, Published
from core.architectures.config_json import numbers
from core.architectures.lookup import FAMILIES, architecture_for, check_folder
from core.architectures.models import MODELS
from core.data import batches
from core.errors import BadModel, BadRun
from core.estimate import cost
from core.estimate.prices import price
from core.evaluate.incremental import IncrementalClassifier
from core.evaluate.predict import open_predictor
from core.export import script, transformers
from core.export.onnx import MaskedClassifier
from core.freeze import FreezePlan, parts_of
from core.model.backbone import Backbone
from core.model.classifier import Classifier
from core.model.families import BACKBONES, backbone_for
from core.model.linear import Linear
from core.model.weights import WeightsFile, published
from core.options import merge
from core.readout import READOUTS, ClassifierKind
from core.recipe import load
from core.runs.events import Changed, Encoded, Ended
from core.text.byte_bpe import built_in
from core.train.control_source import ControlSource
from core.train.inputs import Cached, Fresh
from core.train.layout import layout
from core.train.optim import adamw
from core.train.prefix import SPLITS, fill
from core.train.store import Store
from core.train.texts import Texts
from core.worker.finetune import attempt


@dataclasses.dataclass(frozen=True)
class ReaderArchitecture(Architecture):
    """Bidirectional, a norm after each sum and none at the end; queries, keys and values stand apart, as in BERT."""

    family = "reader"
    title = "Reader"
    prefix = "reader/"
    causal = False
    final_norm = False

    @property
    def pad(self):
        return self.vocab - 1

    @property
    def inner(self):
        return 2 * self.width

    @property
    def published(self):
        ours = [f"layers.{i}.{name}.{kind}" for i in range(self.n_blocks) for name in LAYERS for kind in KINDS]
        ours += ["tokens.weight", "places.weight", "first.weight", "first.bias"]
        return {name: Published((f"encoder/{name}",), self.prefix, name.endswith("up.weight")) for name in ours}

    @property
    def embedding_parameters(self):
        return (self.vocab + self.max_tokens + 2) * self.width

    def values_kept(self, rows="all"):
        return (2 if rows == "one" else 10) * self.width

    @classmethod
    def read(cls, config):
        return cls(**numbers(config, {field.name: field.name for field in dataclasses.fields(cls)}))

    def to_config(self):
        return {"model_type": "reader", **dataclasses.asdict(self)}


LAYERS, KINDS = ("query", "key", "value", "out", "up", "down", "norm_1", "norm_2"), ("weight", "bias")


class Layer(nn.Module):
    def __init__(self, arch):
        super().__init__()
        self.n_heads = arch.n_heads
        for name, (n_out, n_in) in arch.matrices.items():
            setattr(self, name, Linear(n_in, n_out, name))
        self.norm_1, self.norm_2 = nn.LayerNorm(arch.width), nn.LayerNorm(arch.width)

    def forward(self, h, mask, rows):
        here = h if rows is None else h[torch.arange(len(h)), rows][:, None]
        q, k, v = (
            layer(x).unflatten(2, (self.n_heads, -1)).transpose(1, 2)
            for layer, x in ((self.query, here), (self.key, h), (self.value, h))
        )
        seen = F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2)
        here = self.norm_1(here + self.out(seen))
        return self.norm_2(here + self.down(F.relu(self.up(here))))


class Reader(Backbone):
    def __init__(self, arch, causal):
        super().__init__(arch, causal)
        self.tokens, self.places = nn.Embedding(arch.vocab, arch.width), nn.Embedding(arch.max_tokens, arch.width)
        self.first = nn.LayerNorm(arch.width)
        self.layers = nn.ModuleList(Layer(arch) for _ in range(arch.n_blocks))

    def embed(self, ids, start=0, segments=None):
        return self.first(self.tokens(ids) + self.places.weight[start : start + ids.shape[1]])

    def batch_context(self, lengths, n_tokens, start=0):
        return (torch.arange(n_tokens) < lengths[:, None])[:, None, None]

    def draw(self, name, matrix, generator):
        nn.init.normal_(matrix, std=0.2, generator=generator)


ARCH = ReaderArchitecture(3, 16, 2, 24, built_in("nano").vocab)


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    """In this process nano is of the other family."""
    monkeypatch.setitem(FAMILIES, "reader", ReaderArchitecture)
    monkeypatch.setitem(BACKBONES, "reader", Reader)
    monkeypatch.setitem(MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=ARCH))


def recipe(readout="first", **changes):
    given = {"model": {"readout": readout, "context": 16, "weights": "random"}, "train": {"batch": 8}}
    speed = {"device": "cpu", "threads": 1, "precision": "fp32"}
    padding = {"train": {"padding": "fixed"} if READOUTS[readout].reads_pads else {}}
    return load(merge(given, padding, {"speed": speed, "train": {"lr": 1e-2, "head_lr": 1e-2}}, changes))


def classifier(asked, dtype=torch.float64):
    model = Classifier(architecture_for(asked), 2, asked.kind, asked.speed.rows)
    model.backbone.initialize(torch.Generator().manual_seed(1))
    model.new_head(1)
    model.adapt(asked.plan, asked.lora, 1)
    model.freeze(asked.plan)
    return model.to(dtype).eval()


def texts(n=40):
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, n)
    ids = [rng.integers(100 * label, 100 * label + 100, rng.integers(1, 17)) for label in labels]
    splits = {"train": np.arange(24), "validation": np.arange(24, n), "test": np.arange(0)}
    return Texts(ids, labels, splits, built_in("nano").pad, 16)


def learned(asked, cached: bool):
    """What a classifier has learned after six steps, and its losses."""
    model, data, depth = classifier(asked), texts(), asked.plan.depth
    inputs = Fresh(model, data, depth, "cpu")
    if cached:
        counts = model.kept_positions(torch.from_numpy(data.lengths), data.context, depth).numpy()
        plan = layout(data.lengths, counts, [data.splits[split] for split in SPLITS], model.readout.padded(16))
        store = Store(plan, ARCH.width, torch.float64)
        fill(store, model, data, depth, lambda *_: None)
        inputs = Cached(store.hidden, plan, inputs)
    optimizer, losses = adamw(model, asked.train), []
    for epoch in range(2):
        for batch in batches.plan(data.lengths[:24], asked.train.padding, 8, 5, epoch, False, 16):
            h, lengths, labels = inputs.batch("train", batch)
            loss = F.cross_entropy(model.suffix(h, lengths, inputs.depth), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return dict(model.trainable_parameters()), losses


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("trainable", first(1, ["last_block", "lora.1,head"]))
def test_it_learns_the_same_with_the_cache_and_the_needed_rows_as_without(readout, trainable):
    changes = {"freeze": {"trainable": trainable}}
    began = dict(classifier(recipe(readout, **changes)).named_parameters())
    slow, losses = learned(recipe(readout, **changes, speed={"rows": "all"}), cached=False)
    assert len(losses) == 6 and not any(torch.equal(p, began[name]) for name, p in slow.items())
    for rows, cached in (("needed", False), ("all", True), ("needed", True)):
        fast, found = learned(recipe(readout, **changes, speed={"rows": rows}), cached)
        torch.testing.assert_close(found, losses, atol=1e-10, rtol=0)
        for name, p in slow.items():
            torch.testing.assert_close(fast[name], p, atol=1e-9, rtol=0)


def test_its_price_is_that_of_its_own_arithmetic():
    asked = recipe(freeze={"trainable": "blocks.1,lora.2,head"})
    counted = dict.fromkeys([*parts_of(3), "lora.2"], 0)
    model = classifier(asked)
    for name, p in model.named_parameters():
        counted[model.part_of(name)] += p.numel()
    sizes = cost.sizes(asked, 2)
    assert {part: sizes[part] for part in counted} == counted
    found = price(asked, None, asked.plan)
    assert found.learns == counted["blocks.1"] + counted["lora.2"] + counted["head"]
    # the first token sees all others: no fewer positions will do
    costs = cost.Costs.of(asked, 2, FreezePlan.parse("head", 3))
    assert not costs.one_token and not classifier(asked).one_token and costs.keeps_one


def test_a_run_of_it_learns_and_answers(new_run):
    layer = recipe(freeze={"trainable": "last_block"}).model_dump(exclude_defaults=True)
    run = new_run(**merge(layer, {"train": {"epochs": 2, "eval_every": 5}, "speed": {"cache": "run"}}))
    events = list(attempt(run, lambda *_: None, ControlSource(), False))
    assert isinstance(events[-1], Ended) and events[-1].state == "done", events[-1]
    assert [event.blocks for event in events if isinstance(event, Encoded)] == [2]
    changed = [event.parts for event in events if isinstance(event, Changed)]
    assert set(changed[-1]) == {"blocks.2.attn", "blocks.2.mlp", "head"}
    asked = open_predictor(run)
    assert isinstance(asked.model.backbone, Reader)
    (alone,), together = asked.predict(["free prize"]), asked.predict(["free prize", "see you at seven, then"])
    assert alone.probabilities == pytest.approx(together[0].probabilities, abs=1e-5)


@pytest.mark.parametrize("prefixed", [False, True])
def test_its_published_weights_are_saved_and_loaded(tmp_path, prefixed):
    model = backbone_for(ARCH)
    model.initialize(torch.Generator().manual_seed(4))
    tensors = published(model, prefixed)
    name = "reader/" * prefixed + "encoder/layers.0.up.weight"
    assert torch.equal(tensors[name], model.layers[0].up.weight.T)
    save_file(tensors, tmp_path / "model.safetensors")
    again = backbone_for(ARCH)
    WeightsFile(tmp_path / "model.safetensors").load_into(again)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    (tmp_path / "config.json").write_text(json.dumps(ARCH.to_config()))
    check_folder(tmp_path, ARCH)
    with pytest.raises(BadModel, match="another was chosen"):
        check_folder(tmp_path, MODELS["gpt2"].architecture)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "reader"}))
    with pytest.raises(BadModel, match="does not describe a Reader"):
        check_folder(tmp_path, ARCH)


def test_what_it_cannot_be_is_refused_with_the_reason(tmp_path):
    asked, model = recipe("last_real"), classifier(recipe("last_real"))
    with pytest.raises(BadModel, match="transformers has no classifier of Reader"):
        transformers.export(model, asked, ["a", "b"], built_in("nano"), tmp_path / "out", "")
    with pytest.raises(BadRun, match="no script of Reader models"):
        script.script(asked, None)
    with pytest.raises(ValueError, match="holds no verdict"):
        IncrementalClassifier(model)
    ids = torch.tensor([[5, 6, 7, 0]])
    with torch.no_grad():
        fed = MaskedClassifier(model, asked, 0)(ids, torch.tensor([[1, 1, 1, 0]]))
        assert torch.allclose(fed, model(ids[:, :3], torch.tensor([3])))
    assert Classifier(ARCH, 2, ClassifierKind(causal=True)).causal is False
