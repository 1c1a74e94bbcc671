"""What a model is asked before it is made a classifier: to go on with a text, or to guess masked words. No torch."""

import math
from collections.abc import Iterator

import msgspec

from core.architectures.lookup import preset_of, short_name
from core.errors import BadModel, BadRecipe, Problem

# all three as in the book
BEGINNING = "Every effort moves you"
EXAMPLE = "You are a winner you have been specially selected to receive $1000 cash or a $2000 award."
IS_IT_SPAM = "Is the following text 'spam'? Answer with 'yes' or 'no': '{}'"

GAP = "___"  # or a longer line
WITH_A_GAP = f"Paris is the {GAP} of France."


ENDED = {"tokens": "", "text": "; it ended the text there", "context": "; its context is full"}
RANDOM = "These weights are random: it can only produce nonsense."
RANDOM_GUESS = "These weights are random: it guesses by chance."


def guesses_words(model: str) -> bool:
    """Whether a model guesses masked words and does not go on with a text. A model that is not known does not."""
    try:
        return not preset_of(model).architecture.causal
    except BadModel:  # said by `check`
        return False


class Asked(msgspec.Struct, frozen=True):
    """What every question has. `weights` as in a recipe; `seed` decides random ones, and whatever else is drawn."""

    model: str
    text: str
    weights: str = "pretrained"
    seed: int = 123

    def check(self) -> None:
        """Raises BadRecipe where a model cannot be asked this."""
        problems = list(self._problems())
        if problems:
            raise BadRecipe(problems)

    def _problems(self) -> Iterator[Problem]:
        try:
            preset_of(self.model)
        except BadModel as error:
            yield Problem("model", error.what, error.do)
        if not 0 <= self.seed < 2**32:
            yield Problem("seed", f"{self.seed} is no seed.", "Take one from 0 to 4294967295.")


class Question(Asked, frozen=True):
    """To go on with a text, for at most so many `tokens`."""

    tokens: int = 25
    temperature: float = 0.0
    top_k: int | None = None

    def _problems(self) -> Iterator[Problem]:
        yield from super()._problems()
        if guesses_words(self.model):
            what = f"{short_name(self.model)} does not continue texts: it guesses masked words."
            yield Problem(
                "model", what, f"Mark a gap with {GAP}, or choose a model that continues texts, such as gpt2."
            )
        if self.tokens < 1:
            yield Problem("tokens", f"{self.tokens} is not a number of tokens.", "Ask for one or more.")
        if not 0 <= self.temperature < math.inf:
            do = "0 is greedy; 1 draws as the model says."
            yield Problem("temperature", f"{self.temperature} is no temperature.", do)
        if self.top_k is not None and self.top_k < 1:
            do = "Take 1 or more, or leave it out."
            yield Problem("top-k", f"nothing can be drawn from {self.top_k} tokens.", do)


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


class MaskedQuestion(Asked, frozen=True):
    """To guess what stands in each gap of a text: `top_k` words for each."""

    top_k: int = 5

    def _problems(self) -> Iterator[Problem]:
        yield from super()._problems()
        if self.top_k < 1:
            yield Problem("top-k", f"{self.top_k} is not a number of words.", "Ask for one or more.")


class Word(msgspec.Struct, frozen=True):
    """A token as it is named to a person, and how likely it is to stand in a gap."""

    word: str
    probability: float


class Guess(msgspec.Struct, frozen=True):
    """For each gap its likeliest words, the likeliest first. `parts` of the text stand around the gaps, one more.

    Each gap is guessed with all others still masked. `seconds` and `weights` as in a Continuation.
    """

    text: str
    parts: list[str]
    gaps: list[list[Word]]
    seconds: float
    weights: str
