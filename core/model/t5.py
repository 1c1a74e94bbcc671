"""The encoder of a T5 in plain PyTorch (Raffel et al. 2020, "Exploring the Limits of Transfer Learning").

Norms come before what they feed, and take no mean. How far apart two tokens are adds to their score, by a table that
all blocks share: it belongs to the embeddings. Scores are not scaled. No layer has a bias.

Shapes: B texts, T tokens, D width, H heads, A width of all heads together.
"""

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.architecture import Architecture
from core.architectures.t5 import T5Architecture
from core.model.backbone import Backbone, Context
from core.model.linear import Linear


class Layer(nn.Module):
    """h + attention(norm(h)), then h + mlp(norm(h))."""

    def __init__(self, arch: T5Architecture):
        super().__init__()
        self.n_heads, self.gated = arch.n_heads, arch.gated
        self.norm_1 = nn.RMSNorm(arch.width, eps=arch.epsilon)
        self.query, self.key, self.value = (
            Linear(arch.width, arch.attended, name, bias=False) for name in ("query", "key", "value")
        )
        self.out = Linear(arch.attended, arch.width, "out", bias=False)
        self.norm_2 = nn.RMSNorm(arch.width, eps=arch.epsilon)
        stacked = ("gate", "up") if arch.gated else ("up",)
        self.up = Linear(arch.width, len(stacked) * arch.inner, *stacked, bias=False)
        self.down = Linear(arch.inner, arch.width, "down", bias=False)

    def forward(self, h: Tensor, scores: Tensor, rows: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D); with `rows` (B,), only that position of each text -> (B, 1, D).

        `scores` (B, H, T, T) is what is added to those of each query's keys.
        """
        n = self.norm_1(h)
        here = n
        if rows is not None:
            each = torch.arange(len(h), device=h.device)
            h, here, scores = h[each, rows][:, None], n[each, rows][:, None], scores[each, :, rows][:, :, None]
        q, k, v = (self._heads(part) for part in (self.query(here), self.key(n), self.value(n)))
        y = F.scaled_dot_product_attention(q, k, v, scores, scale=1.0)  # (B, H, T, A / H)
        h = h + self.out(y.transpose(1, 2).flatten(2))
        return h + self.down(self._activated(self.up(self.norm_2(h))))

    def _heads(self, x: Tensor) -> Tensor:
        """(B, T, A) -> (B, H, T, A / H)"""
        return x.unflatten(2, (self.n_heads, -1)).transpose(1, 2)

    def _activated(self, wide: Tensor) -> Tensor:
        if not self.gated:
            return F.relu(wide)
        gate, wide = wide.chunk(2, dim=-1)
        return F.gelu(gate, approximate="tanh") * wide


class T5(Backbone):
    """Every token sees all of its text, whatever `causal` says: it was pretrained so."""

    def __init__(self, arch: Architecture, causal: bool = False):
        super().__init__(arch, causal)
        self.shape = arch = cast(T5Architecture, arch)
        self.tokens = nn.Embedding(arch.vocab, arch.width)
        self.distances = nn.Embedding(arch.buckets, arch.n_heads)
        self.layers = nn.ModuleList(Layer(arch) for _ in range(arch.n_blocks))
        self.last = nn.RMSNorm(arch.width, eps=arch.epsilon)

    @property
    def blocks(self) -> nn.ModuleList:
        return self.layers

    @property
    def token_table(self) -> Tensor:
        return self.tokens.weight

    @property
    def tables(self) -> list[Tensor]:
        return [self.tokens.weight, self.distances.weight]

    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        # it knows no segments, and where a token stands adds to scores
        return self.tokens(ids)

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        """What is added to scores: (B, H, n_tokens, n_tokens), minus infinity where a position is not seen."""
        place = torch.arange(n_tokens, device=lengths.device)
        by_distance = self.distances(self._bucket(place - place[:, None])).permute(2, 0, 1)  # (H, T, T)
        hidden = (place >= lengths[:, None])[:, None, None]  # (B, 1, 1, T)
        return by_distance.masked_fill(hidden, -torch.inf)

    def _bucket(self, ahead: Tensor) -> Tensor:
        """The bucket of each distance, int64: half of a side's are for one distance each, wider ones follow."""
        side = self.shape.buckets // 2
        exact = side // 2
        far = ahead.abs()
        share = torch.log(far.clamp(min=1).float() / exact) / math.log(self.shape.distance / exact)
        wide = (exact + (share * (side - exact)).long()).clamp(max=side - 1)
        return torch.where(far < exact, far, wide) + side * (ahead > 0)

    def block(
        self, i: int, h: Tensor, context: Context, rows: Tensor | None = None, cache: Tensor | None = None
    ) -> Tensor:
        return self.layers[i](h, context, rows)

    def norm(self, h: Tensor) -> Tensor:
        return self.last(h)

    def part_of(self, name: str) -> str:
        match name.split("."):
            case ["layers", i, *rest]:
                return f"lora.{i}" if "lora" in rest else f"blocks.{i}"
            case ["last", *_]:
                return "norm"
        return "embeddings"

    def is_attention(self, name: str) -> bool:
        return any(f".{part}." in name for part in ("query", "key", "value", "out", "norm_1"))

    def initialize(self, generator: torch.Generator) -> None:
        """Random weights as T5's were: by the width of what goes into them, queries also by that of a head."""
        d, arch = self.arch.width, self.shape
        stds = {
            "tokens": 1.0,
            "query": (d * arch.head_dim) ** -0.5,
            "out": arch.attended**-0.5,
            "down": arch.inner**-0.5,
        }
        for name, parameter in self.named_parameters():
            if parameter.ndim == 1:
                nn.init.ones_(parameter)
            else:
                nn.init.normal_(parameter, std=stds.get(name.split(".")[-2], d**-0.5), generator=generator)
