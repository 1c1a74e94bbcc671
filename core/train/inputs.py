"""What a learning step starts from: the frozen prefix's output for a batch, computed now or kept from before."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from core.data.batches import Batch
from core.model.classifier import Classifier
from core.recipe import Recipe
from core.runs.result import CacheResult
from core.train.layout import Layout
from core.train.positions import CutShort, Positions
from core.train.texts import Texts

CUT = (
    "The file of the encoded texts was cut short by something else. From here on every step runs the frozen layers "
    "again."
)
REMEMBERED = 128e6  # bytes: of GPT-2 small 41,000 tokens


class Inputs(Protocol):
    """`depth` is where the suffix begins."""

    texts: Texts
    depth: int

    @property
    def cache(self) -> CacheResult | None:
        """What the prefix cache cost and saved so far."""
        ...

    def note(self) -> str:
        """What has gone wrong since it was last asked; mostly nothing."""
        ...

    def batch(self, split: str, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """What the suffix reads (B, S, D), lengths (B,), labels (B,), for rows that count within the split."""
        ...


class Fresh:
    """Runs the prefix for every batch; where the embeddings learn, there is none and gradients reach them."""

    cache: CacheResult | None = None

    def __init__(self, model: Classifier, texts: Texts, depth: int | None, device: str):
        self.model, self.texts, self.depth, self.device = model, texts, depth or 0, device
        self._learns = depth is None

    def note(self) -> str:
        return ""

    def batch(self, split: str, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        ids, lengths, labels = self.texts.batch(split, batch, self.device)
        with torch.set_grad_enabled(self._learns and torch.is_grad_enabled()):
            segments = self.texts.segments_of(self.texts.splits[split][batch.rows], batch.width, self.device)
            h = self.model.prefix(ids, lengths, self.depth, segments)
        return h, lengths, labels


class Remembering(Fresh):
    """Keeps what the prefix gave for a batch, for who asks for the same batch again while the prefix is the same.

    It keeps so many bytes at `most`; for other batches it runs the prefix each time.
    """

    def __init__(self, model: Classifier, texts: Texts, depth: int, device: str, most: float):
        super().__init__(model, texts, depth, device)
        self._kept: dict[tuple[str, bytes], Tensor] = {}
        self._room = most

    def batch(self, split: str, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        key = split, batch.rows.tobytes()
        if key in self._kept:
            _, lengths, labels = self.texts.batch(split, batch, self.device)
            return self._kept[key], lengths, labels
        h, lengths, labels = super().batch(split, batch)
        if h.nbytes <= self._room:
            self._kept[key] = h
            self._room -= h.nbytes
        return h, lengths, labels


def of_tests(model: Classifier, texts: Texts, recipe: Recipe) -> Fresh:
    """What gives the test texts to the probe and, in the end, to the test of a recipe that leaves nothing open.

    The way through the frozen layers is the same for both, where both go it in fp32, and is then gone once.
    """
    depth = recipe.plan.depth or 0
    if depth and recipe.speed.precision == "fp32" and recipe.data.probe == "on":
        return Remembering(model, texts, depth, recipe.speed.device, REMEMBERED)
    return Fresh(model, texts, 0, recipe.speed.device)


class Cached:
    """Reads from `hidden` (positions, D), bf16 or the model's own type, with each text where the layout says.

    `cost` is seconds that the prefix takes for all of its texts, `spent` those that were spent on it now. Where what it
    reads from is cut short, `fresh` gives this batch and all that follow.
    """

    def __init__(
        self,
        hidden: Tensor | Positions,
        layout: Layout,
        fresh: Fresh,
        cost: float = 0.0,
        spent: float = 0.0,
    ):
        self.hidden, self.layout, self._fresh = hidden, layout, fresh
        self.texts, self.depth, self.device = fresh.texts, fresh.depth, fresh.device
        self._cut, self._note = False, ""
        self._cost, self._spent, self._served = cost, spent, 0

    @property
    def cache(self) -> CacheResult:
        saved = self._cost / self.layout.texts * self._served - self._spent
        return CacheResult(self.depth, self.layout.texts, self.hidden.nbytes, self._cost, self._spent, saved)

    def note(self) -> str:
        said, self._note = self._note, ""
        return said

    def batch(self, split: str, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        rows = self.texts.splits[split][batch.rows]
        if not self._cut:
            try:
                h = self._kept(self.layout.starts[rows], self.layout.counts[rows]).to(self.device)
            except CutShort:
                self._cut, self._note = True, CUT
        if self._cut:
            return self._fresh.batch(split, batch)
        self._served += len(rows)
        h = h.float() if h.dtype == torch.bfloat16 else h
        lengths, labels = self.texts.lengths[rows], self.texts.labels[rows]
        return h, torch.from_numpy(lengths).to(self.device), torch.from_numpy(labels).to(self.device)

    def _kept(self, starts: np.ndarray, counts: np.ndarray) -> Tensor:
        """(B, S, D). Nothing looks beyond a text's own positions, so that any may stand there: its last one does."""
        if isinstance(self.hidden, Positions):
            return self.hidden.texts(starts, counts)
        at = starts[:, None] + np.minimum(np.arange(counts.max()), counts[:, None] - 1)  # (B, S)
        return self.hidden[torch.from_numpy(at)]
