"""`workbench import`: a classifier that the book's chapter saved becomes a run."""

import argparse

from core.architectures.models import MODELS
from core.files import absolute
from core.options import options
from core.recipe import Recipe
from core.runs.root import runs_root
from workbench.cli.flags import DONE
from workbench.cli.printing import print_json, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    readout = next(option for option in options(Recipe) if option.name == "model.readout")
    parser.add_argument(
        "file", metavar="FILE", help="what torch.save made of the model's state_dict; no code in it is run"
    )
    parser.add_argument("--model", choices=list(MODELS), help="its size; by default what the weights are of")
    parser.add_argument("--labels", metavar="A,B", help="the classes in the order of its outputs (ham,spam)")
    parser.add_argument("--context", type=int, default=120, metavar="N", help="what it was padded or cut to (120)")
    parser.add_argument("--readout", choices=readout.choices, default="last_pad", help="where it looks (last_pad)")


def execute(given: argparse.Namespace) -> int:
    """Import a classifier; returns the exit code. Raises WorkbenchError."""
    from core.worker.import_book import import_book

    labels = [name.strip() for name in given.labels.split(",")] if given.labels is not None else None
    run = import_book(runs_root(given.runs), absolute(given.file), given.model, labels, given.context, given.readout)
    if given.json:
        print_json({"run": str(run.path)}, indent=None)
    else:
        say([f"{run.name} is {run.recipe().model.name} from {given.file}. Ask it: workbench predict {run.name} TEXT"])
    return DONE
