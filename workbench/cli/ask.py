"""`workbench models ask`: a text and how a model goes on with it, as it comes."""

from rich.console import Console

from core.evaluate.question import ENDED, RANDOM, Question
from core.wording import plural, shown
from workbench.cli.printing import bars, print_json, say


def ask(question: Question, as_json: bool) -> int:
    """Print what a model says to a question; returns the exit code. Raises WorkbenchError."""
    question.check()
    from core.evaluate.language_model import Pretrained
    from core.text.tokenizer import well_formed

    with bars() as progress:
        model = Pretrained.open(question, progress)
    out, said, answer = Console(highlight=False), 0, None
    if not as_json:
        out.print(shown(well_formed(question.text)), style="dim", end="", markup=False, emoji=False, soft_wrap=True)
    for answer in model.answer(question):
        if as_json:
            continue
        out.print(shown(answer.continuation[said:]), end="", markup=False, emoji=False, soft_wrap=True)
        out.file.flush()
        said = len(answer.continuation)
    if as_json:
        print_json(answer)
        return 0
    print()
    say([f"{plural(answer.tokens, 'token')} in {answer.seconds:.1f} s{ENDED[answer.ended]}."], to_errors=True)
    if answer.weights == "random":
        say([RANDOM], to_errors=True)
    return 0
