"""Flags: those that come from the recipe's own declaration, and those that several commands share."""

import argparse
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import Any, NoReturn

from core import toml
from core.architectures.lookup import HUB, lacks_small_files
from core.data import standard_input
from core.datasets import NAMED
from core.errors import BadModel
from core.options import Option, layer
from core.recipe import Recipe, load, model_named
from core.wording import shown
from workbench.cli.printing import agreed, bars, say

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
NAMES = f"a data set: {', '.join(NAMED)}"
SOURCE = f"a recipe (.toml), a file or a folder of labelled texts, - for standard input, or {NAMES}"
UNKNOWN = (
    "The recipe names {}, which is not on this machine. Nobody has said what its small files should be: they are "
    "recorded when they come, and compared from then on. Ask the hub for them?"
)
NUMBERS = {"int": "a whole number", "float": "a number"}
LITERAL = "\0"  # stands before a word that is no option whatever it begins with: no argument of a program has one


def literal_after_dashes(argv: Sequence[str]) -> list[str]:
    """The words of a command line without the first --, after which none is an option.

    What argparse itself makes of it differs with Python's version, and with options between the words.
    """
    words = list(argv)
    at = words.index("--") if "--" in words else len(words)
    return words[:at] + [LITERAL + word if word.startswith("-") else word for word in words[at + 1 :]]


def as_given(value: Any) -> Any:
    """A word, or each of several, as it was given."""
    if isinstance(value, list):
        return [as_given(each) for each in value]
    return value.removeprefix(LITERAL) if isinstance(value, str) else value


class Parser(argparse.ArgumentParser):
    """Complains in sentences."""

    commands: "argparse._SubParsersAction[Parser] | None" = None
    words: Sequence[str] = ()  # what it was given

    def understood(self, words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
        """What was given, words between options too, and which words are not understood. Exits where one is missing."""
        self.words = words
        return self.parse_known_args(words) if self.commands else self.parse_known_intermixed_args(words)

    def _is_unknown(self, word: str) -> bool:
        return word.startswith("-") and word.partition("=")[0] not in self._option_string_actions

    def add_subparsers(self, **given: Any) -> "argparse._SubParsersAction[Parser]":  # type: ignore[override]
        self.commands = super().add_subparsers(**given)
        return self.commands

    def error(self, message: str) -> NoReturn:
        if "are required" in message and (dashed := [word for word in self.words if self._is_unknown(word)]):
            self.refuse(dashed)  # which are what is missing, perhaps
        for kind, words in NUMBERS.items():  # of argparse's message, as people call them
            message = re.sub(f"invalid {kind} value: (.+)", rf"cannot be \1. It is {words}", message)
        self.exit(USAGE, shown(f"workbench: {message.removeprefix('argument ')}. See {self.prog} --help.\n"))

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """Say which of the words that were given are not understood here, and what may have been meant."""
        flags = [flag for action in self._actions for flag in action.option_strings]
        wrong = [word for word in words if word.startswith("-") and word != "-"]
        for word in wrong:
            flag = word.partition("=")[0]
            close = get_close_matches(flag, flags, 1, 0.7)
            meant = f"Did you mean {close[0]}?" if close else f"See {self.prog} --help.{self._or_a_word(flag, word)}"
            say([f"workbench: {flag} is no option of {self.prog}. {meant}"], to_errors=True)
        if not wrong:
            self.error(f"{words[0]!r} is one word too many")
        self.exit(USAGE)

    def _or_a_word(self, flag: str, word: str) -> str:
        """What is said of a word that begins with a dash and may be a text or a file name."""
        if re.fullmatch(r"--\w[\w.-]*", flag) or all(action.option_strings for action in self._actions):
            return ""
        return f" Is it a text or a file? Write -- before it: {self.prog} ... -- {quote(word)}"


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
    layers = layers_of(given)
    name = model_named(*layers)
    bring_small(name, typed=name == vars(given).get("model.name"))  # a recipe may be somebody else's
    recipe = load(*layers)
    if recipe.data.path == standard_input.NAME:
        recipe = load(*layers, layer("data.path", str(standard_input.spooled(sys.stdin.buffer))))
    return recipe


def bring_small(model: str, typed: bool) -> None:
    """Bring a model's small files here where they are missing; a name that nobody typed is asked about.

    Raises BadModel.
    """
    if not lacks_small_files(model):
        return
    from core.model_files.fetch import fetch_small

    if model.startswith(HUB) and not typed and not agreed(UNKNOWN.format(model)):
        raise BadModel(f"{model} is not on this machine.", f"If you trust it: workbench fetch {model}")
    with bars() as progress:
        fetch_small(model, progress)


def layers_of(given: argparse.Namespace) -> list[dict]:
    """What was given, as layers: the file, then each option."""
    layers = [layer(name, value) for name, value in vars(given).items() if "." in name or name == "preset"]
    source = getattr(given, "source", None)
    if source is not None:
        layers.insert(0, toml.read(Path(source)) if source.endswith(".toml") else layer("data.path", source))
    return layers
