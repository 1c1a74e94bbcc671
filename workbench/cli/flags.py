"""Flags: those that come from the recipe's own declaration, and those that several commands share."""

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from core import toml
from core.architectures.lookup import lacks_small_files
from core.data import standard_input
from core.datasets import NAMED
from core.options import Option, layer
from core.recipe import Recipe, load, model_named
from core.wording import shown
from workbench.cli.printing import bars, say

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
NAMES = f"a data set: {', '.join(NAMED)}"
SOURCE = f"a recipe (.toml), a file or a folder of labelled texts, - for standard input, or {NAMES}"


class Parser(argparse.ArgumentParser):
    """Complains in sentences."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, shown(f"workbench: {message.removeprefix('argument ')}. See {self.prog} --help.\n"))

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """Say which of the words that were given are not understood here, and what may have been meant."""
        flags = [flag for action in self._actions for flag in action.option_strings]
        wrong = [word.partition("=")[0] for word in words if word.startswith("-")]
        for flag in wrong:
            close = get_close_matches(flag, flags, 1, 0.7)
            meant = f"Did you mean {close[0]}?" if close else f"See {self.prog} --help."
            say([f"workbench: {flag} is no option of {self.prog}. {meant}"], to_errors=True)
        if not wrong:
            self.error(f"{words[0]!r} is one word too many")
        self.exit(USAGE)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Whether the answer is for a program."""
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def add_options(parser: argparse.ArgumentParser, shown: Sequence[Option]) -> None:
    """A flag for each option of a recipe; those that are not given are left out of the result."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for option in shown:
        part = option.name.rpartition(".")[0] or "recipe"
        group = groups.setdefault(part, parser.add_argument_group(part))
        meta = "{" + ",".join(option.choices) + "}" if option.choices and len(option.choices) < 6 else "X"
        default = "" if option.default in ("", ()) else f" ({option.default})"
        words = option.help.replace("%", "%%") + default
        how: dict[str, Any] = {"nargs": "+", "action": "extend"} if option.several else {}
        group.add_argument(*option.flags, dest=option.name, default=argparse.SUPPRESS, metavar=meta, help=words, **how)


def recipe_of(given: argparse.Namespace) -> Recipe:
    """Preset < file < flags; the small files of a model that it names are brought here, and so is standard input.

    Raises BadRecipe, BadModel, and BadData where standard input is what it names and nothing comes from there.
    """
    layers, source = layers_of(given), getattr(given, "source", None)
    if source is not None:
        layers.insert(0, toml.read(Path(source)) if source.endswith(".toml") else layer("data.path", source))
    name = model_named(*layers)
    if lacks_small_files(name):
        from core.model_files.fetch import fetch_small

        with bars() as progress:
            fetch_small(name, progress)
    recipe = load(*layers)
    if recipe.data.path == standard_input.NAME:
        recipe = load(*layers, layer("data.path", str(standard_input.spooled(sys.stdin.buffer))))
    return recipe


def layers_of(given: argparse.Namespace) -> list[dict]:
    """The options that were given, each as a layer."""
    return [layer(name, value) for name, value in vars(given).items() if "." in name or name == "preset"]
