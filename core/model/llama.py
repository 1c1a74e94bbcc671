"""The transformer of Llama, Qwen2 and Qwen3 in plain PyTorch (Touvron et al. 2023, "LLaMA: Open and Efficient
Foundation Language Models").

Shapes: B texts, T tokens, D width, H heads of queries, K of keys and values, d size of a head. Keys and values are one
matrix here, and so are gate and up; published files have two.
"""

import math
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.llama import Llama3Scaling, LlamaArchitecture
from core.model.attention import at, heads, is_text, seen_by_heads
from core.model.backbone import Backbone, Context, table
from core.model.linear import Linear
from core.model.rotary import angles, turned


class Places(NamedTuple):
    """What blocks need to know of a batch."""

    cos: Tensor  # (T, d), of the angles by which queries and keys are turned
    sin: Tensor
    seen: Tensor | None  # bool, as it broadcasts to (B, H, T, S); None where SDPA has the mask itself


class Layer(nn.Module):
    """A block that normalizes what goes into its halves: h + attention(norm(h)), h + mlp(norm(h))."""

    def __init__(self, arch: LlamaArchitecture):
        super().__init__()
        self.head_dim = arch.head_dim
        queries, keys = arch.n_heads * arch.head_dim, arch.n_kv_heads * arch.head_dim
        self.norm_1 = nn.RMSNorm(arch.width, eps=arch.epsilon)
        self.query = Linear(arch.width, queries, "query", bias=arch.biased_qkv)
        self.key_value = Linear(arch.width, 2 * keys, "key", "value", bias=arch.biased_qkv)
        self.query_norm = nn.RMSNorm(arch.head_dim, eps=arch.epsilon) if arch.normed_qk else None
        self.key_norm = nn.RMSNorm(arch.head_dim, eps=arch.epsilon) if arch.normed_qk else None
        self.out = Linear(queries, arch.width, "out", bias=False)
        self.norm_2 = nn.RMSNorm(arch.width, eps=arch.epsilon)
        self.gate_up = Linear(arch.width, 2 * arch.inner, "gate", "up", bias=False)
        self.down = Linear(arch.inner, arch.width, "down", bias=False)

    def forward(self, h: Tensor, places: Places, rows: Tensor | None = None, cache: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D); with `rows` (B,), only that position of each text -> (B, 1, D).

        With `cache` (2, B, K, S, d), the T are the last of S positions, and their keys and values are written to its
        end.
        """
        n = self.norm_1(h)
        k, v = self._keys_and_values(n, places)
        if cache is not None:
            T = h.shape[1]
            cache[0, :, :, -T:], cache[1, :, :, -T:] = k, v
            k, v = cache
        if rows is None:
            # SDPA's own mask stands at the first key, and a single new position is to see all of them
            is_causal = places.seen is None and (cache is None or h.shape[1] > 1)
            h = h + self.out(self._attend(n, places.cos, places.sin, k, v, places.seen, is_causal))
        else:
            # keys and values of every position are few, and turned keys cannot be absorbed into the query
            seen = places.seen
            if seen is None:
                seen = is_text(rows + 1, h.shape[1])[:, None, None]  # (B, 1, 1, T)
            cos, sin = (table[rows, None, None] for table in (places.cos, places.sin))  # (B, 1, 1, d)
            h = at(h, rows) + self.out(self._attend(at(n, rows), cos, sin, k, v, seen))
        return h + self._mlp(self.norm_2(h))

    def _keys_and_values(self, n: Tensor, places: Places) -> tuple[Tensor, Tensor]:
        """(B, T, D) -> turned keys and values, (B, K, T, d) each."""
        k, v = (heads(half, self.head_dim) for half in self.key_value(n).chunk(2, dim=2))
        # what may have come in bf16 is normalized and turned as it came in before
        k = k.to(n.dtype)
        k = k if self.key_norm is None else self.key_norm(k)
        return turned(k, places.cos, places.sin).to(v.dtype), v

    def _attend(
        self, n: Tensor, cos: Tensor, sin: Tensor, k: Tensor, v: Tensor, seen: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        """What queries (B, T, D) find, before the last product -> (B, T, H d)."""
        q = heads(self.query(n), self.head_dim).to(n.dtype)
        q = turned(q if self.query_norm is None else self.query_norm(q), cos, sin).to(v.dtype)
        y = F.scaled_dot_product_attention(q, k, v, seen, is_causal=is_causal, enable_gqa=True)  # (B, H, T, d)
        return y.transpose(1, 2).flatten(2)

    def _mlp(self, n: Tensor) -> Tensor:
        """(..., D) -> (..., D), gated (Shazeer 2020, "GLU Variants Improve Transformer": SwiGLU)."""
        gate, up = self.gate_up(n).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)


class Llama(Backbone):
    arch: LlamaArchitecture
    final, second_half = "final_norm", ("norm_2", "gate_up", "down")

    def __init__(self, arch: LlamaArchitecture, causal: bool = True):
        super().__init__(arch, causal)
        self.tokens = table(arch.vocab, arch.width)
        self.layers = nn.ModuleList(Layer(arch) for _ in range(arch.n_blocks))
        self.final_norm = nn.RMSNorm(arch.width, eps=arch.epsilon)

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        places = torch.arange(start, n_tokens, device=lengths.device)
        scaled = partial(stretched, self.arch.scaling) if self.arch.scaling else None
        tables = angles(places, self.arch.theta, self.arch.head_dim, scaled)
        cos, sin = (table.to(self.tokens.weight.dtype) for table in tables)
        return Places(cos, sin, seen_by_heads(lengths, n_tokens, start, self.causal))


def stretched(scaling: Llama3Scaling, frequencies: Tensor) -> Tensor:
    """Frequencies (d / 2,) of rotary positions as Llama 3 has them."""
    wavelengths = 2 * math.pi / frequencies
    # from 0 at wavelengths of context / low to 1 at those of context / high
    kept = (scaling.context / wavelengths - scaling.low) / (scaling.high - scaling.low)
    kept = kept.clamp(0, 1)
    return (1 - kept) * frequencies / scaling.factor + kept * frequencies
