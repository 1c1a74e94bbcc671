"""What a language model is asked before it is made a classifier: to go on with a text. No torch."""

import math
from collections.abc import Iterator

import msgspec

from core.architectures.models import MODELS
from core.errors import BadRecipe, Problem

# all three as in the book
BEGINNING = "Every effort moves you"
EXAMPLE = "You are a winner you have been specially selected to receive $1000 cash or a $2000 award."
IS_IT_SPAM = "Is the following text 'spam'? Answer with 'yes' or 'no': '{}'"


ENDED = {"tokens": "", "text": "; it ended the text there", "context": "; its context is full"}
RANDOM = "These weights are random: it can only babble."


class Question(msgspec.Struct, frozen=True):
    """`weights` as in a recipe; `tokens` at most. `seed` decides what is drawn, and random weights."""

    model: str
    text: str
    weights: str = "pretrained"
    tokens: int = 25
    temperature: float = 0.0
    top_k: int | None = None
    seed: int = 123

    def check(self) -> None:
        """Raises BadRecipe where a model cannot be asked this."""
        problems = list(self._problems())
        if problems:
            raise BadRecipe(problems)

    def _problems(self) -> Iterator[Problem]:
        if self.model not in MODELS:
            yield Problem("model", f"there is no model {self.model}.", f"There are {', '.join(MODELS)}.")
        if self.tokens < 1:
            yield Problem("tokens", f"{self.tokens} is not a number of tokens.", "Ask for one or more.")
        if not 0 <= self.temperature < math.inf:
            do = "0 is greedy; 1 draws as the model says."
            yield Problem("temperature", f"{self.temperature} is no temperature.", do)
        if self.top_k is not None and self.top_k < 1:
            do = "Take 1 or more, or leave it out."
            yield Problem("top-k", f"nothing can be drawn from {self.top_k} tokens.", do)
        if not 0 <= self.seed < 2**32:
            yield Problem("seed", f"{self.seed} is no seed.", "Take one from 0 to 4294967295.")


class Continuation(msgspec.Struct, frozen=True):
    """`seconds` without loading; `weights` is what they were: built in, pretrained, folder or random.

    `ended` says why it did: `tokens` (as many as were asked for), `text` (the model ended it), `context` (it is full).
    """

    text: str
    continuation: str
    tokens: int
    seconds: float
    weights: str
    ended: str
