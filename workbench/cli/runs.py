"""`workbench runs`: which runs there are."""

import argparse
from typing import Any

import msgspec

from core.architectures.lookup import short_name
from core.runs.listing import Entry, Listing
from core.runs.mark import BRIEFLY
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
    status, test, about = entry.status, entry.score, entry.about
    happened = f"{ordinal(entry.place)} in the queue" if entry.place else f"{status.why} {status.do}".strip()
    return [
        entry.run.name,
        entry.label.name,
        status.state,
        f"{status.step:,} of {status.n_steps:,}" if status.n_steps else "",
        short_name(about.model) if about else "",
        about.trainable if about else "",
        percent(test.accuracy) if test else "",
        f"{percent(test.low)} to {percent(test.high)}" if test else "",
        " ".join(filter(None, [happened, "" if entry.grew_here else BRIEFLY])),
    ]


def row_of(entry: Entry) -> dict[str, Any]:
    """A run as JSON has it."""
    about = entry.about
    result = entry.run.classifier_result() if entry.score else None
    return {
        "name": entry.run.name,
        "run": str(entry.run.path),
        "label": entry.label,
        "model": about.model if about else "",
        "trainable": about.trainable if about else "",
        "data": about.data if about else "",
        **msgspec.structs.asdict(entry.status),
        "made_here": entry.grew_here,
        "test": result.test if result else None,
    }
