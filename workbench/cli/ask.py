"""`workbench models ask`: a text and how a model goes on with it, as it comes."""

import argparse

from core.evaluate.question import BEGINNING, ENDED, EXAMPLE, IS_IT_SPAM, RANDOM, Question
from core.wording import plural, shown
from workbench.cli.flags import add_json
from workbench.cli.printing import bars, print_json, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a model's name; what is not on this machine is downloaded")
    parser.add_argument("text", nargs="?", metavar="TEXT", help="where it is to go on; none: the book's")
    parser.add_argument("--spam", action="store_true", help="ask whether the text is spam, in words")
    parser.add_argument("--tokens", type=int, default=25, metavar="N", help="at most so many (25)")
    parser.add_argument(
        "--temperature", type=float, default=0.0, metavar="X", help="0 takes the likeliest token, more draws (0)"
    )
    parser.add_argument("--top-k", type=int, metavar="K", help="draw among the K likeliest only")
    parser.add_argument(
        "--seed", type=int, default=123, metavar="N", help="decides what is drawn, and random weights (123)"
    )
    parser.add_argument(
        "--weights", default="pretrained", metavar="W", help="pretrained, random or a folder (pretrained)"
    )
    add_json(parser)


def execute(given: argparse.Namespace) -> int:
    """Print what a model says to a question; returns the exit code. Raises WorkbenchError."""
    text = given.text if given.text is not None else EXAMPLE if given.spam else BEGINNING
    text = IS_IT_SPAM.format(text) if given.spam else text
    question = Question(given.model, text, given.weights, given.tokens, given.temperature, given.top_k, given.seed)
    question.check()
    from rich.console import Console

    from core.evaluate.language_model import Pretrained
    from core.text.tokenizer import well_formed

    with bars() as progress:
        model = Pretrained.open(question, progress)
    out, printed = Console(highlight=False), 0
    if not given.json:
        out.print(shown(well_formed(question.text)), style="dim", end="", markup=False, emoji=False, soft_wrap=True)
    for answer in model.answer(question):
        if given.json:
            continue
        out.print(shown(answer.continuation[printed:]), end="", markup=False, emoji=False, soft_wrap=True)
        out.file.flush()
        printed = len(answer.continuation)
    if given.json:
        print_json(answer)
        return 0
    print()
    say([f"{plural(answer.tokens, 'token')} in {answer.seconds:.1f} s{ENDED[answer.ended]}."], to_errors=True)
    if answer.weights == "random":
        say([RANDOM], to_errors=True)
    return 0
