"""`workbench runs`: which runs there are."""

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import msgspec

from core.architectures.lookup import short_name
from core.datasets import called
from core.errors import BadRecipe, Problem
from core.options import Option, options
from core.recipe import Recipe
from core.runs import mark
from core.runs.compare import changed, in_words
from core.runs.listing import Entry, Listing
from core.runs.root import runs_root
from core.runs.turns import interrupted
from core.wording import ordinal, percent, plural
from workbench.cli.printing import print_json, say, tabulate

OWN_COLUMN = {"model.name", "data.path", "freeze.trainable"}  # options that the table always shows
ALWAYS = ("train.seed", "model.context", "model.readout")  # they decide what is compared with what
SORTED = {
    "newest": lambda entry: 0,  # as they are listed
    "test": lambda entry: -entry.result.test.accuracy if entry.result else 1,
    "data": lambda entry: _data(entry),
    "model": lambda entry: short_name(entry.recipe.model.name) if entry.recipe else "",
    "state": lambda entry: entry.status.state,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sort", choices=list(SORTED), default="newest", help="the order (newest)")
    words = "only runs of this state, model or data, or with this value of an option, for example train.seed=1"
    parser.add_argument("--where", action="append", default=[], metavar="NAME=VALUE", help=words)


def execute(given: argparse.Namespace) -> int:
    """Print the runs under the root; returns the exit code. Raises BadRecipe for a condition that names nothing."""
    root = runs_root(given.runs)
    wanted = [_condition(words) for words in given.where]
    every = Listing(root).look()
    found = [entry for entry in every if all(_value(entry, name) == value for name, value in wanted)]
    entries = sorted(found, key=SORTED[given.sort])
    if given.json:
        print_json([row_of(entry) | {"place": entry.place or None} for entry in entries])
    elif not every:
        say([f"No runs in {root} yet. workbench train makes one."])
    elif not entries:
        say([f"None of {plural(len(every), 'run')} is so."])
    else:
        head = ["run", "name", "state", "step", "data", "model", "learns", "test", "95 % interval", "", "what happened"]
        differing = _differing(entries)
        tabulate(head, [_cells(entry, differing) for entry in entries])
    if words := interrupted(root):
        say([f"{words}. workbench queue goes on with it."], to_errors=True)
    return 0


def _condition(words: str) -> tuple[str, str]:
    """The name and the value that a run must have. Raises BadRecipe where there is no such name."""
    name, equals, value = words.partition("=")
    known = ["state", "model", "data", *(option.name for option in options(Recipe))]
    if not equals or name not in known:
        close = get_close_matches(name, known, 1)
        raise BadRecipe(
            [
                Problem(
                    "--where",
                    f"{words!r} is no NAME=VALUE that a run has.",
                    f"Did you mean {close[0]}=…?"
                    if close
                    else "For example state=done, model=minilm, or train.seed=1.",
                )
            ]
        )
    return name, value


def _value(entry: Entry, name: str) -> str:
    match name:
        case "state":
            return entry.status.state
        case "model":
            return short_name(entry.recipe.model.name) if entry.recipe else ""
        case "data":
            return _data(entry)
    found = {option.name: option for option in options(Recipe)}[name]
    return in_words(found.of(entry.recipe)) if isinstance(entry.recipe, Recipe) else ""


def _data(entry: Entry) -> str:
    return called(entry.recipe.data.path) if isinstance(entry.recipe, Recipe) else ""


def _differing(entries: Sequence[Entry]) -> list[Option]:
    """The options that a person has set and in which the runs differ, after seed, context and readout.

    What a run found out by itself is no difference.
    """
    runs = [(entry.recipe, entry.result) for entry in entries if isinstance(entry.recipe, Recipe)]
    said = {name for recipe, result in runs for name, _, _ in changed(recipe, result.train.rows if result else None)}
    known = {option.name: option for option in options(Recipe)}
    differ = [
        name
        for name, option in known.items()
        if name in said - OWN_COLUMN - {*ALWAYS} and len({in_words(option.of(recipe)) for recipe, _ in runs}) > 1
    ]
    return [known[name] for name in (*ALWAYS, *differ)]


def _cells(entry: Entry, differing: Sequence[Option]) -> list[str]:
    status, test = entry.status, entry.result.test if entry.result else None
    happened = f"{ordinal(entry.place)} in the queue" if entry.place else f"{status.why} {status.do}".strip()
    return [
        entry.run.name,
        entry.label.name,
        status.state,
        f"{status.step:,} of {status.n_steps:,}" if status.n_steps else "",
        _data(entry),
        short_name(entry.recipe.model.name) if entry.recipe else "",
        learns(entry),
        percent(test.accuracy) if test else "",
        f"{percent(test.low)} to {percent(test.high)}" if test else "",
        _said(entry, differing),
        " ".join(filter(None, [happened, "" if mark.grew_here(entry.run) else mark.BRIEFLY])),
    ]


def _said(entry: Entry, differing: Sequence[Option]) -> str:
    """'seed 1 · context 120 · readout mean'."""
    if not isinstance(entry.recipe, Recipe):
        return ""
    said = ((option.name.rpartition(".")[2].replace("_", " "), option.of(entry.recipe)) for option in differing)
    return " · ".join(f"{name} {in_words(value)}" for name, value in said)


def learns(entry: Entry) -> str:
    """What learns in a run, as its recipe has it."""
    if entry.recipe is None:
        return ""
    return entry.recipe.trainable if isinstance(entry.recipe, Recipe) else "a language model"


def row_of(entry: Entry) -> dict[str, Any]:
    """A run as JSON has it."""
    recipe = entry.recipe
    return {
        "name": entry.run.name,
        "run": str(entry.run.path),
        "label": entry.label,
        "model": recipe.model.name if recipe else "",
        "trainable": learns(entry),
        "data": recipe.data.path if isinstance(recipe, Recipe) else "",
        **msgspec.structs.asdict(entry.status),
        "made_here": mark.grew_here(entry.run),
        "test": entry.result.test if entry.result else None,
    }
