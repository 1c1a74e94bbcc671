"""`workbench pretrain`: a small language model from plain text."""

import argparse

from core.errors import BadRecipe, Problem
from core.files import absolute
from core.options import layer, merge, options
from core.pretraining import Pretraining
from core.runs.root import create_run, runs_root
from workbench.cli.flags import add_options, layers_of
from workbench.cli.start import add_how, start


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="+", metavar="FILE", help="plain text, .gz and .xz too")
    add_options(parser, [option for option in options(Pretraining) if option.name != "text.paths"])
    add_how(parser)


def execute(given: argparse.Namespace) -> int:
    """Pretrain; returns the exit code. Raises WorkbenchError."""
    recipe = Pretraining.of(merge(layer("text.paths", given.text), *layers_of(given)))
    missing = [path for path in recipe.text.paths if not absolute(path).is_file()]
    if missing:
        raise BadRecipe([Problem("text.paths", f"there is no file {path}.", "Check the path.") for path in missing])
    return start(create_run(runs_root(given.runs), recipe), given)
