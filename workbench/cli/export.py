"""`workbench export`: a run as a folder that transformers or onnxruntime opens."""

import argparse

from core.errors import BadModel
from core.export.expressible import EMPTY_TEXT, Format, formats, refusal
from core.files import absolute
from core.runs.root import find_run, runs_root
from workbench.cli.flags import DONE
from workbench.cli.printing import bars, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="a new or empty folder")
    words = "what is to open it; where it is left out, transformers if that can say what the run says, and else onnx"
    parser.add_argument("--format", choices=["transformers", "onnx"], help=words)


def execute(given: argparse.Namespace) -> int:
    """Export a run and print the files; returns the exit code. Raises WorkbenchError."""
    run = find_run(runs_root(given.runs), given.run, trained=True)
    recipe = run.recipe()
    why = refusal(recipe)
    format: Format = given.format or formats(recipe)[0]
    if why and not given.format:
        say([f"Written as ONNX. {why}"], to_errors=True)
    from core.evaluate.predict import Counter, open_predictor
    from core.export.card import card

    folder = absolute(given.folder)
    with bars() as progress:  # weights that are gone are fetched again
        asked = open_predictor(run, progress=progress)
    if isinstance(asked, Counter):
        from core.export import counted

        if format != "onnx":
            raise BadModel(why or "", "Export it with --format onnx.")
        say(map(str, counted.export(asked.model, asked.names, folder, card(run, asked, format))))
        return DONE
    if format == "onnx":
        from core.export.onnx import export
    else:
        from core.export.transformers import export

        if not len(asked.tokenizer.encode("").ids):
            say([EMPTY_TEXT], to_errors=True)
    words = card(run, asked, format)
    say(map(str, export(asked.model, asked.recipe, asked.names, asked.tokenizer, folder, words)))
    return DONE
