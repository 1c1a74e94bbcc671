"""Where the classifier looks: from hidden states of every position to one vector a text."""

import torch
from torch import Tensor

from core.recipe import READS_PADS

ONE_ROW = ("last_real", "last_pad", "first")  # readouts that look at a single position


def position(readout: str, lengths: Tensor, width: int) -> Tensor:
    """The one position of each text that is read, (B,) int64, for a readout in ONE_ROW.

    `lengths` (B,) counts real tokens, `width` is the padded length.
    """
    match readout:
        case "last_real":
            return lengths - 1
        case "last_pad":
            return torch.full_like(lengths, width - 1)
        case "first":
            return torch.zeros_like(lengths)
    raise ValueError(f"{readout!r} is no readout of one position")


def read(readout: str, lengths: Tensor, width: int) -> Tensor:
    """How many of the first positions count as text, (B,) int64: of some readouts all, pads too."""
    return torch.full_like(lengths, width) if readout in READS_PADS else lengths


def mean(h: Tensor, n: Tensor) -> Tensor:
    """Mean over the first `n` (B,) positions: (B, T, D) -> (B, D)."""
    counted = (torch.arange(h.shape[1], device=h.device) < n[:, None]).to(h.dtype)  # (B, T)
    return torch.einsum("btd,bt->bd", h, counted) / n[:, None].to(h.dtype)
