"""Asking a language model before it is made a classifier: it goes on with a text."""

import time
from codecs import getincrementaldecoder
from collections.abc import Iterator
from itertools import islice

from core.architectures.lookup import preset_of, short_name
from core.errors import BadModel, WorkbenchError
from core.evaluate.question import Continuation, Question
from core.evaluate.untouched import opened
from core.files import Progress
from core.model.generate import continued
from core.model.language import LanguageModel
from core.text.lookup import tokenizer_of
from core.text.tokenizer import Tokenizer, well_formed


class Pretrained:
    """A language model with its untouched weights, on the CPU in fp32."""

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, weights: str):
        self._model, self._tokenizer, self.weights = model, tokenizer, weights

    @classmethod
    def open(cls, question: Question, progress: Progress) -> "Pretrained":
        """Load, fetch or draw the weights that a question is asked of. Raises BadModel with what to do."""
        preset = preset_of(question.model)
        no_head = BadModel(
            f"The weights of {short_name(question.model)} hold no output layer, which makes tokens of hidden states: "
            "it was left out when they were saved.",
            "Choose another model.",
        )
        model, kind = opened(LanguageModel, preset, question, no_head, progress)
        return cls(model, tokenizer_of(preset, question.weights), kind)  # which may have been fetched with the weights

    def answer(self, question: Question) -> Iterator[Continuation]:
        """The answer as it grows, after every token and once at its end; no character is ever half there.

        An empty text is read as one end-of-text token. Raises WorkbenchError where the text leaves no room.
        """
        began, context = time.perf_counter(), self._model.backbone.arch.max_tokens
        text = well_formed(question.text)
        ids = self._tokenizer.encode(text).ids.tolist() or [self._tokenizer.pad]
        if len(ids) >= context:
            raise WorkbenchError(
                f"The text is {len(ids):,} tokens long; {question.model} holds {context:,} in all.", "Shorten it."
            )
        tokens = continued(
            self._model,
            ids,
            temperature=question.temperature,
            top_k=question.top_k,
            seed=question.seed,
            stop=self._tokenizer.pad,
        )
        decoder, said, n = getincrementaldecoder("utf-8")("replace"), "", 0
        for token in islice(tokens, question.tokens):
            (piece,) = self._tokenizer.bytes_of([token])
            said, n = said + decoder.decode(piece), n + 1
            yield Continuation(text, said, n, time.perf_counter() - began, self.weights, "")
        said += decoder.decode(b"", final=True)
        ended = "tokens" if n == question.tokens else "context" if len(ids) + n == context else "text"
        yield Continuation(text, said, n, time.perf_counter() - began, self.weights, ended)
