"""Rotary positions: queries and keys are turned by their places, so that a product of two tells how far apart they are.

Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding". Shapes: T tokens, d size of a head.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def angles(
    places: Tensor, theta: float, head_dim: int, scaled: Callable[[Tensor], Tensor] | None = None
) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angles at some places (T,) -> (T, d) each, in fp32, in which models are pretrained.

    `scaled` makes others of the frequencies (d / 2,).
    """
    pairs = torch.arange(0, head_dim, 2, device=places.device, dtype=torch.float32)
    frequencies = 1.0 / theta ** (pairs / head_dim)
    each = places[:, None].float() * (scaled(frequencies) if scaled else frequencies)  # (T, d / 2)
    both = torch.cat([each, each], dim=-1)
    return both.cos(), both.sin()


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Queries or keys (..., T, d) turned by angles (T, d), of which the second half of d repeats the first."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin
