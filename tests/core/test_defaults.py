"""What the models make of options that a recipe leaves open, and that everything reads that."""

from dataclasses import replace

import numpy as np
import pytest

from core.architectures.models import MODELS
from core.data.sources.source import Options
from core.estimate.left_open import comes_to
from core.estimate.prices import ladder, price
from core.evaluate.predict import kept_checkpoint
from core.freeze import FreezePlan
from core.options import AUTO, check, options
from core.presets import RECIPES
from core.recipe import MOST_REPEATED, Recipe, load
from core.rows import Profile
from core.runs.compare import changed
from core.runs.root import create_run
from core.worker.resolve import resolve

OPEN = ("freeze.trainable", "train.epochs", "train.schedule", "train.warmup", "train.keep")
SMALL = ("nano", "minilm")
ROWS = {"train": 320, "validation": 40, "test": 80}


def recipe(model="nano", **layers) -> Recipe:
    return load({"model": {"name": model}, "speed": {"device": "cpu", "threads": 1, "precision": "fp32"}}, layers)


def run_of(recipe: Recipe, n: int) -> Recipe:
    """The recipe as a run of `n` training texts keeps it."""
    return resolve(recipe, Options("text", "label", "none"), np.full(n, 9), ROWS | {"train": n})


def profile() -> Profile:
    splits = {split: {"ham": n // 2, "spam": n // 2} for split, n in ROWS.items()}
    labels = {"ham": 220, "spam": 220}
    return Profile(
        path="", format="", encoding="", quoting="none", rows=440, columns={}, all_columns=[], labels=labels,
        learning=labels, skipped=[], duplicates=0, conflicts=0, splits=splits, leaks={},
        lengths={label: {9: n} for label, n in labels.items()}, context=512, cut=0, longest_training=9,
        tokens_per_character=0.25, notes=[], speed=1e11,
    )  # fmt: skip


@pytest.mark.parametrize("model", [name for name, preset in MODELS.items() if name not in SMALL and not preset.counts])
def test_larger_models_learn_as_in_earlier_versions_whatever_the_rows(model):
    for n in (20, 50_000):
        made = run_of(recipe(model), n)
        assert made.freeze.trainable == "last_block"
        assert (made.train.epochs, made.train.schedule, made.train.warmup) == (5, "constant", 0.0)
        assert made.train.keep == "best"
        assert made.train.head_lr == run_of(recipe(model, freeze={"trainable": "head"}), n).train.head_lr


@pytest.mark.parametrize(
    ("model", "learns", "epochs", "lr", "head_lr"),
    [("nano", 2, 6, 1e-3, 2e-3), ("minilm", 3, 6, 2e-4, 1e-3)],
)
def test_small_models_have_defaults_of_their_own(model, learns, epochs, lr, head_lr):
    made = run_of(recipe(model), 50_000)
    assert (made.model.readout, made.train.keep) == ("mean", "last")
    assert made.plan.depth == 6 - learns and "head" in made.plan.parts
    assert (made.train.epochs, made.train.schedule, made.train.warmup) == (epochs, "linear", 0.1)
    assert (made.train.lr, made.train.head_lr) == (lr, head_lr)


@pytest.fixture
def ten(monkeypatch):
    """nano sees many texts ten times, and few until it has taken 500 steps."""
    monkeypatch.setitem(MODELS, "nano", replace(MODELS["nano"], epochs=10, least_steps=500))


@pytest.mark.usefixtures("ten")
@pytest.mark.parametrize(
    ("rows", "train", "epochs"),
    [
        (None, {}, 10),
        (50_000, {}, 10),
        (800, {}, 10),  # 50 steps an epoch
        (784, {}, 11),
        (320, {}, 25),
        (321, {}, 24),  # 21 steps, of which the last is smaller
        (335, {"drop_last": True}, 25),  # and is left out
        (335, {"drop_last": True, "padding": "none"}, 10),  # one text a step
        (320, {"batch": 8}, 13),
        (320, {"batch": 8, "accumulate": 2}, 25),
        (100, {}, MOST_REPEATED),
        (1, {"drop_last": True}, MOST_REPEATED),
        (100, {"epochs": 3}, 3),
    ],
)
def test_few_texts_are_seen_more_often(rows, train, epochs):
    asked = recipe(train=train)
    assert asked.epochs(rows) == epochs
    if rows:
        made = run_of(asked, rows)
        assert made.train.epochs == epochs == made.epochs(7)  # which a resumed run keeps


@pytest.mark.parametrize(("model", "rate"), [("nano", 2e-2), ("minilm", 1e-2)])
def test_where_only_the_head_learns_it_has_a_rate_and_epochs_of_its_own(model, rate):
    alone = {"trainable": "head"}
    assert run_of(recipe(model, freeze=alone), 50_000).train.epochs == 30
    assert recipe(model, freeze=alone).rates == (MODELS[model].lr, rate)
    assert recipe(model, freeze=alone, train={"head_lr": 3e-3}).rates[1] == 3e-3
    assert recipe(model, freeze=alone, train={"lr": 3e-3}).rates == (3e-3, 3e-3)
    thawing = recipe(model, freeze=alone | {"thaw_every": 10})
    assert thawing.epochs() == MODELS[model].epochs and thawing.rates[1] == MODELS[model].head_lr


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith(("book", "imdb"))])
def test_named_recipes_leave_open_nothing_that_their_protocol_says(name):
    protocol, small = load({"preset": name}), load({"preset": name, "model": {"name": "nano"}})
    values = [(made.trainable, made.epochs(99), made.schedule, made.warmup, made.keep) for made in (protocol, small)]
    assert values[0] == values[1] and values[0][2:] == ("constant", 0.0, "last")
    assert protocol.readout == small.readout and AUTO not in (protocol.freeze.trainable, protocol.model.readout)


