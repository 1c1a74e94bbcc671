"""`workbench predict`: texts from the command line, a file or standard input, classified by a run."""

import argparse
import sys

from core.errors import WorkbenchError
from core.files import absolute
from core.runs.root import find_run, runs_root
from core.wording import percent
from workbench.cli.flags import DONE
from workbench.cli.printing import bars, print_json, with_tabs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "texts to classify, after -- where one begins with a dash; none: lines of standard input"
    parser.add_argument("texts", nargs="*", default=[], metavar="TEXT", help=words)
    parser.add_argument("--file", metavar="F", help="a file with one text a line")
    words = "best, last or a step; by default what the run keeps"
    parser.add_argument("--checkpoint", metavar="NAME", help=words)


def execute(given: argparse.Namespace) -> int:
    """Classify texts and print a line for each; returns the exit code. Raises WorkbenchError."""
    run = find_run(runs_root(given.runs), given.run, trained=True)
    texts = list(given.texts)
    if given.file:
        texts += _lines(given.file)
    elif not texts:
        texts = _cut(sys.stdin.buffer.read())
    from core.evaluate.predict import open_predictor

    with bars() as progress:  # weights that are gone are fetched again
        asked = open_predictor(run, given.checkpoint, progress)
    answers = asked.predict(texts)
    if given.json:
        print_json(answers)
        return DONE
    for answer in answers:
        mark = "  (cut)" if answer.cut else ""
        print(with_tabs([answer.label, percent(answer.probabilities[answer.label]), answer.text]) + mark)
    return DONE


def _lines(path: str) -> list[str]:
    try:
        return _cut(absolute(path).read_bytes())
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error


def _cut(data: bytes) -> list[str]:
    """One text a line, whatever the bytes are."""
    lines = data.decode("utf-8-sig", "replace").split("\n")
    return [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]
