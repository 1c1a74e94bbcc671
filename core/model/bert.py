"""BERT's transformer in plain PyTorch, and that of what has its shape (Devlin et al. 2019, "BERT: Pre-training of Deep
Bidirectional Transformers"): RoBERTa, XLM-RoBERTa, DistilBERT.

Shapes: B texts, T tokens, D width, H heads. Query, key and value are one matrix here, three in published files.
"""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.architecture import Architecture
from core.architectures.bert import BertArchitecture
from core.model.attention import attend_from
from core.model.backbone import Backbone, Context
from core.model.linear import Linear


class Layer(nn.Module):
    """A block that ends in a norm, as do its two halves: norm(h + attention(h)), norm(h + mlp(h))."""

    def __init__(self, arch: BertArchitecture):
        super().__init__()
        self.n_heads = arch.n_heads
        self.qkv = Linear(arch.width, 3 * arch.width, "query", "key", "value")
        self.out = Linear(arch.width, arch.width, "out")
        self.norm_1 = nn.LayerNorm(arch.width, eps=arch.epsilon)
        self.up = Linear(arch.width, arch.inner, "up")
        self.down = Linear(arch.inner, arch.width, "down")
        self.norm_2 = nn.LayerNorm(arch.width, eps=arch.epsilon)

    def forward(self, h: Tensor, seen: Tensor, rows: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D); with `rows` (B,), only that position of each text -> (B, 1, D).

        `seen` (B, T), bool, is what every position of a text attends to.
        """
        if rows is None:
            return self._second(self.norm_1(h + self.out(self._attend(h, seen))))
        each = torch.arange(len(h), device=h.device)
        # where adapters drop inputs each position is on its own, before anything is summed up
        alone = self.qkv.drops
        y = self._attend(h, seen)[each, rows] if alone else attend_from(self.qkv, h, rows, self.n_heads, seen)
        return self._second(self.norm_1(h[each, rows] + self.out(y))[:, None])

    def _attend(self, h: Tensor, seen: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D), before the last product."""
        B, T, D = h.shape
        q, k, v = self.qkv(h).view(B, T, 3, self.n_heads, D // self.n_heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, seen[:, None, None])  # (B, H, T, D / H)
        return y.transpose(1, 2).reshape(B, T, D)

    def _second(self, h: Tensor) -> Tensor:
        """The block's second half, (..., D) -> (..., D)."""
        return self.norm_2(h + self.down(self.up(h, gelu="none")))


class Bert(Backbone):
    """Every token sees all of its text, whatever `causal` says: it was pretrained so."""

    def __init__(self, arch: Architecture, causal: bool = False):
        super().__init__(arch, causal)
        self.shape = arch = cast(BertArchitecture, arch)
        self.tokens = nn.Embedding(arch.vocab, arch.width)
        self.positions = nn.Embedding(arch.first_position + arch.max_tokens, arch.width)
        self.segments = nn.Embedding(arch.n_segments, arch.width) if arch.n_segments else None
        self.norm_0 = nn.LayerNorm(arch.width, eps=arch.epsilon)
        self.layers = nn.ModuleList(Layer(arch) for _ in range(arch.n_blocks))

    @property
    def blocks(self) -> nn.ModuleList:
        return self.layers

    @property
    def token_table(self) -> Tensor:
        return self.tokens.weight

    @property
    def tables(self) -> list[Tensor]:
        more = [self.segments.weight] if self.segments else []
        return [self.tokens.weight, self.positions.weight, *more]

    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        first = self.shape.first_position + start
        h = self.tokens(ids) + self.positions.weight[first : first + ids.shape[1]]
        if self.segments is not None:
            h = h + (self.segments.weight[0] if segments is None else self.segments(segments))
        return self.norm_0(h)

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        """What is seen: (B, n_tokens), bool."""
        return torch.arange(n_tokens, device=lengths.device) < lengths[:, None]

    def block(
        self, i: int, h: Tensor, context: Context, rows: Tensor | None = None, cache: Tensor | None = None
    ) -> Tensor:
        return self.layers[i](h, context, rows)

    def norm(self, h: Tensor) -> Tensor:
        return h

    def part_of(self, name: str) -> str:
        match name.split("."):
            case ["layers", i, *rest]:
                return f"lora.{i}" if "lora" in rest else f"blocks.{i}"
        return "embeddings"

    def is_attention(self, name: str) -> bool:
        return any(f".{part}." in name for part in ("qkv", "out", "norm_1"))

    def initialize(self, generator: torch.Generator) -> None:
        """Random weights as BERT's were: N(0, 0.02)."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif "norm_" in name:
                nn.init.ones_(parameter)
            else:
                nn.init.normal_(parameter, std=0.02, generator=generator)
