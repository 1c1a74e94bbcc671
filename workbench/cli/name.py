"""`workbench name`: a run's name and note."""

import argparse

from core.runs.records import Label
from core.runs.root import find_run, runs_root
from workbench.cli.flags import DONE
from workbench.cli.printing import print_json, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a word or two; '' takes the name away")
    words = "what was tried, what came of it; by default the note stays"
    parser.add_argument("--note", metavar="TEXT", help=words)


def execute(given: argparse.Namespace) -> int:
    """Name a run; returns the exit code. Raises BadRun."""
    run = find_run(runs_root(given.runs), given.run)
    run.pretraining() if run.pretrains else run.recipe()  # no other folder gets a file
    label = Label.of(given.name, run.label().note if given.note is None else given.note)
    run.name_it(label)
    if given.json:
        named = {"name": label.name, "note": label.note}
        print_json({"name": run.name, "run": str(run.path), "label": named}, indent=None)
    else:
        say([f"{run.name} is called {label.name}." if label.name else f"{run.name} has no name."])
    return DONE
