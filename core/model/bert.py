"""BERT's transformer in plain PyTorch, and that of what has its shape (Devlin et al. 2019, "BERT: Pre-training of Deep
Bidirectional Transformers"): RoBERTa, XLM-RoBERTa, DistilBERT.

Shapes: B texts, T tokens, D width, H heads. Query, key and value are one matrix here, three in published files.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.bert import BertArchitecture
from core.model.attention import at, attend_from, is_text
from core.model.backbone import Backbone, Context, table
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
        if self.qkv.drops:  # adapters that drop inputs: each position on its own, before anything is summed up
            y = at(self._attend(h, seen), rows)
        else:
            y = attend_from(self.qkv, h, rows, self.n_heads, seen)[:, None]
        return self._second(self.norm_1(at(h, rows) + self.out(y)))

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

    arch: BertArchitecture

    def __init__(self, arch: BertArchitecture, causal: bool = False):
        super().__init__(arch, causal)
        self.tokens = table(arch.vocab, arch.width)
        self.positions = table(arch.first_position + arch.max_tokens, arch.width)
        self.segments = table(arch.n_segments, arch.width) if arch.n_segments else None
        self.norm_0 = nn.LayerNorm(arch.width, eps=arch.epsilon)
        self.layers = nn.ModuleList(Layer(arch) for _ in range(arch.n_blocks))

    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        first = self.arch.first_position + start
        h = self.tokens(ids) + self.positions.weight[first : first + ids.shape[1]]
        if self.segments is not None:
            one = segments is None or len(self.segments.weight) == 1  # as RoBERTa's, which tells no parts apart
            h = h + (self.segments.weight[0] if one else self.segments(segments))
        return self.norm_0(h)

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        """What is seen: (B, n_tokens), bool."""
        return is_text(lengths, n_tokens)
