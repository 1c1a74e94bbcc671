"""From token ids of differing length to one rectangle."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def pad(
    ids: Sequence[np.ndarray], width: int, pad_id: int, device: str | torch.device = "cpu"
) -> tuple[Tensor, Tensor]:
    """B texts -> token ids (B, width) int64, padded on the right, and lengths (B,) int64."""
    rectangle = np.full((len(ids), width), pad_id, dtype=np.int64)
    for row, text in zip(rectangle, ids, strict=True):
        row[: len(text)] = text
    lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
    return torch.from_numpy(rectangle).to(device), torch.from_numpy(lengths).to(device)


def pad_segments(
    segments: Sequence[np.ndarray | None], width: int, device: str | torch.device = "cpu"
) -> Tensor | None:
    """Which part of its text each token of B texts belongs to, (B, width) int64, pads to the first; None where no text
    has a second.
    """
    if all(one is None for one in segments):
        return None
    rectangle = np.zeros((len(segments), width), dtype=np.int64)
    for row, text in zip(rectangle, segments, strict=True):
        if text is not None:
            row[: len(text)] = text
    return torch.from_numpy(rectangle).to(device)
