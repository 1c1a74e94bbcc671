"""Every option once: loading, refusing, TOML."""

import tomllib
from itertools import chain

import pytest

from core import toml
from core.architectures.models import MODELS
from core.errors import BadRecipe
from core.freeze import FreezePlan, parts_of
from core.options import AUTO, check, layer, merge, options, resolved
from core.presets import NAMED_RECIPES, RECIPES, standing_for
from core.recipe import Recipe, load


def problems(raw):
    return {problem.field: problem for problem in check(Recipe, raw)}


def test_the_book_is_the_chapters_protocol():
    book = load({"preset": "book"})
    assert (book.train.epochs, book.train.batch, MODELS[book.model.name].lr, book.train.weight_decay) == (
        5,
        8,
        5e-5,
        0.1,
    )
    assert book.train.lr == "auto"
    assert (book.train.eval_every, book.train.eval_batches, book.train.drop_last) == (50, 5, True)
    assert (book.data.balance, book.data.seed, book.data.duplicates) == ("undersample", 123, "keep")
    assert (book.model.name, book.model.readout, book.model.context) == ("gpt2", "last_pad", "longest")
    assert book.plan.parts == {"blocks.11", "norm", "head"} and book.plan.depth == 11


def test_what_training_is_asked_at_the_end_takes_a_tenth_of_learning_at_most_but_for_few_texts():
    def asked(rows, epochs=1, cached=False, preset="default"):
        return load({"preset": preset, "train": {"epochs": epochs}}).asked_at_the_end(rows, cached)

    assert [asked(rows) for rows in (200, 1045, 2000, 3333, 50_000)] == [200, 313, 600, 999, 1000]
    assert asked(1045, epochs=3) == 940 and asked(1045, epochs=5) == 1000
    assert asked(5000, cached=True) == asked(5000, preset="book") == 5000


def test_later_layers_win():
    assert load({"preset": "book", "train": {"epochs": 1}}, layer("train.epochs", 9)).train.epochs == 9
    assert merge({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}


def test_what_a_run_needs_is_open_no_more():
    assert resolved(3) == 3 and resolved(0.5) == 0.5
    for value in (AUTO, None):
        with pytest.raises(ValueError, match="still open"):
            resolved(value)


def test_sentences_to_follow_are_a_list_or_stand_in_one_line():
    assert load({"train": {"follow": ["a, b", "c"]}}).train.follow == ("a, b", "c")
    assert load({"train": {"follow": " a, b | c |"}}).train.follow == ("a, b", "c")
    assert problems({"train": {"follow": ["x"] * 13}})["train.follow"].do == "At most 12 of them."


def test_every_problem_is_reported_with_its_field():
    found = problems({"train": {"epochs": 0, "bacth": 4}, "model": {"name": "gpt3"}, "spped": {}})
    assert set(found) == {"train.epochs", "train.bacth", "model.name", "spped"}
    assert "train.batch" in found["train.bacth"].do
    assert found["model.name"].do == "Did you mean gpt2?"
    both = problems(
        {"train": {"epochs": 0}, "freeze": {"trainable": "blocks.99"}, "data": {"train": 0.9, "validation": 0.5}}
    )
    assert set(both) == {"train.epochs", "freeze.trainable", "data.validation"}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"data": {"train": 0.8, "validation": 0.2}}, "data.validation"),
        ({"model": {"readout": "last_pad"}}, "train.padding"),
        ({"model": {"context": 4000}}, "model.context"),
        ({"model": {"context": 0}}, "model.context"),
        ({"train": {"epochs": 10_001}}, "train.epochs"),
        ({"speed": {"cache_disk": float("inf")}}, "speed.cache_disk"),
        ({"train": {"lr": -1.0}}, "train.lr"),
        ({"freeze": {"trainable": "blocks.6"}}, "freeze.trainable"),
        ({"freeze": {"trainable": ""}}, "freeze.trainable"),
        ({"speed": {"threads": 0}}, "speed.threads"),
        ({"data": {"text": "body", "label": "body"}}, "data.label"),
        ({"train": 5}, "train"),
        ({"preset": "nobody"}, "preset"),
    ],
)
def test_values_that_cannot_be(raw, field):
    assert field in problems(raw)
    with pytest.raises(BadRecipe):
        load(raw)


def test_words_from_a_command_line_become_values():
    made = load(
        layer("train.lr", "1e-3"),
        layer("model.context", "64"),
        layer("data.stratify", "false"),
        layer("speed.threads", "2"),
    )
    assert (made.train.lr, made.model.context, made.data.stratify, made.speed.threads) == (1e-3, 64, False, 2)
    assert load(layer("train.lr", "auto"), layer("model.context", "longest")).model.context == "longest"


def test_of_many_choices_the_one_that_was_probably_meant_is_named():
    for preset, words in (("bok/16", "Did you mean book/16?"), ("zzz", "It is one of: default, book,")):
        with pytest.raises(BadRecipe) as caught:
            load({"preset": preset})
        assert words in str(caught.value)


