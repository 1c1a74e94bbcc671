"""What every family's transformer can do. Nothing outside a family's own two files knows the names of its tensors.

Shapes: B texts, T tokens, D width.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from core.architectures.architecture import Architecture

Context = Any  # what all blocks need to know of a batch, as its family makes it; None where that is nothing


class Backbone(nn.Module, ABC):
    """The pretrained transformer without its language-model head: embeddings, blocks and final norm."""

    def __init__(self, arch: Architecture, causal: bool):
        super().__init__()
        self.arch, self.causal = arch, causal

    @property
    @abstractmethod
    def blocks(self) -> nn.ModuleList: ...

    @property
    @abstractmethod
    def token_table(self) -> Tensor:
        """The embeddings of tokens (V, D)."""

    @property
    @abstractmethod
    def tables(self) -> list[Tensor]:
        """Every table of embeddings, that of tokens first."""

    @abstractmethod
    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        """Token ids (B, T), int64, the first of them at position `start` -> (B, T, D).

        `segments` (B, T) says which part of its text each token belongs to; None where there is one part only.
        """

    @abstractmethod
    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        """What blocks need to know of a batch of `n_tokens` positions: masks and the like, once for all of them.

        The first `lengths` (B,) positions of each text count as text. Those from `start` on go through the blocks.
        """

    @abstractmethod
    def block(
        self, i: int, h: Tensor, context: Context, rows: Tensor | None = None, cache: Tensor | None = None
    ) -> Tensor:
        """Block `i`: (B, T, D) -> (B, T, D).

        With `rows` (B,), only that position of each text -> (B, 1, D). With `cache` (2, B, heads, S, head_dim), keys
        and values of S positions, T of which are new: theirs are written to its end, and all are attended to.
        """

    @abstractmethod
    def norm(self, h: Tensor) -> Tensor:
        """The final norm, (..., D) -> (..., D); nothing where blocks end in a norm."""

    @abstractmethod
    def part_of(self, name: str) -> str:
        """The part of the freeze plan that a parameter belongs to."""

    @abstractmethod
    def is_attention(self, name: str) -> bool:
        """Whether a block's parameter belongs to its attention, and not to its MLP."""

    @abstractmethod
    def initialize(self, generator: torch.Generator) -> None:
        """Draw random weights, as the family's were before pretraining."""

    def group_of(self, name: str) -> str:
        """The line of the chart of changes that a parameter belongs to: its part; of a block, attention or MLP."""
        part = self.part_of(name)
        if not part.startswith("blocks."):
            return part
        return f"{part}.attn" if self.is_attention(name) else f"{part}.mlp"
