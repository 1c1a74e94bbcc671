"""Asking an encoder before it is made a classifier: it guesses the words that are left out of a text."""

import re
import time

import torch

from core.architectures.lookup import preset_of, short_name
from core.errors import BadModel, WorkbenchError
from core.evaluate.question import GAP, Guess, MaskedQuestion, Word
from core.evaluate.untouched import opened
from core.files import Progress
from core.model.masked import MaskedModel
from core.text.lookup import tokenizer_of
from core.text.tokenizer import well_formed
from core.text.tokenizer_json import JsonTokenizer


class MaskedWords:
    """An encoder with its untouched weights, on the CPU in fp32."""

    def __init__(self, model: MaskedModel, tokenizer: JsonTokenizer, weights: str):
        self._model, self._tokenizer, self.weights = model, tokenizer, weights

    @classmethod
    def open(cls, question: MaskedQuestion, progress: Progress) -> "MaskedWords":
        """Load, fetch or draw the weights that a question is asked of. Raises BadModel with what to do."""
        preset, name = preset_of(question.model), short_name(question.model)
        another = "Choose another model, such as bert."
        if preset.architecture.masked_head is None:
            raise BadModel(f"{name} guesses no masked words.", another)
        no_head = BadModel(
            f"The weights of {name} hold no head that guesses masked words: it was left out when they were saved.",
            another,
        )
        model, kind = opened(MaskedModel, preset, question, no_head, progress)
        tokenizer = tokenizer_of(preset, question.weights)  # which may have been fetched with the weights
        if not isinstance(tokenizer, JsonTokenizer) or tokenizer.mask is None:
            raise BadModel(f"The tokenizer of {name} has no token that masks a word.", another)
        return cls(model, tokenizer, kind)

    @torch.inference_mode()
    def answer(self, question: MaskedQuestion) -> Guess:
        """The words for every gap: `___` or longer, or the model's own mask token.

        Raises WorkbenchError where the text has no gap, or is longer than what the model reads.
        """
        began, tokenizer, context = time.perf_counter(), self._tokenizer, self._model.backbone.arch.max_tokens
        text, mask = well_formed(question.text), str(tokenizer.mask)
        parts = re.split(rf"_{{{len(GAP)},}}|{re.escape(mask)}", text)
        if len(parts) == 1:
            raise WorkbenchError("The text has no gap to guess a word for.", f"Mark one with {GAP} or {mask}.")
        ids = torch.from_numpy(tokenizer.encode_masked(mask.join(parts)).ids).long()
        if len(ids) > context:
            raise WorkbenchError(
                f"The text is {len(ids):,} tokens long; {short_name(question.model)} reads {context:,}.", "Shorten it."
            )
        at = ids == tokenizer.specials[mask]
        shares = self._model.logits(self._model.hidden(ids[None])[0, at]).softmax(-1)  # (gaps, V)
        # the embeddings may have rows that no token has
        best = shares[:, : tokenizer.vocab].topk(min(question.top_k, tokenizer.vocab))
        gaps = [
            [Word(tokenizer.name_of(id), share) for id, share in zip(ids, shares, strict=True)]
            for ids, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
        return Guess(text, parts, gaps, time.perf_counter() - began, self.weights)
