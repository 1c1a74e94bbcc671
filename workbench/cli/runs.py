"""`workbench runs`: which runs there are."""

import argparse

import msgspec

from core.errors import BadRun
from core.runs import queue
from core.runs.folder import RunFolder
from core.runs.root import list_runs, runs_root
from core.runs.turns import interrupted
from core.wording import ordinal, percent
from workbench.cli.printing import print_json, say, tabulate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none of its own."""


def execute(given: argparse.Namespace) -> int:
    """Print every run under the root, newest first; returns the exit code."""
    root = runs_root(given.runs)
    places = {run.name: place for place, run in enumerate(queue.waiting(root), 1)}
    rows = [row_of(run) | {"place": places.get(run.name)} for run in list_runs(root)]
    if given.json:
        print_json(rows)
    elif not rows:
        say([f"No runs in {root} yet. workbench train makes one."])
    else:
        tabulate(
            ["run", "name", "state", "step", "model", "learns", "test", "95 %", "what happened"],
            [
                [
                    row["name"],
                    row["label"]["name"],
                    row["state"],
                    f"{row['step']:,} of {row['n_steps']:,}" if row["n_steps"] else "",
                    row["model"],
                    row["trainable"],
                    percent(row["test"]["accuracy"]) if row["test"] else "",
                    f"{percent(row['test']['low'])} to {percent(row['test']['high'])}" if row["test"] else "",
                    f"{row['why']} {row['do']}".strip()
                    if not row["place"]
                    else f"{ordinal(row['place'])} in the queue",
                ]
                for row in rows
            ],
        )
    if words := interrupted(root):
        say([f"{words}. workbench queue goes on with it."], to_errors=True)
    return 0


def row_of(run: RunFolder) -> dict:
    status, result = run.status(), run.result()
    row = {"name": run.name, "run": str(run.path), "label": msgspec.to_builtins(run.label())}
    row |= {"model": "", "trainable": "", "data": ""}
    try:
        if run.pretrains:
            row |= {"model": run.pretraining().model.name, "trainable": "a language model"}
            return row | msgspec.to_builtins(status) | {"test": None}
        recipe = run.recipe()
        row |= {"model": recipe.model.name, "trainable": recipe.freeze.trainable, "data": recipe.data.path}
    except BadRun as error:  # one damaged folder must not hide the others
        return row | msgspec.to_builtins(status) | {"why": error.what, "do": error.do, "test": None}
    return row | msgspec.to_builtins(status) | {"test": result["test"] if result else None}
