"""`workbench`, and `workbench open`: the app."""

import argparse
import sys
from difflib import get_close_matches
from pathlib import Path

from core.datasets import NAMED
from core.options import options
from core.recipe import Recipe
from core.runs.root import runs_root
from workbench.cli.flags import DONE, SOURCE, USAGE, add_options, recipe_of
from workbench.cli.printing import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="?", metavar="FILE", help=SOURCE)
    add_options(parser, [*options(Recipe)])


def execute(given: argparse.Namespace) -> int:
    """Open the app; returns its exit code. Raises BadRecipe."""
    if given.source and not (given.source in NAMED or Path(given.source).exists() or given.source.endswith(".toml")):
        from workbench.cli.main import COMMANDS

        close = get_close_matches(given.source, COMMANDS, 1, 0.7)
        hint = f"Did you mean workbench {close[0]}?" if close else "See workbench --help."
        say([f"workbench: there is no command and no file {given.source}. {hint}"], to_errors=True)
        return USAGE
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):  # Textual draws on the last
        say(["workbench: this is no terminal. workbench --help lists the commands that need none."], to_errors=True)
        return USAGE
    from workbench.app import WorkbenchApp

    app = WorkbenchApp(recipe_of(given), runs_root(given.runs))
    app.run()
    return app.return_code or DONE
