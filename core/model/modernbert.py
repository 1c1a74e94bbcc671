"""ModernBERT's transformer in plain PyTorch (Warner et al. 2024, "Smarter, Better, Faster, Longer").

Norms come before what they feed. Positions are turned into queries and keys (Su et al. 2021, "RoFormer"), no table has
them; in most blocks a token sees only those near it; and in the MLP one half of the wide layer is a gate for the other
(Shazeer 2020, "GLU Variants Improve Transformer"). No layer has a bias.

Shapes: B texts, T tokens, D width, H heads.
"""

from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.architecture import Architecture
from core.architectures.modernbert import ModernBertArchitecture
from core.model.backbone import Backbone, Context
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
        self.n_heads = arch.n_heads
        self.norm_1 = nn.Identity() if first else nn.LayerNorm(arch.width, eps=arch.epsilon, bias=False)
        self.qkv = Linear(arch.width, 3 * arch.width, "query", "key", "value", bias=False)
        self.out = Linear(arch.width, arch.width, "out", bias=False)
        self.norm_2 = nn.LayerNorm(arch.width, eps=arch.epsilon, bias=False)
        self.up = Linear(arch.width, 2 * arch.inner, "gate", "up", bias=False)
        self.down = Linear(arch.inner, arch.width, "down", bias=False)

    def forward(self, h: Tensor, sight: Sight, rows: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D); with `rows` (B,), only that position of each text -> (B, 1, D)."""
        more = self._attend(self.norm_1(h), sight, rows)
        h = (h if rows is None else _at(h, rows)) + self.out(more)
        gate, wide = self.up(self.norm_2(h)).chunk(2, dim=-1)
        return h + self.down(F.gelu(gate) * wide)

    def _attend(self, n: Tensor, sight: Sight, rows: Tensor | None) -> Tensor:
        """(B, T, D) -> (B, T, D) or (B, 1, D), before the last product."""
        B, T, D = n.shape
        q, k, v = self.qkv(n).view(B, T, 3, self.n_heads, D // self.n_heads).permute(2, 0, 3, 1, 4)
        # what came in bf16 is turned in fp32
        q, k = (turned(each, sight.cos, sight.sin).to(v.dtype) for each in (q, k))
        seen = sight.seen
        if rows is not None:
            q = _at(q.transpose(1, 2), rows).transpose(1, 2)  # (B, H, 1, D / H)
            seen = _at(seen.expand(B, 1, T, T).transpose(1, 2), rows).transpose(1, 2)  # (B, 1, 1, T)
        y = F.scaled_dot_product_attention(q, k, v, seen)
        return y.transpose(1, 2).reshape(B, -1, D)


def _at(x: Tensor, rows: Tensor) -> Tensor:
    """One position of each text, rows (B,): (B, T, ...) -> (B, 1, ...)."""
    return x[torch.arange(len(x), device=x.device), rows][:, None]


class ModernBert(Backbone):
    """Every token sees all of its text, or what of it is near, whatever `causal` says: it was pretrained so."""

    def __init__(self, arch: Architecture, causal: bool = False):
        super().__init__(arch, causal)
        self.shape = arch = cast(ModernBertArchitecture, arch)
        self.tokens = nn.Embedding(arch.vocab, arch.width)
        self.norm_0 = nn.LayerNorm(arch.width, eps=arch.epsilon, bias=False)
        self.layers = nn.ModuleList(Layer(arch, i == 0) for i in range(arch.n_blocks))
        self.last = nn.LayerNorm(arch.width, eps=arch.epsilon, bias=False)

    @property
    def blocks(self) -> nn.ModuleList:
        return self.layers

    @property
    def token_table(self) -> Tensor:
        return self.tokens.weight

    @property
    def tables(self) -> list[Tensor]:
        return [self.tokens.weight]

    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        # it knows no segments, and positions are turned into queries and keys
        return self.norm_0(self.tokens(ids))

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        """What blocks see where they see all, and where they see what is near."""
        arch, place = self.shape, torch.arange(n_tokens, device=lengths.device)
        far = (place[:, None] - place).abs()
        seen = (place < lengths[:, None])[:, None, None]  # (B, 1, 1, T)
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
        return self.layers[i](h, context[self.shape.is_local(i)], rows)

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
        return any(f".{part}." in name for part in ("qkv", "out", "norm_1"))

    def initialize(self, generator: torch.Generator) -> None:
        """Random weights as ModernBERT's were: N(0, 0.02), and what writes to the residual stream by its depth."""
        for name, parameter in self.named_parameters():
            if "norm_" in name or name.startswith("last"):
                nn.init.ones_(parameter)
            else:
                depth = 2 * self.arch.n_blocks if ".out." in name or ".down." in name else 1
                std = 0.02 / depth**0.5
                nn.init.trunc_normal_(parameter, 0.0, std, -2 * std, 2 * std, generator=generator)
