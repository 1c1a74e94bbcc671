"""Prices as arithmetic, without an app: on a profile that is made up, at speeds that are made up."""

from itertools import pairwise

import msgspec
import pytest

from core.architectures.models import MODELS
from core.estimate import cost
from core.estimate.candidates import candidates
from core.estimate.prices import ladder, price, rungs, upwards
from core.estimate.schedule import Schedule
from core.estimate.speeds import Speeds
from core.freeze import FreezePlan
from core.recipe import load
from core.rows import NOT_SURE, Profile

ALL_BLOCKS = ",".join([*(f"blocks.{i}" for i in range(12)), "head"])
ROWS = {"train": 700, "validation": 100, "test": 200}
LENGTHS = {"ham": {tokens: 10 for tokens in range(5, 65)}, "spam": {tokens: 10 for tokens in range(60, 100)}}


@pytest.fixture
def profile() -> Profile:
    """A thousand texts of 5 to 99 tokens."""
    return Profile(
        path="made up",
        format="",
        encoding="",
        quoting="none",
        rows=1000,
        columns={},
        all_columns=[],
        labels={"ham": 500, "spam": 500},
        learning={"ham": 500, "spam": 500},
        skipped=[],
        duplicates=0,
        conflicts=0,
        splits={split: {"ham": rows // 2, "spam": rows // 2} for split, rows in ROWS.items()},
        leaks={},
        lengths=LENGTHS,
        context=1024,
        cut=0,
        longest_training=99,
        tokens_per_character=0.25,
        notes=[],
        speed=1e11,
    )


def recipe(**layers):
    return load({"model": {"name": "gpt2"}, "speed": {"cache_memory": 1.0}}, layers)


def test_what_holds_nothing_is_no_rung(profile):
    bert = recipe(model={"name": "bert"})
    assert rungs(MODELS["bert"].architecture)[:2] == ["head", "blocks.11"]
    assert len(ladder(bert, profile)) == 14 and ladder(bert, profile)[1] == price(bert, profile, bert.plan)
    assert [len(rungs(MODELS[name].architecture)) for name in ("gpt2", "minilm")] == [15, 8]


@pytest.mark.parametrize("cache", ["keep", "off"])
@pytest.mark.parametrize("speeds", [None, Speeds.estimated(5e9), Speeds.estimated(5e13)])
def test_the_ladder_only_rises(profile, cache, speeds):
    steps = ladder(recipe(speed={"cache": cache}), profile, speeds)
    assert len(steps) == 15
    for name in ("learns", "without_cache", "with_cache"):
        values = [getattr(rung, name) for rung in steps]
        assert values == sorted(values) and values[0] > 0
    # from the last block down: the head alone keeps its cache small
    memory = [rung.memory for rung in steps[2:13]]
    assert memory == sorted(memory)


def test_what_is_adapted_is_adapted_on_every_rung(profile):
    whole, lora = (ladder(recipe(freeze={"trainable": plan}), profile) for plan in ("last_block", "lora"))
    assert lora[0] == whole[0]
    assert all(
        a.learns < b.learns and a.memory < b.memory and a.total < b.total
        for a, b in zip(lora[2:], whole[2:], strict=True)
    )
    totals = [rung.total for rung in lora]
    assert totals == sorted(totals)
    adapters = cost.sizes(recipe(), 2)["lora.3"]
    assert [b.learns - a.learns for a, b in pairwise(lora[2:14])] == [adapters] * 11


def test_a_mixed_plan_costs_what_its_rung_says(profile):
    asked = recipe(freeze={"trainable": "lora.9,lora.10,blocks.11,norm,head"})
    found = price(asked, profile, asked.plan)
    assert ladder(asked, profile)[4] == found and found.blocks == 9
    plans = [str(plan) for plan in upwards(asked.plan)]
    assert plans[3] == "lora.10,blocks.11,norm,head" and plans[5].startswith("lora.8,lora.9,lora.10,blocks.11")


def test_a_total_is_the_sum_of_what_is_shown(profile):
    asked = recipe(train={"epochs": 7})
    found = price(asked, profile, asked.plan)
    assert found.total == pytest.approx(found.once + 7 * found.epoch + found.besides)
    assert found.total == found.with_cache < found.without_cache == found.otherwise


def test_with_and_without_the_cache_are_the_same_whichever_is_asked_for(profile):
    on, off = (price(recipe(speed={"cache": cache}), profile, recipe().plan) for cache in ("run", "off"))
    assert (on.blocks, off.blocks, off.cache, off.once) == (11, 0, 0, 0)
    assert on.with_cache == pytest.approx(off.with_cache) and on.without_cache == pytest.approx(off.without_cache)
    assert on.epoch < off.epoch


@pytest.mark.parametrize("trainable", ["all", "blocks.0,head"])
def test_where_nothing_is_frozen_below_there_is_nothing_to_cache(profile, trainable):
    asked = recipe(freeze={"trainable": trainable})
    found = price(asked, profile, asked.plan)
    assert (found.blocks, found.cache, found.once) == (0, 0, 0)
    assert found.otherwise is None and found.with_cache == found.without_cache == found.total


def test_the_cache_has_the_size_of_its_positions(profile):
    def cache(trainable="last_block", **layers) -> int:
        asked = recipe(**layers, freeze={"trainable": trainable})
        return price(asked, profile, asked.plan).cache

    texts, mean = 800, sum(tokens * n for lengths in LENGTHS.values() for tokens, n in lengths.items()) / 1000
    whole = texts * mean * 768 * 4
    assert whole <= cache() <= 1.1 * whole
    assert cache("head") == texts * 768 * 4
    assert whole < cache("head", speed={"rows": "all"})
    assert cache(model={"readout": "first"}) == texts * 768 * 4
    padded = {"model": {"readout": "last_pad"}, "train": {"padding": "fixed"}}
    assert cache(**padded, speed={"cache_memory": 10.0}) == texts * 1024 * 768 * 4
    assert cache(**padded) == texts * 1024 * 768 * 2  # too much for memory: bf16, in a file


def test_a_cache_in_a_file_takes_no_memory(profile):
    found = {room: price(recipe(speed={"cache_memory": room}), profile, recipe().plan).memory for room in (1.0, 0.0)}
    assert found[1.0] - found[0.0] == price(recipe(), profile, recipe().plan).cache


def test_padding_costs_what_it_pads(profile):
    def total(padding: str, **layers) -> float:
        asked = recipe(**layers, train={"padding": padding}, freeze={"trainable": "last_two_blocks"})
        return price(asked, profile, asked.plan).total

    off = {"cache": "off"}
    assert total("bucketed", speed=off) < total("dynamic", speed=off) < total("fixed", speed=off)
    # what is cached has no pads, but where the readout looks at them
    assert total("fixed") == pytest.approx(total("dynamic"), rel=0.02) and total("bucketed") < total("fixed")
    assert total("fixed", model={"readout": "last_pad"}) > 3 * total("fixed")


def test_needed_rows_cost_less_than_all(profile):
    found = [price(recipe(speed={"rows": rows}), profile, recipe().plan) for rows in ("needed", "all")]
    assert found[0].epoch < 0.5 * found[1].epoch and found[0].once == pytest.approx(found[1].once)
    mean = recipe(model={"readout": "mean"})
    assert price(mean, profile, mean.plan).epoch == pytest.approx(found[1].epoch)


def test_more_epochs_and_larger_batches(profile):
    one, five = (price(recipe(train={"epochs": n}), profile, recipe().plan) for n in (1, 5))
    assert one.epoch == pytest.approx(five.epoch, rel=0.1) and one.once == five.once
    small, large = (price(recipe(train={"batch": n}), profile, recipe().plan) for n in (4, 32))
    assert small.epoch > large.epoch


def test_without_a_file_there_are_sizes_but_no_times(profile):
    found = price(recipe(), None, recipe().plan)
    assert found.learns == 7_090_946 and found.memory > 5e8 and found.total is found.otherwise is None
    assert found.cache == 0 and [rung.total for rung in ladder(recipe(), None)] == [None] * 15
    nothing = msgspec.structs.replace(profile, splits={}, lengths={}, learning={})
    assert price(recipe(), nothing, recipe().plan).total is None


def test_texts_stand_in_batches_as_wide_as_they_are_padded(profile):
    bucketed, dynamic, fixed = (
        Schedule(recipe(train={"padding": padding}), profile) for padding in ("bucketed", "dynamic", "fixed")
    )
    assert bucketed.widest == dynamic.widest == 99 and fixed.widest == 1024
    plan = FreezePlan.parse("all", 12)
    flops = [course.bill(course.costs(plan), False).epoch.learn.flops for course in (bucketed, dynamic, fixed)]
    assert flops == sorted(flops)


def test_gradual_unfreezing_costs_between_what_learns_first_and_what_learns_last(profile):
    head, all_blocks = (price(recipe(), profile, FreezePlan.parse(plan, 12)) for plan in ("head", ALL_BLOCKS))
    course = Schedule(recipe(freeze={"trainable": "head", "thaw_every": 60}), profile)
    stages = course.stages(FreezePlan.parse("head", 12))
    assert [stage.costs.depth for stage in stages] == [12 - i for i in range(len(stages))] and len(stages) > 5
    assert sum(stage.epochs for stage in stages) == pytest.approx(5)
    found = price(course.recipe, profile, FreezePlan.parse("head", 12))
    assert head.total < found.total < all_blocks.without_cache and head.memory < found.memory <= all_blocks.memory
    assert found.learns == head.learns and found.total == pytest.approx(found.epoch * 5 + found.besides)
    # each stage is shorter than an epoch: no cache
    assert found.once == 0 == found.blocks == found.cache and found.otherwise is None
    slow = price(recipe(freeze={"trainable": "head", "thaw_every": 100}), profile, FreezePlan.parse("head", 12))
    assert slow.once > head.once and slow.blocks == 12 and slow.otherwise > slow.total
    late = price(recipe(freeze={"trainable": "head", "thaw_every": 10_000}), profile, FreezePlan.parse("head", 12))
    assert late == head


def test_the_candidates_are_words_and_of_each_network_a_probe_and_a_fine_tuning(profile):
    looked_at = []

    def look(recipe):
        looked_at.append(recipe.model.name)
        return profile

    base = {"data": {"probe": "off"}, "speed": {"cache_memory": 1.0}}
    found = candidates(base, ["bert", "tfidf", "nano"], look)
    assert looked_at == ["tfidf", "bert", "nano"]  # its texts are looked at once for each model
    kinds = [(one.candidate.kind, one.candidate.model) for one in found]
    assert kinds == [
        ("words", "tfidf"),
        *((kind, name) for name in ("bert", "nano") for kind in ("probe", "fine-tuning")),
    ]
    linear = {"freeze.trainable": "head", "model.head": "linear"}
    assert found[1].setting == {"model.name": "bert", "train.epochs": 5} | linear
    assert found[2].setting == {"model.name": "bert"} and found[2].candidate.epochs == 5
    nano = found[3].candidate
    assert "model.head" not in found[3].setting and found[3].setting["train.epochs"] == nano.epochs == 23  # of 44 steps
    for _, one in found:
        least = load(base, {"model": {"name": one.model}})
        assert one.seconds() > 0 and one.epochs >= 1
        if one.kind == "fine-tuning":
            assert one.seconds() == pytest.approx(price(least, profile, least.plan).total)
    beside = candidates(base, ["nano", "minilm"], look)
    assert {one.candidate.model for one in beside} == {"tfidf", "minilm"}


def test_a_model_that_does_not_know_the_language_of_the_texts_is_no_candidate_beside_one_that_does(profile):
    german = msgspec.structs.replace(profile, languages={"German": 50, NOT_SURE: 40, "English": 3})

    def models(*given, of=german):
        return {one.candidate.model for one in candidates({}, given, lambda recipe: of)} - {"tfidf"}

    assert models("bert", "minilm", "xlm-roberta") == {"xlm-roberta"}
    assert models("bert", "minilm") == {"bert", "minilm"}  # better than nothing
    assert models("bert", "xlm-roberta", of=profile) == {"bert", "xlm-roberta"}
