"""`workbench export`: a run as a folder that transformers or onnxruntime opens."""

import argparse

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
    from core.evaluate.predict import Predictor
    from core.export.card import card

    if given.format == "onnx":
        from core.export.onnx import export
    else:
        from core.export.transformers import export

    asked = Predictor.open(run)
    words = card(run, asked, given.format)
    files = export(asked.model, asked.recipe, asked.names, asked.tokenizer, absolute(given.folder), words)
    say(map(str, files))
    return DONE
