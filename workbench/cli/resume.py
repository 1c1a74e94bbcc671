"""`workbench resume`: a run goes on from its last checkpoint."""

import argparse

from core.errors import WorkbenchError
from core.runs.root import find_run, runs_root
from workbench.cli.start import add_how, start

add_arguments = add_how


def execute(given: argparse.Namespace) -> int:
    """Resume a run; returns the exit code. Raises WorkbenchError."""
    run = find_run(runs_root(given.runs), given.run)
    state = run.status().state
    if state == "paused":
        raise WorkbenchError(f"{run.name} is paused, and so still there.", f"workbench ctl {run.name} resume goes on.")
    if state == "done":
        ask = f"Ask it: workbench predict {run.name} TEXT. Or train another."
        raise WorkbenchError(f"{run.name} is done.", run.fine_tune if run.pretrains else ask)
    run.pretraining() if run.pretrains else run.recipe()  # a damaged folder is refused before anything is started
    return start(run, given)
