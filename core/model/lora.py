"""LoRA: thin matrices beside frozen ones (Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models")."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Adapter(nn.Module):
    """What learns beside one frozen matrix (out, in): `scale` * b @ a, nothing at first, because b begins at zero."""

    def __init__(self, shape: tuple[int, int], rank: int, scale: float, dropout: float, generator: torch.Generator):
        super().__init__()
        n_out, n_in = shape
        self.a = nn.Parameter(torch.empty(rank, n_in))
        self.b = nn.Parameter(torch.zeros(n_out, rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5), generator=generator)  # as PyTorch begins a linear layer
        self.scale, self.dropout = scale, nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """What it adds to the matrix's product: (..., in) -> (..., out)."""
        return self.scale * F.linear(F.linear(self.dropout(x), self.a), self.b)

    def product(self) -> Tensor:
        """What it adds to the matrix: (out, in)."""
        return self.scale * (self.b @ self.a)

    @property
    def drops(self) -> bool:
        """Whether it leaves out inputs now, so that adding `product` would not be the same."""
        return self.training and self.dropout.p > 0


@contextmanager
def dropping(model: nn.Module, seed: list[int]) -> Iterator[None]:
    """Let adapters that learn leave out inputs, which ones depending on nothing but the seed. Nothing else does."""
    adapters = [module for module in model.modules() if isinstance(module, Adapter) and module.a.requires_grad]
    if not any(adapter.dropout.p for adapter in adapters):
        yield
        return
    with torch.random.fork_rng():
        torch.manual_seed(int(np.random.default_rng(seed).integers(2**63)))
        for adapter in adapters:
            adapter.train()
        try:
            yield
        finally:
            model.eval()
