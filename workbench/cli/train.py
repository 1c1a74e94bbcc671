"""`workbench train`: a classifier, from a recipe file or flags."""

import argparse
from typing import TYPE_CHECKING

from core.architectures.lookup import preset_for
from core.datasets import dataset_named, fetched
from core.errors import BadData, BadRecipe, Problem
from core.files import WRITE_FIRST, absolute
from core.inside import kind
from core.options import options
from core.recipe import Recipe
from core.recipe_data import Data
from core.rows import Glimpse
from core.runs import queue
from core.runs.root import create_run, runs_root
from workbench.cli.flags import NAMES, SOURCE, add_options, recipe_of
from workbench.cli.start import add_how, start

if TYPE_CHECKING:
    from core.data.sources.source import Options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="?", metavar="FILE", help=SOURCE)
    add_options(parser, [*options(Recipe)])
    add_how(parser)
    words = "say what it will cost on this machine; train nothing"
    parser.add_argument("--dry-run", action="store_true", help=words)


def execute(given: argparse.Namespace) -> int:
    """Train, or say what that would cost; returns the exit code. Raises WorkbenchError."""
    from core.text.usable import demand_model

    recipe, root = recipe_to_train(given), runs_root(given.runs)
    demand_model(preset_for(recipe), recipe.model.weights)
    if given.dry_run:
        from workbench.cli.dry_run import prices

        live = queue.alive(root)
        return prices(recipe, root, live.name if live else "", given.json)
    demand_columns(recipe.data)
    return start(create_run(root, recipe), given)


def demand_columns(data: Data) -> None:
    """Raises BadData where the beginning of a file shows that nothing can be learned from it: no run is made then."""
    from core.data.choose import NONE
    from core.data.sources.source import Options

    options = Options.of(data)
    found = _beginning(data.path, options)
    if found:  # the files for validation and test are read for the columns of the first
        options = options._replace(text=found.text, label=found.label, split=NONE)
        for path in filter(None, (data.validation_path, data.test_path)):
            _beginning(path, options)


def _beginning(path: str, options: "Options") -> Glimpse | None:
    """What a file is taken for; None where that is not to be seen before the run. Raises BadData as above."""
    from core.data.glimpse import glimpse
    from core.data.sources.input import Input

    if dataset_named(path) and not fetched(path):
        return None
    try:
        found = glimpse(path, options)
    except BadData:
        if not dataset_named(path) and Input(path, encoding=options.encoding).is_longer:
            return None  # what its beginning cannot say, the run finds in the whole
        raise
    if found.problem:
        raise BadData(found.problem)
    return found


def recipe_to_train(given: argparse.Namespace) -> Recipe:
    """The recipe that was given. Raises BadRecipe, also where its data is not there or nothing is in it."""
    recipe = recipe_of(given)
    path = absolute(recipe.data.path)
    if not dataset_named(recipe.data.path) and not path.is_dir() and (not path.is_file() or not path.stat().st_size):
        what, do = f"there is no file {recipe.data.path}.", f"Check the path, or name {NAMES}."
        if path.is_file():
            what = f"there is nothing to learn from in {recipe.data.path}."
        elif path.exists():
            what, do = f"{recipe.data.path} is {kind(path.stat().st_mode)}, not a file.", WRITE_FIRST
        raise BadRecipe([Problem("data.path", what, do)])
    return recipe
