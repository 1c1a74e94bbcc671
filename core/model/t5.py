"""The encoder of a T5 in plain PyTorch (Raffel et al. 2020, "Exploring the Limits of Transfer Learning").

Norms come before what they feed, and take no mean. How far apart two tokens are adds to their score, by a table that
all blocks share: it belongs to the embeddings. Scores are not scaled. No layer has a bias.

Shapes: B texts, T tokens, D width, H heads, A width of all heads together.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.t5 import T5Architecture
from core.model.attention import at, heads, is_text
from core.model.backbone import Backbone, Context, table
from core.model.linear import Linear


class Layer(nn.Module):
    """h + attention(norm(h)), then h + mlp(norm(h))."""

    def __init__(self, arch: T5Architecture):
        super().__init__()
        self.head_dim, self.gated = arch.head_dim, arch.gated
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
            h, here = at(h, rows), at(n, rows)
            scores = at(scores.transpose(1, 2), rows).transpose(1, 2)  # (B, H, 1, T)
        q, k, v = (heads(part, self.head_dim) for part in (self.query(here), self.key(n), self.value(n)))
        y = F.scaled_dot_product_attention(q, k, v, scores, scale=1.0)  # (B, H, T, A / H)
        h = h + self.out(y.transpose(1, 2).flatten(2))
        return h + self.down(self._activated(self.up(self.norm_2(h))))

    def _activated(self, wide: Tensor) -> Tensor:
        if not self.gated:
            return F.relu(wide)
        gate, wide = wide.chunk(2, dim=-1)
        return F.gelu(gate, approximate="tanh") * wide


class T5(Backbone):
    """Every token sees all of its text, whatever `causal` says: it was pretrained so."""

    arch: T5Architecture
    final = "last"

    def __init__(self, arch: T5Architecture, causal: bool = False):
        super().__init__(arch, causal)
        self.tokens = table(arch.vocab, arch.width)
        self.distances = table(arch.buckets, arch.n_heads)
        self.layers = nn.ModuleList(Layer(arch) for _ in range(arch.n_blocks))
        self.last = nn.RMSNorm(arch.width, eps=arch.epsilon)

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        """What is added to scores: (B, H, n_tokens, n_tokens), minus infinity where a position is not seen."""
        place = torch.arange(n_tokens, device=lengths.device)
        by_distance = self.distances(self._bucket(place - place[:, None])).permute(2, 0, 1)  # (H, T, T)
        hidden = ~is_text(lengths, n_tokens)[:, None, None]  # (B, 1, 1, T)
        return by_distance.masked_fill(hidden, -torch.inf)

    def _bucket(self, ahead: Tensor) -> Tensor:
        """The bucket of each distance, int64: half of a side's are for one distance each, wider ones follow."""
        side = self.arch.buckets // 2
        exact = side // 2
        far = ahead.abs()
        share = torch.log(far.clamp(min=1).float() / exact) / math.log(self.arch.distance / exact)
        wide = (exact + (share * (side - exact)).long()).clamp(max=side - 1)
        return torch.where(far < exact, far, wide) + side * (ahead > 0)

    def draw(self, name: str, matrix: Tensor, generator: torch.Generator) -> None:
        # by the width of what goes into it, queries also by that of a head
        d, arch = self.arch.width, self.arch
        stds = {
            "tokens": 1.0,
            "query": (d * arch.head_dim) ** -0.5,
            "out": arch.attended**-0.5,
            "down": arch.inner**-0.5,
        }
        nn.init.normal_(matrix, std=stds.get(name.split(".")[-2], d**-0.5), generator=generator)
