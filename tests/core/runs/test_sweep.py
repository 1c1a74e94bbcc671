"""Values for options become recipes: every combination once, and everything wrong with any of them said at once."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadRecipe
from core.exercises import EXERCISES, Facts
from core.options import options
from core.recipe import Recipe, load
from core.runs.sweep import MOST, Plan, called, titles, values_of, varies

VALUES = {
    "train.lr": ["1e-4", "3e-4", "auto"],
    "train.epochs": ["1", "2"],
    "freeze.trainable": ["head", "all", "blocks.3,norm,head"],
    "model.context": ["16", "longest"],
    "data.balance": ["none", "undersample"],
    "preset": ["default", "book/16"],
}


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.lists(st.sampled_from(v), min_size=1, unique=True) for name, v in VALUES.items()}
    ),
    st.integers(1, 3),
    st.sampled_from([0, 2, 3]),
)
@settings(max_examples=60, deadline=None)
def test_every_combination_is_there_once_with_every_seed_and_fold(varied, seeds, folds):
    plan = Plan(base={"train": {"seed": 7}}, varied=varied, seeds=seeds, folds=folds)
    found = plan.planned("g")
    assert len(found) == plan.n_runs == math.prod(map(len, varied.values())) * seeds * max(1, folds)
    assert len({one.member for one in found}) == len(found)
    of = {option.name: option for option in options(Recipe)}
    known = {name: [of[name].of(load(_layer(name, value))) for value in values] for name, values in varied.items()}
    for member, recipe in found:
        for (name, value), here in zip(plan.settings[member.setting].items(), known, strict=True):
            assert name == here and of[name].of(recipe) == known[name][varied[name].index(value)]
        assert recipe.train.seed == 7 + member.seed
        assert recipe.data.fold == (f"{member.fold}/{folds}" if folds else "none")
    assert len(set(titles(plan, plan.recipes()))) == plan.n_settings
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def _layer(name, value):
    head, _, tail = name.rpartition(".")
    return {head: {tail: value}} if head else {tail: value}


def said(plan):
    with pytest.raises(BadRecipe) as caught:
        plan.planned("g")
    return [str(problem) for problem in caught.value.problems]


def test_all_that_is_wrong_is_said_at_once_and_once():
    varied = {"trian.lr": ["1"], "train.lr": ["3", "x", "1e-4"], "model.readout": ["frist", "first"]}
    words = said(Plan(base={}, varied=varied))
    assert len(words) == 4
    assert words[0] == "trian.lr: is not an option. Did you mean train.lr?"
    assert any("frist" in each for each in words) and any("cannot be 3." in each for each in words)
    assert said(Plan(base={"data": {"validation": 0.4}}, folds=2, seeds=2, varied={"train.seed": ["1", "2"]})) == [
        "--seeds: goes not with several values of train.seed. Leave out one of the two."
    ]
    assert "data.validation" in said(Plan(base={"data": {"validation": 0.5}}, folds=2))[0]
    assert "--folds: cannot be 1" in said(Plan(base={}, folds=1))[0]
    assert "--seeds: cannot be 0" in said(Plan(base={}, seeds=0))[0]


def test_too_many_are_refused_before_any_is_made():
    hundred = [str(i) for i in range(1, 102)]
    assert f"{MOST:,}" in said(Plan(base={}, varied={"train.epochs": hundred, "train.seed": hundred}))[0]


def test_values_as_they_are_written():
    assert values_of(["train.lr=1e-4, 3e-4", "freeze.trainable=blocks.3,head|all"]) == {
        "train.lr": ["1e-4", "3e-4"],
        "freeze.trainable": ["blocks.3,head", "all"],
    }
    with pytest.raises(BadRecipe) as caught:
        values_of(["lr", "train.lr=1,,2", "train.batch=1,1", "train.epochs=1", "train.epochs=2"])
    assert len(caught.value.problems) == 4


def values(name, rows=400, **changes):
    return EXERCISES[name].values(Facts(load(changes), lambda: rows, lambda: ["nano", "tfidf"]))


def test_the_exercises_are_recipes_of_every_kind_of_model():
    for model in ("nano", "gpt2", "gpt2-xl", "bert", "distilbert", "minilm"):
        for name, exercise in EXERCISES.items():
            base = {"model": {"name": model}} if exercise.option != "model.name" else {}
            found = values(name, **base)
            plan = Plan(base=base, varied={exercise.option: found})
            assert len(plan.planned("g")) == len(found) >= 2
            assert len(set(titles(plan, plan.recipes()))) == len(found), (model, name)


def test_what_the_exercises_vary():
    rows = values("nineteen-rows", model={"name": "nano"})
    assert rows[0] == "book/1" and "book/6" not in rows and len(rows) == 15
    assert len(values("nineteen-rows", model={"name": "gpt2"})) == 15
    assert values("learning-curve", 400) == [50, 100, 200, "all"]
    assert values("context-length", model={"name": "gpt2"}) == [16, 32, 64, 128, "model"]
    assert values("context-length", preset="book") == [16, 32, 64, 128, "longest", "model"]
    assert values("first-or-last-token", preset="book") == ["first", "last_pad"]
    depths = values("how-many-blocks", model={"name": "gpt2-xl"})
    plans = [load({"model": {"name": "gpt2-xl"}, "freeze": {"trainable": each}}).plan for each in depths]
    assert [48 - plan.depth for plan in plans[:-1]] == [0, 1, 2, 4, 8, 16, 32, 48] and plans[-1].depth is None
    for wrong in ("how-many-blocks", "first-or-last-token"):
        with pytest.raises(BadRecipe, match="counts words"):
            values(wrong, model={"name": "tfidf"})
    with pytest.raises(BadRecipe, match="begins at 50"):
        values("learning-curve", 50)


def test_a_setting_away_from_its_column_says_what_it_is():
    assert called("0.0003", ["train.lr"]) == "lr 0.0003" and called("200", ["data.learn_from"]) == "200 labels"
    assert called("last block", ["freeze.trainable"]) == "last block" and called("nano", ["model.name"]) == "nano"
    assert called("lr 0.0003 · batch 8", ["train.lr", "train.batch"]) == "lr 0.0003 · batch 8"
    assert (varies(["model.name"]), varies(["train.lr", "train.batch"])) == ("model", "setting")
