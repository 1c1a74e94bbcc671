"""The command line that gives a recipe: its data, and every option that differs from its preset."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from core.options import Option, options
from core.recipe import Recipe, load


def command(recipe: Recipe) -> str:
    """`workbench train data.csv --model minilm --epochs 5`, for a shell."""
    return shlex.join(["workbench", "train", *arguments(recipe)])


def sweep(recipe: Recipe, varied: Mapping[str, Sequence[str]], seeds: int, folds: int = 0) -> str:
    """`workbench sweep data.csv --set 'train.lr=1e-4|3e-4' --seeds 3`, for a shell; 0 folds are none."""
    sets = [word for name, values in varied.items() for word in ("--set", f"{name}={'|'.join(values)}")]
    cut = ["--folds", str(folds)] if folds else []
    without = {*varied, *(["data.fold"] if folds else [])}
    return shlex.join(["workbench", "sweep", *arguments(recipe, without), *sets, *cut, "--seeds", str(seeds)])


def arguments(recipe: Recipe, without: Collection[str] = ()) -> list[str]:
    """The words after `workbench train` that are parsed into this recipe, `without` some options."""
    preset, path, words = load({"preset": recipe.preset}), recipe.data.path, []
    # a word that is taken for an option or a recipe file cannot stand by itself
    named = path.startswith("-") or path.endswith(".toml")
    if path != preset.data.path and not named:
        words.append(path)
    for option in options(Recipe):
        value = option.of(recipe)
        given = option.name == "preset" and value != Recipe().preset
        if option.name in without or (option.name == "data.path" and not named):
            continue
        if given or value != option.of(preset):
            words += _given(option, value)
    return words


def _given(option: Option, value: Any) -> list[str]:
    flag = option.flags[-1]
    if isinstance(value, tuple):
        return [f"{flag}={each}" for each in value]
    word = str(value).lower() if isinstance(value, bool) else str(value)
    return [f"{flag}={word}"] if word.startswith("-") or not word else [flag, word]