def test_toml_says_everything_and_reads_back():
    for raw in ({}, {"preset": "book", "data": {"path": 'we"ird\\päth'}}, {"train": {"lr": 1e-4}}):
        recipe = load(raw)
        text = toml.text(recipe)
        assert load(tomllib.loads(text)) == recipe
        for option in options(Recipe):
            assert option.help and f"# {option.help}" in text


def test_a_file_that_is_no_toml(tmp_path):
    (tmp_path / "r.toml").write_text("[train\nepochs=")
    for path, words in (
        (tmp_path / "r.toml", "is not TOML"),
        (tmp_path / "none.toml", "cannot be read"),
        (tmp_path, "cannot be read"),
    ):
        with pytest.raises(BadRecipe, match=words):
            toml.read(path)


@pytest.mark.parametrize(
    ("text", "parts", "depth"),
    [
        ("head", {"head"}, 4),
        ("last_block", {"blocks.3", "norm", "head"}, 3),
        ("last_two_blocks", {"blocks.2", "blocks.3", "norm", "head"}, 2),
        ("all", set(parts_of(4)), None),
        ("blocks.1, head", {"blocks.1", "head"}, 1),
        ("embeddings,head", {"embeddings", "head"}, None),
        ("norm", {"norm"}, 4),
        ("lora", {"lora.0", "lora.1", "lora.2", "lora.3", "head"}, 0),
        ("lora.2,blocks.3,head", {"lora.2", "blocks.3", "head"}, 2),
    ],
)
def test_freeze_plans(text, parts, depth):
    plan = FreezePlan.parse(text, 4)
    assert plan.parts == parts and plan.depth == depth
    assert FreezePlan.parse(str(plan), 4) == plan


def test_a_block_learns_or_has_adapters():
    with pytest.raises(ValueError, match="blocks.2 learns already"):
        FreezePlan.parse("blocks.2,lora.2", 4)
    assert FreezePlan.parse("lora.1,head", 4).in_words == "LoRA in 1, head"


def test_a_model_without_layers_is_not_said_to_learn_its_head():
    assert FreezePlan.parse("head", 1).in_words == "head only"
    assert load({"model": {"name": "tfidf"}}).plan.in_words == "n-grams"


def test_a_part_that_is_not_there():
    with pytest.raises(ValueError, match=r"'blocks.4' is no part.*blocks.0 to blocks.3"):
        FreezePlan.parse("blocks.4,head", 4)


def test_weights_of_an_earlier_versions_recipe_are_the_pretrained_ones():
    assert load(layer("model.weights", "auto")).model.weights == load().model.weights == "pretrained"


TABLES = ("mushrooms", "arena")  # of which the book has no figure


def test_every_named_recipe_is_one():
    imdb = [f"imdb/{name}" for name in ("gpt2", "distilbert", "bert", "roberta", "roberta-large")]
    more = ("imdb/modernbert", "imdb/modernbert-large")
    assert list(RECIPES) == ["default", "book", *(f"book/{i}" for i in range(1, 20)), *imdb, *more, *TABLES]
    recipes = {name: load({"preset": name}) for name in RECIPES}
    kinds = [recipe.model_copy(update={"preset": "default"}) for recipe in recipes.values()]
    # but for what the book's script never uses, each row changes something
    assert len({str(kind) for kind in kinds}) == len(kinds)
    assert all(NAMED_RECIPES[name].figure for name in RECIPES if name not in ("default", "imdb/roberta", *TABLES))
    assert recipes["book/12"].plan.depth == 0 and recipes["book/12"].lora.scale == 8 and recipes["book/15"].batch == 1


def test_rows_that_differ_in_size_only_collapse():
    assert standing_for("nano")["book/1"] == ["book/1", "book/6", "book/7", "book/8"]
    assert standing_for("nano")["book/5"] == ["book/5", "book/9"] and "book/9" not in standing_for("nano")
    assert sorted(chain(*standing_for("nano").values())) == sorted(RECIPES)


def test_of_a_model_that_counts_the_head_learns_whatever_is_set():
    counts = load({"model": {"name": "tfidf"}, "freeze": {"trainable": "all"}})
    assert counts.trainable == "head" and counts.plan.parts == {"head"}


def test_what_does_not_go_together():
    assert "must be fixed" in problems({"model": {"readout": "mean_pads"}})["train.padding"].what
    assert "without padding" in problems({"train": {"padding": "none", "batch": 8}})["train.batch"].what
    assert "quary" in problems({"lora": {"layers": "quary,key"}})["lora.layers"].what
    assert "lora.layers" in problems({"lora": {"layers": " , "}})
    assert (
        "holds gate, which is no matrix of a block of this model"
        in problems({"lora": {"layers": "gate"}})["lora.layers"].what
    )
    gated = ("query", "gate", "up", "down")
    assert load({"lora": {"layers": "down, query"}}).lora.adapted(gated) == ["query", "down"]
    assert load({}).lora.adapted(gated) == [*gated]
