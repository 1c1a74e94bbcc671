"""What the model helper answers with a model before it is made a classifier. It keeps the one asked last."""

from collections.abc import Callable
from typing import TypeVar, cast

import msgspec

from core.evaluate.language_model import Pretrained
from core.evaluate.masked_word import MaskedWords
from core.evaluate.question import Asked, Continuation, Guess, MaskedQuestion, Question, guesses_words

Model = TypeVar("Model", Pretrained, MaskedWords)


def kinds() -> dict[str, Callable]:
    """The question that the model helper answers from here."""
    return {"ask": LanguageModelRequests().ask}


class LanguageModelRequests:
    """Answers requests with the model that was asked last, which it keeps."""

    def __init__(self) -> None:
        self._opened: tuple | None = None  # what tells it from others
        self._model: Pretrained | MaskedWords | None = None

    def ask(self, args: dict, progress: Callable[..., None]) -> Continuation | Guess | None:
        """A Question -> its Continuation, with the answer so far at each token of progress.

        Of a model that guesses words: a MaskedQuestion -> its Guess. Without a question: nothing, so that one that is
        being answered is left off.
        """
        if not args:
            return None
        if guesses_words(args.get("model", "")):
            masked = msgspec.convert(args, MaskedQuestion)
            return self._kept(masked, lambda: MaskedWords.open(masked, progress)).answer(masked)
        question = msgspec.convert(args, Question)
        for answer in self._kept(question, lambda: Pretrained.open(question, progress)).answer(question):
            progress("ask", answer.tokens, question.tokens, "tokens", partial=answer.continuation)
        return answer

    def _kept(self, question: Asked, open: Callable[[], Model]) -> Model:
        """The model of a question, opened unless it was asked last. Raises BadRecipe where it cannot be asked that."""
        question.check()
        seed = question.seed if question.weights == "random" else None
        opened = type(question), question.model, question.weights, seed
        if self._model is None or opened != self._opened:
            self._opened = self._model = None  # two models at once may be more than fits
            self._model, self._opened = open(), opened
        return cast(Model, self._model)
