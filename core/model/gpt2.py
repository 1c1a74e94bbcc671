"""GPT-2's transformer in plain PyTorch (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners").

Shapes: B texts, T tokens, D width, H heads. Parameter names are those of the published checkpoints.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.architecture import Architecture
from core.model.attention import at, attend_from, seen_by_heads
from core.model.backbone import Backbone, Context, table
from core.model.linear import Linear


class Attention(nn.Module):
    def __init__(self, arch: Architecture):
        super().__init__()
        self.n_heads = arch.n_heads
        self.c_attn = Linear(arch.width, 3 * arch.width, "query", "key", "value")
        self.c_proj = Linear(arch.width, arch.width, "out")

    def forward(self, x: Tensor, mask: Tensor | None = None, cache: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D), each position attending to itself and those before it.

        With `mask`, bool, that broadcasts to (B, H, T, S), a position attends to what is true. With `cache`
        (2, B, H, S, D / H), the T are the last of S positions, and their keys and values are written to its end.
        """
        B, T, D = x.shape
        q, k, v = self.c_attn(x).view(B, T, 3, self.n_heads, D // self.n_heads).permute(2, 0, 3, 1, 4)
        if cache is not None:
            cache[0, :, :, -T:], cache[1, :, :, -T:] = k, v
            q, (k, v) = q.to(cache), cache
        # SDPA's own mask stands at the first key, and a single new position is to see all of them
        is_causal = mask is None and (cache is None or T > 1)
        y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=is_causal)  # (B, H, T, D / H)
        return self.c_proj(y.transpose(1, 2).reshape(B, T, D))

    def row(self, n: Tensor, rows: Tensor, norm: nn.LayerNorm, mask: Tensor | None = None) -> Tensor:
        """What `forward` gives at one position of each text, rows (B,) -> (B, D), `mask` being (B, 1, 1, T).

        `n` (B, T, D) is normalized but for the scale and shift of `norm`.
        """
        position = torch.arange(n.shape[1], device=n.device)
        seen = position <= rows[:, None] if mask is None else mask[:, 0, 0]
        return self.c_proj(attend_from(self.c_attn, n, rows, self.n_heads, seen, norm))


class MLP(nn.Module):
    def __init__(self, arch: Architecture):
        super().__init__()
        self.c_fc = Linear(arch.width, 4 * arch.width, "up")
        self.c_proj = Linear(4 * arch.width, arch.width, "down")

    def forward(self, x: Tensor) -> Tensor:
        """(..., D) -> (..., D)"""
        return self.c_proj(self.c_fc(x, gelu="tanh"))


class Block(nn.Module):
    def __init__(self, arch: Architecture):
        super().__init__()
        self.ln_1 = nn.LayerNorm(arch.width, eps=1e-5)
        self.attn = Attention(arch)
        self.ln_2 = nn.LayerNorm(arch.width, eps=1e-5)
        self.mlp = MLP(arch)

    def forward(
        self, h: Tensor, mask: Tensor | None = None, rows: Tensor | None = None, cache: Tensor | None = None
    ) -> Tensor:
        """(B, T, D) -> (B, T, D); with `rows` (B,), only that position of each text -> (B, 1, D).

        `mask` and `cache` as in `Attention`.
        """
        if rows is None:
            h = h + self.attn(self.ln_1(h), mask, cache)
        else:
            if self.attn.c_attn.drops:  # each position on its own, before anything is summed up
                more = at(self.attn(self.ln_1(h), mask), rows)
            else:
                n = F.layer_norm(h, self.ln_1.normalized_shape, eps=self.ln_1.eps)
                more = self.attn.row(n, rows, self.ln_1, mask)[:, None]
            h = at(h, rows) + more
        return h + self.mlp(self.ln_2(h))


class GPT2(Backbone):
    stack, final, second_half = "h", "ln_f", ("ln_2", "mlp")

    def __init__(self, arch: Architecture, causal: bool = True):
        super().__init__(arch, causal)
        self.wte = table(arch.vocab, arch.width)
        self.wpe = table(arch.max_tokens, arch.width)
        self.h = nn.ModuleList(Block(arch) for _ in range(arch.n_blocks))
        self.ln_f = nn.LayerNorm(arch.width, eps=1e-5)

    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        return self.wte(ids) + self.wpe.weight[start : start + ids.shape[1]]

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        return seen_by_heads(lengths, n_tokens, start, self.causal)

    def draw(self, name: str, matrix: Tensor, generator: torch.Generator) -> None:
        # what writes to the residual stream is scaled by its depth
        depth = 2 * self.arch.n_blocks if name.endswith("c_proj.weight") else 1
        nn.init.normal_(matrix, std=0.02 / depth**0.5, generator=generator)
