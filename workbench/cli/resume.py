"""`workbench resume`: a run goes on from its last checkpoint."""

import argparse
import sys

from core.errors import BadRun, WorkbenchError
from core.runs import mark
from core.runs.folder import RunFolder
from core.runs.root import find_run, runs_root
from workbench.cli.flags import FAILED
from workbench.cli.printing import say
from workbench.cli.start import add_how, start


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_how(parser)
    words = "do not ask whether a run that was made elsewhere is to be trusted"
    parser.add_argument("--trust", action="store_true", help=words)


def execute(given: argparse.Namespace) -> int:
    """Resume a run; returns the exit code. Raises WorkbenchError."""
    run = find_run(runs_root(given.runs), given.run)
    state = run.status().state
    if state == "paused":
        raise WorkbenchError(
            f"{run.name} is paused, and so still there.", f"workbench ctl {run.name} resume continues it."
        )
    if state == "done":
        ask = f"Ask it: workbench predict {run.name} TEXT. Or train another."
        raise WorkbenchError(f"{run.name} is done.", run.fine_tune if run.pretrains else ask)
    run.pretraining() if run.pretrains else run.recipe()  # a damaged folder is refused before anything is started
    if not mark.grew_here(run):
        if not (given.trust or _trusted(run, given)):
            return FAILED
        mark.trust(run)
    return start(run, given)


def _trusted(run: RunFolder, given: argparse.Namespace) -> bool:
    """Ask the person whether a run that was made elsewhere is to be taken up. Raises BadRun where nobody can answer."""
    if given.json or not sys.stdin.isatty():
        raise BadRun(mark.in_words(run), f"If you trust it: workbench resume {run.name} --trust")
    say([mark.question(run)])
    try:
        return input("Resume it? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
