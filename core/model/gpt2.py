"""GPT-2's transformer in plain PyTorch (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners").

Shapes: B texts, T tokens, D width, H heads. Parameter names are those of the published checkpoints.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model.linear import Linear
from core.presets import Shape


class Attention(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.n_heads = shape.n_heads
        self.c_attn = Linear(shape.width, 3 * shape.width, "query", "key", "value")
        self.c_proj = Linear(shape.width, shape.width, "out")

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D), each position attending to itself and those before it.

        With `seen` (B,), there is no causal mask, and every position attends to that many of the first ones.
        """
        B, T, D = x.shape
        q, k, v = self.c_attn(x).view(B, T, 3, self.n_heads, D // self.n_heads).permute(2, 0, 3, 1, 4)
        # texts are padded on the right, so the causal mask alone keeps pads out of every real token's sight
        mask = None if seen is None else (torch.arange(T, device=x.device) < seen[:, None])[:, None, None]
        y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=seen is None)  # (B, H, T, D / H)
        return self.c_proj(y.transpose(1, 2).reshape(B, T, D))

    def row(self, n: Tensor, rows: Tensor, norm: nn.LayerNorm, seen: Tensor | None = None) -> Tensor:
        """What `forward` gives at one position of each text, rows (B,) -> (B, D).

        `n` (B, T, D) is normalized but for the scale and shift of `norm`. One query is asked of all keys, so its
        key matrix can be applied to the query instead of to every position, q (W x) = (q W) x, and its value matrix
        to the weighted mean instead of to what it is taken of (the absorption of DeepSeek-AI 2024, "DeepSeek-V2");
        so can scale and shift. Keys and values are never made, and where `n` is frozen no gradient has its size:
        4 D^2 + 2 T D H multiplications a text in place of 2 T D^2.
        """
        B, T, D = n.shape
        H = self.n_heads
        to_q, to_k, to_v = self.c_attn.whole().view(3, H, D // H, D).unbind()
        # the key's bias moves all scores of a text alike, which changes nothing; so does the shift there
        b_q, _, b_v = self.c_attn.bias.view(3, H, 1, D // H).unbind()
        here = n[torch.arange(B, device=n.device), rows] * norm.weight + norm.bias  # (B, D)
        q = here @ to_q.transpose(1, 2) + b_q  # (H, B, D / H)
        asked = (q @ to_k * norm.weight).transpose(0, 1)  # (B, H, D)
        scores = asked @ n.transpose(1, 2) * (D // H) ** -0.5  # (B, H, T)
        unseen = torch.arange(T, device=n.device) >= (rows + 1 if seen is None else seen)[:, None]
        mean = scores.masked_fill(unseen[:, None], -torch.inf).softmax(dim=2) @ n * norm.weight + norm.bias  # (B, H, D)
        y = mean.transpose(0, 1) @ to_v.transpose(1, 2) + b_v  # (H, B, D / H)
        return self.c_proj(y.transpose(0, 1).reshape(B, D))


class MLP(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.c_fc = Linear(shape.width, 4 * shape.width, "up")
        self.c_proj = Linear(4 * shape.width, shape.width, "down")

    def forward(self, x: Tensor) -> Tensor:
        """(..., D) -> (..., D)"""
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.ln_1 = nn.LayerNorm(shape.width, eps=1e-5)
        self.attn = Attention(shape)
        self.ln_2 = nn.LayerNorm(shape.width, eps=1e-5)
        self.mlp = MLP(shape)

    def forward(self, h: Tensor, rows: Tensor | None = None, seen: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D); with `rows` (B,), only that position of each text -> (B, 1, D).

        With `seen` (B,), there is no causal mask, and every position sees that many of the first ones.
        """
        if rows is None:
            h = h + self.attn(self.ln_1(h), seen)
        else:
            each = torch.arange(len(h), device=h.device)
            if self.attn.c_attn.drops:  # each position on its own, before anything is summed up
                more = self.attn(self.ln_1(h), seen)[each, rows]
            else:
                n = F.layer_norm(h, self.ln_1.normalized_shape, eps=self.ln_1.eps)
                more = self.attn.row(n, rows, self.ln_1, seen)
            h = (h[each, rows] + more)[:, None]
        return h + self.mlp(self.ln_2(h))


class GPT2(nn.Module):
    """The backbone: embeddings, blocks and final norm, without a language-model head."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.wte = nn.Embedding(shape.vocab, shape.width)
        self.wpe = nn.Embedding(shape.context, shape.width)
        self.h = nn.ModuleList(Block(shape) for _ in range(shape.n_blocks))
        self.ln_f = nn.LayerNorm(shape.width, eps=1e-5)

    def embed(self, ids: Tensor) -> Tensor:
        """Token ids (B, T), int64 -> (B, T, D)."""
        return self.wte(ids) + self.wpe.weight[: ids.shape[1]]

    def block(self, i: int, h: Tensor, rows: Tensor | None = None, seen: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D), as `Block` does it."""
        return self.h[i](h, rows, seen)

    def norm(self, h: Tensor) -> Tensor:
        """The final norm: (..., D) -> (..., D)."""
        return self.ln_f(h)

    def initialize(self, generator: torch.Generator) -> None:
        """Random weights as GPT-2's were: N(0, 0.02), and what writes to the residual stream scaled by its depth."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif ".ln_" in name or name.startswith("ln_"):
                nn.init.ones_(parameter)
            else:
                depth = 2 * self.shape.n_blocks if name.endswith("c_proj.weight") else 1
                nn.init.normal_(parameter, std=0.02 / depth**0.5, generator=generator)
