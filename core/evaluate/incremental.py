"""The verdict on a text while it is typed: only the tokens that a key has changed go through the model.

Shapes: T tokens of the text, D width, C classes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from core.model.classifier import Classifier
from core.model.kv_cache import KVCache
from core.model.linear import multiply_in


class IncrementalClassifier:
    """Remembers keys, values and verdicts of the text it was asked last, and goes on from where the next one differs.

    In a causal model a position sees only what stands before it. So what was computed for an unchanged beginning
    holds, and where the last real token is read out, or the mean of all up to it, every position has the verdict on
    the text that ends there. For no other readout, and no other mask. On the CPU, in fp32; the weights must not change.
    """

    def __init__(self, model: Classifier):
        if not model.readout.answers_everywhere(model.causal):
            raise ValueError(
                f"with the readout {model.readout.name}, causal {model.causal}, a position holds no verdict"
            )
        multiply_in(model, "fp32")
        self._classify, self._past = model.classify, KVCache(model.backbone)
        self._means = model.readout.where == "mean"
        self._ids: list[int] = []
        table = model.backbone.token_table
        self._sums = table.new_empty(0, table.shape[1])  # (T, D): of the states up to each position, for their mean
        self._probabilities = table.new_empty(0, model.n_classes)

    @torch.no_grad()
    def verdicts(self, ids: Sequence[int]) -> Tensor:
        """Token ids, 1 to the model's context of them -> probabilities (T, C) had the text ended at each."""
        ids = list(ids)
        known = _common(self._ids, ids)
        # until the new ones are through, nothing after the common beginning is true
        self._ids, self._probabilities, self._sums = ids[:known], self._probabilities[:known], self._sums[:known]
        if known < len(ids):
            h = self._past.read(torch.tensor(ids[known:]), known)
            h = self._mean(h) if self._means else h
            self._ids, self._probabilities = ids, torch.cat([self._probabilities, self._classify(h).softmax(dim=1)])
        return self._probabilities

    def _mean(self, h: Tensor) -> Tensor:
        """Mean of all states up to each of those that were added (S, D), which are then remembered -> (S, D)."""
        known = len(self._sums)
        before = self._sums[-1:] if known else torch.zeros_like(h[:1])
        self._sums = torch.cat([self._sums, before + h.cumsum(dim=0)])
        return self._sums[known:] / torch.arange(known + 1, len(self._sums) + 1)[:, None]


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """How many leading ids two texts share."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
