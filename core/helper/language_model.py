"""What the model helper answers with a language model, before it is made a classifier. It keeps the one asked last."""

from collections.abc import Callable

import msgspec

from core.evaluate.language_model import Pretrained
from core.evaluate.question import Continuation, Question


def kinds() -> dict[str, Callable]:
    """The question that the model helper answers from here."""
    return {"ask": LanguageModelRequests().ask}


class LanguageModelRequests:
    """Answers requests with the model that was asked last, which it keeps."""

    def __init__(self) -> None:
        self._opened: tuple | None = None  # what tells it from others
        self._model: Pretrained | None = None

    def ask(self, args: dict, progress: Callable[..., None]) -> Continuation | None:
        """A Question -> its Continuation, with the answer so far at each token of progress.

        Without a question: nothing, so that one that is being answered is left off.
        """
        if not args:
            return None
        question = msgspec.convert(args, Question)
        question.check()
        opened = question.model, question.weights, question.seed if question.weights == "random" else None
        if self._model is None or opened != self._opened:
            self._opened = self._model = None  # two models at once may be more than fits
            self._model, self._opened = Pretrained.open(question, progress), opened
        for answer in self._model.answer(question):
            progress("ask", answer.tokens, question.tokens, "tokens", partial=answer.continuation)
        return answer
