"""ModernBERT's transformer in plain PyTorch (Warner et al. 2024, "Smarter, Better, Faster, Longer").

Norms come before what they feed. Positions are turned into queries and keys (Su et al. 2021, "RoFormer"), no table has
them; in most blocks a token sees only those near it; and in the MLP one half of the wide layer is a gate for the other
(Shazeer 2020, "GLU Variants Improve Transformer"). No layer has a bias.

Shapes: B texts, T tokens, D width, H heads.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.modernbert import ModernBertArchitecture
from core.model.attention import at, heads, is_text
from core.model.backbone import Backbone, Context, table
from core.model.linear import Linear
from core.model.rotary import angles, turned


class Sight(NamedTuple):
    """What the blocks of one kind need to know of a batch."""

    seen: Tensor  # which positions each attends to, bool, as it broadcasts to (B, H, T, T)
    cos: Tensor  # of its angles, (T, D / H)
    sin: Tensor


class Layer(nn.Module):
    """h + attention(norm(h)), then h + mlp(norm(h)). Of the first block what it is given was normalized before."""

    def __init__(self, arch: ModernBertArchitecture, first: bool):
        super().__init__()
        self.head_dim = arch.head_dim
        self.norm_1 = nn.Identity() if first else nn.LayerNorm(arch.width, eps=arch.epsilon, bias=False)
        self.qkv = Linear(arch.width, 3 * arch.width, "query", "key", "value", bias=False)
        self.out = Linear(arch.width, arch.width, "out", bias=False)
        self.norm_2 = nn.LayerNorm(arch.width, eps=arch.epsilon, bias=False)
        self.up = Linear(arch.width, 2 * arch.inner, "gate", "up", bias=False)
        self.down = Linear(arch.inner, arch.width, "down", bias=False)

    def forward(self, h: Tensor, sight: Sight, rows: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D); with `rows` (B,), only that position of each text -> (B, 1, D)."""
        more = self._attend(self.norm_1(h), sight, rows)
        h = (h if rows is None else at(h, rows)) + self.out(more)
        gate, wide = self.up(self.norm_2(h)).chunk(2, dim=-1)
        return h + self.down(F.gelu(gate) * wide)

    def _attend(self, n: Tensor, sight: Sight, rows: Tensor | None) -> Tensor:
        """(B, T, D) -> (B, T, D) or (B, 1, D), before the last product."""
        seen, cos, sin = sight
        if rows is None:
            q, k, v = (heads(part, self.head_dim) for part in self.qkv(n).chunk(3, dim=2))
            q = turned(q, cos, sin)
        else:  # of the others only keys and values are needed
            k, v = (heads(part, self.head_dim) for part in self.qkv(n, only=("key", "value")).chunk(2, dim=2))
            q = heads(self.qkv(at(n, rows), only=("query",)), self.head_dim)
            q = turned(q, cos[rows, None, None], sin[rows, None, None])  # (B, H, 1, D / H)
            seen = at(seen.expand(len(n), 1, n.shape[1], n.shape[1]).transpose(1, 2), rows).transpose(1, 2)
        # what came in bf16 is turned in fp32
        y = F.scaled_dot_product_attention(q.to(v.dtype), turned(k, cos, sin).to(v.dtype), v, seen)
        return y.transpose(1, 2).flatten(2)


class ModernBert(Backbone):
    """Every token sees all of its text, or what of it is near, whatever `causal` says: it was pretrained so."""

    arch: ModernBertArchitecture
    final = "last"

    def __init__(self, arch: ModernBertArchitecture, causal: bool = False):
        super().__init__(arch, causal)
        self.tokens = table(arch.vocab, arch.width)
        self.norm_0 = nn.LayerNorm(arch.width, eps=arch.epsilon, bias=False)
        self.layers = nn.ModuleList(Layer(arch, i == 0) for i in range(arch.n_blocks))
        self.last = nn.LayerNorm(arch.width, eps=arch.epsilon, bias=False)

    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        return self.norm_0(super().embed(ids))

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        """What blocks see where they see all, and where they see what is near."""
        arch, place = self.arch, torch.arange(n_tokens, device=lengths.device)
        far = (place[:, None] - place).abs()
        seen = is_text(lengths, n_tokens)[:, None, None]  # (B, 1, 1, T)
        # pads that are far from the text see themselves, since a position that sees nothing has no mean
        near = (seen & (far <= arch.window // 2)) | (far == 0)  # (B, 1, T, T)
        dtype, dim = self.tokens.weight.dtype, arch.head_dim
        return [
            Sight(mask, *(each.to(dtype) for each in angles(place, theta, dim)))
            for mask, theta in ((seen, arch.theta), (near, arch.local_theta))
        ]

    def block(
        self, i: int, h: Tensor, context: Context, rows: Tensor | None = None, cache: Tensor | None = None
    ) -> Tensor:
        return super().block(i, h, context[self.arch.is_local(i)], rows)

    def draw(self, name: str, matrix: Tensor, generator: torch.Generator) -> None:
        # what writes to the residual stream is scaled by its depth
        depth = 2 * self.arch.n_blocks if ".out." in name or ".down." in name else 1
        std = 0.02 / depth**0.5
        nn.init.trunc_normal_(matrix, 0.0, std, -2 * std, 2 * std, generator=generator)
