"""The hidden states that a readout looks at, of a batch.

Shapes: B texts, T tokens, D width. `lengths` (B,) counts real tokens, `width` is the padded length.
"""

import torch
from torch import Tensor

from core.readout import Readout


def position(readout: Readout, lengths: Tensor, width: int) -> Tensor:
    """The one position of each text that is read, (B,) int64, where there is but one."""
    if readout.where == "first":
        return torch.zeros_like(lengths)
    return read(readout, lengths, width) - 1


def read(readout: Readout, lengths: Tensor, width: int) -> Tensor:
    """How many of the first positions count as text, (B,) int64: of some readouts all, pads too."""
    return torch.full_like(lengths, width) if readout.reads_pads else lengths


def mean(h: Tensor, n: Tensor) -> Tensor:
    """Mean over the first `n` (B,) positions: (B, T, D) -> (B, D)."""
    counted = (torch.arange(h.shape[1], device=h.device) < n[:, None]).to(h.dtype)  # (B, T)
    return torch.einsum("btd,bt->bd", h, counted) / n[:, None].to(h.dtype)
