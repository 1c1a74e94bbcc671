"""What is printed as a command line is parsed back into the same recipe."""

import shlex

import pytest

from core.command_line import arguments, command
from core.errors import BadRecipe
from core.options import layer, options
from core.presets import RECIPES
from core.recipe import Recipe, load
from workbench.cli.flags import layers_of
from workbench.cli.main import parse

# where another value than the default's neighbour is needed, or other options with it
VALUES = {
    "data.path": "my mails.csv",
    "data.text": "-body",
    "data.label": "it's a [label]",
    "data.encoding": "cp1252",
    "data.validation_path": "check it.csv",
    "data.test_path": "'quoted'.csv",
    "model.weights": "/models/a folder",
    "model.context": 33,
    "train.follow": ("hello there", "-dashed", "two | parts", "它是什么"),
    "train.lr": 5e-06,
    "preset": "book",
    "model.name": "minilm",
    "data.split": "none",
    "data.group": "the author",
    "data.time": "when",
    "data.fold": "2/5",
    "data.swap": "first,second",
    "data.swap_labels": "a,b",
    "data.separator": ";",
    "data.edits": "what I mended.json",
    "train.head_lr": 0.003,
    "train.warmup": 0.125,
    "lora.layers": "query,value",
    "freeze.trainable": "blocks.4,norm,head",
    "train.ignore_index": 7,
}
BESIDE = {
    "train.batch": {"train.padding": "dynamic"},
    "model.readout": {"train.padding": "fixed"},
    "data.swap": {"data.text": "{first} or {second}"},
}


def another(option):
    if option.name in VALUES:
        return VALUES[option.name]
    if option.choices:
        return next(choice for choice in reversed(option.choices) if choice != str(option.default).lower())
    default = option.default
    return default + 1 if isinstance(default, int) else default / 2 or 0.25 if isinstance(default, float) else 3


def parsed(recipe: Recipe) -> Recipe:
    words = shlex.split(command(recipe))
    assert words[:2] == ["workbench", "train"]
    given = parse(words[1:])
    return load(*([layer("data.path", given.source)] if given.source else []), *layers_of(given))


@pytest.mark.parametrize("option", [*options(Recipe)], ids=lambda option: option.name)
def test_every_option_comes_back(option):
    layers = [layer(name, value) for name, value in BESIDE.get(option.name, {}).items()]
    recipe = load(*layers, layer(option.name, another(option)))
    assert option.of(recipe) != option.default
    assert parsed(recipe) == recipe


@pytest.mark.parametrize("name", RECIPES)
def test_a_preset_is_said_by_its_name_alone(name):
    recipe = load({"preset": name})
    assert arguments(recipe) == ([] if name == "default" else ["--preset", name])
    assert parsed(recipe) == recipe


def test_what_differs_from_a_preset_is_all_that_is_said():
    recipe = load(
        {"preset": "book", "data": {"path": "mails.csv"}, "train": {"epochs": 3}, "model": {"name": "minilm"}}
    )
    assert command(recipe) == "workbench train mails.csv --preset book --model minilm --epochs 3"
    # what the preset changes and the person has put back
    back = load({"preset": "book", "train": {"schedule": "auto"}})
    assert "--schedule auto" in command(back) and parsed(back) == back


@pytest.mark.parametrize("path", ["-", "-odd.csv", "a.toml", "--help", "sp ace.csv"])
def test_a_path_that_could_be_taken_for_something_else(path, tmp_path):
    try:
        recipe = load({"data": {"path": path}})
    except BadRecipe:
        return
    assert parsed(recipe) == recipe
