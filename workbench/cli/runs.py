"""`workbench runs`: which runs there are."""

import argparse
from typing import Any

import msgspec

from core.architectures.lookup import short_name
from core.recipe import Recipe
from core.runs import mark
from core.runs.listing import Entry, Listing
from core.runs.root import runs_root
from core.runs.turns import interrupted
from core.wording import ordinal, percent
from workbench.cli.printing import print_json, say, tabulate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no arguments of its own."""


def execute(given: argparse.Namespace) -> int:
    """Print every run under the root, newest first; returns the exit code."""
    root = runs_root(given.runs)
    entries = Listing(root).look()
    if given.json:
        print_json([row_of(entry) | {"place": entry.place or None} for entry in entries])
    elif not entries:
        say([f"No runs in {root} yet. workbench train makes one."])
    else:
        head = ["run", "name", "state", "step", "model", "learns", "test", "95 %", "what happened"]
        tabulate(head, [_cells(entry) for entry in entries])
    if words := interrupted(root):
        say([f"{words}. workbench queue goes on with it."], to_errors=True)
    return 0


def _cells(entry: Entry) -> list[str]:
    status, test = entry.status, entry.result.test if entry.result else None
    happened = f"{ordinal(entry.place)} in the queue" if entry.place else f"{status.why} {status.do}".strip()
    return [
        entry.run.name,
        entry.label.name,
        status.state,
        f"{status.step:,} of {status.n_steps:,}" if status.n_steps else "",
        short_name(entry.recipe.model.name) if entry.recipe else "",
        learns(entry),
        percent(test.accuracy) if test else "",
        f"{percent(test.low)} to {percent(test.high)}" if test else "",
        " ".join(filter(None, [happened, "" if mark.grew_here(entry.run) else mark.BRIEFLY])),
    ]


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