def test_epochs_and_warm_up_have_limits():
    found = {p.field: p for p in check(Recipe, {"train": {"epochs": 10_001, "warmup": 1}})}
    assert set(found) == {"train.epochs", "train.warmup"} and "between 1 and 10,000" in found["train.epochs"].do
    assert {p.field for p in check(Recipe, {"train": {"warmup": -0.1, "schedule": "steep"}})} == {
        "train.warmup",
        "train.schedule",
    }


def test_which_weights_are_used_follows_the_model(tmp_path):
    for name, kept in (("nano", "last"), ("gpt2", "best")):
        run = create_run(tmp_path, recipe(name))
        run.checkpoints.mkdir()
        (run.checkpoints / "best").write_text("5")
        assert kept_checkpoint(run, run.recipe()) == kept


@pytest.mark.usefixtures("ten")
def test_a_price_is_of_the_epochs_that_the_rows_and_the_plan_make():
    asked = recipe()
    assert price(asked, None, asked.plan).epochs == 10 and price(asked, profile(), asked.plan).epochs == 25
    head, *above = ladder(asked, profile())
    assert head.epochs == 30 and {rung.epochs for rung in above} == {25}
    assert head.total == pytest.approx(head.once + 30 * head.epoch + head.besides)
    set_ = recipe(train={"epochs": 3})
    assert {rung.epochs for rung in ladder(set_, profile())} == {3}
    thawing = recipe(freeze={"trainable": "head", "thaw_every": 60})
    assert price(thawing, profile(), FreezePlan.parse("head", 6)).epochs == 25


def test_what_a_model_made_of_an_open_option_is_no_change():
    assert not [row for row in changed(recipe(), None) if row[0] in OPEN]
    for n in (100, 320, 50_000):
        names = {name for name, *_ in changed(run_of(recipe(), n), n)}
        assert names == {"speed.device", "speed.threads", "speed.precision", "data.probe"} & names
    set_ = run_of(recipe(freeze={"trainable": "last_block"}, train={"epochs": 9, "keep": "best"}), 320)
    rows = [row for row in changed(set_, 320) if row[0] in OPEN]
    assert rows == [
        ("freeze.trainable", "last_block", AUTO),
        ("train.epochs", 9, AUTO),
        ("train.keep", "best", AUTO),
    ]


@pytest.mark.parametrize("context", ["model", "longest", 5])
@pytest.mark.parametrize("model", ["nano", "minilm", "gpt2"])
def test_what_is_said_of_an_open_option_is_what_a_run_makes_of_it(model, context):
    asked = load({"model": {"name": model, "context": context}, "speed": {"device": "cpu", "precision": "fp32"}})
    made = resolve(asked, Options("text", "label", "none"), np.full(ROWS["train"], 9), ROWS)
    said, known = comes_to(asked, profile()), {option.name: option for option in options(Recipe)}
    said.pop("speed.cache_memory"), said.pop("data.encoding", None)  # what is free changes, and there is no file
    assert {"train.batch", "train.lr", "train.epochs", "model.context", "data.probe", "speed.threads"} <= said.keys()
    for name, value in said.items():
        assert known[name].of(made) == value, name
