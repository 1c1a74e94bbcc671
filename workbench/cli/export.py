"""`workbench export`: a run as a folder that transformers or onnxruntime opens."""

import argparse

from core.errors import BadModel
from core.files import absolute
from core.runs.root import find_run, runs_root
from workbench.cli.flags import DONE
from workbench.cli.printing import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="a new or empty folder")
    parser.add_argument(
        "--format", choices=["transformers", "onnx"], default="transformers", help="what is to open it (transformers)"
    )


def execute(given: argparse.Namespace) -> int:
    """Export a run and print the files; returns the exit code. Raises WorkbenchError."""
    run = find_run(runs_root(given.runs), given.run, trained=True)
    from core.evaluate.predict import Counter, open_predictor
    from core.export.card import card

    asked, folder = open_predictor(run), absolute(given.folder)
    if isinstance(asked, Counter):
        from core.export import counted

        if given.format != "onnx":
            raise BadModel(f"{run.name} has no network that transformers could open.", "Export it with --format onnx.")
        say(map(str, counted.export(asked.model, asked.names, folder, card(run, asked, given.format))))
        return DONE
    if given.format == "onnx":
        from core.export.onnx import export
    else:
        from core.export.transformers import export

    words = card(run, asked, given.format)
    say(map(str, export(asked.model, asked.recipe, asked.names, asked.tokenizer, folder, words)))
    return DONE
