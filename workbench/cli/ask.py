"""`workbench models ask`: a text and how a model goes on with it, as it comes; of an encoder, the words it guesses."""

import argparse
import sys

from core.errors import BadRecipe, Problem
from core.evaluate.question import (
    BEGINNING,
    ENDED,
    EXAMPLE,
    IS_IT_SPAM,
    RANDOM,
    RANDOM_GUESS,
    WITH_A_GAP,
    Guess,
    MaskedQuestion,
    Question,
    guesses_words,
)
from core.wording import percent, plural, shown
from workbench.cli.flags import add_json
from workbench.cli.printing import bars, print_json, say, tabulate
from workbench.formatting import bar

DRAWING = ("spam", "tokens", "temperature")  # what decides how a text goes on, and nothing else
BAR = 30  # cells


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a model's name; what is not on this machine is downloaded")
    words = "where it is to go on; of an encoder, a text with ___ for each word to guess; none: an example"
    parser.add_argument("text", nargs="?", metavar="TEXT", help=words)
    parser.add_argument("--spam", action="store_true", help="ask whether the text is spam, in words")
    parser.add_argument("--tokens", type=int, default=25, metavar="N", help="at most so many (25)")
    parser.add_argument(
        "--temperature", type=float, default=0.0, metavar="X", help="0 takes the most likely token, more samples (0)"
    )
    words = "sample among the K most likely only; of an encoder, show so many words for a gap (5)"
    parser.add_argument("--top-k", type=int, metavar="K", help=words)
    parser.add_argument(
        "--seed", type=int, default=123, metavar="N", help="decides what is drawn, and random weights (123)"
    )
    parser.add_argument(
        "--weights", default="pretrained", metavar="W", help="pretrained, random or a folder (pretrained)"
    )
    add_json(parser)


def execute(given: argparse.Namespace) -> int:
    """Print what a model says to a question; returns the exit code. Raises WorkbenchError."""
    if guesses_words(given.model):
        return _guess(given)
    text = given.text if given.text is not None else EXAMPLE if given.spam else BEGINNING
    text = IS_IT_SPAM.format(text) if given.spam else text
    question = Question(given.model, text, given.weights, given.seed, given.tokens, given.temperature, given.top_k)
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


def _guess(given: argparse.Namespace) -> int:
    if needless := [name for name in DRAWING if getattr(given, name) != given.parser.get_default(name)]:
        what = f"{given.model} does not continue texts: it guesses masked words."
        raise BadRecipe([Problem(f"--{name}", what, "Leave this out.") for name in needless])
    text = WITH_A_GAP if given.text is None else given.text
    words = {} if given.top_k is None else {"top_k": given.top_k}
    question = MaskedQuestion(given.model, text, given.weights, given.seed, **words)
    question.check()
    from core.evaluate.masked_word import MaskedWords

    with bars() as progress:
        model = MaskedWords.open(question, progress)
    answer = model.answer(question)
    if given.json:
        print_json(answer)
        return 0
    _print(answer)
    return 0


def _print(answer: Guess) -> None:
    """A line for each word, the likeliest first, with a bar where there is a terminal."""
    said = [(gap, word) for gap, words in enumerate(answer.gaps, 1) for word in words]
    head = ["gap", "word", "probability"]
    rows = [[str(gap), word.word, percent(word.probability)] for gap, word in said]
    if sys.stdout.isatty():
        say([answer.text])
        head.append("")
        rows = [[*row, bar(word.probability, BAR)] for row, (_, word) in zip(rows, said, strict=True)]
    tabulate(head, rows)
    say([f"{plural(len(answer.gaps), 'gap')} in {answer.seconds:.1f} s."], to_errors=True)
    if answer.weights == "random":
        say([RANDOM_GUESS], to_errors=True)
