"""The texts of a run as the model sees them: token ids, cut to the context, with labels and splits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.data.batches import Batch
from core.model.padding import pad, pad_segments


@dataclass
class Texts:
    """N encoded texts."""

    ids: list[np.ndarray]  # N arrays, none empty, none longer than the context
    labels: np.ndarray  # (N,) int64
    splits: dict[str, np.ndarray]  # train, validation, test -> which of the N, in stored order
    pad_id: int
    context: int
    followed: Sequence[np.ndarray] = ()  # ids of texts of the person's own, in no split
    # (T,) of each text, and of each that is followed, as `Encoding` has them; empty where no text is a pair
    segments: Sequence[np.ndarray | None] = ()
    followed_segments: Sequence[np.ndarray | None] = ()

    def __post_init__(self) -> None:
        self.lengths = np.fromiter(map(len, self.ids), dtype=np.int64, count=len(self.ids))

    @property
    def split_lengths(self) -> dict[str, np.ndarray]:
        return {split: self.lengths[rows] for split, rows in self.splits.items()}

    def batch(self, split: str, batch: Batch, device: str) -> tuple[Tensor, Tensor, Tensor]:
        """ids (B, T), lengths (B,), labels (B,) of a batch whose rows count within the split."""
        rows = self.splits[split][batch.rows]
        ids, lengths = pad([self.ids[i] for i in rows], batch.width, self.pad_id, device)
        return ids, lengths, torch.from_numpy(self.labels[rows]).to(device)

    def segments_of(self, rows: np.ndarray, width: int, device: str | torch.device) -> Tensor | None:
        """Which part of its text each token of some texts (B,) belongs to, (B, width); None where no text is a pair."""
        return pad_segments([self.segments[i] for i in rows], width, device) if self.segments else None
