"""DeBERTa's transformer in plain PyTorch, as of its second version (He et al. 2021, "DeBERTa: Decoding-enhanced BERT
with Disentangled Attention").

The score of two tokens is a sum of three: what one says to the other, what the one says to how far the other is, and
what the other says to how far the one is. The vectors of distances are shared by all blocks and belong to the
embeddings; each block makes queries and keys of them by its own matrices.

Shapes: B texts, T tokens, D width, H heads, S distances.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from core.architectures.deberta import DebertaArchitecture
from core.model.attention import at, heads, is_text
from core.model.backbone import Backbone, Context, table
from core.model.linear import Linear

SUMS = 3  # of products in each score


class Distances(NamedTuple):
    """What all blocks need to know of a batch."""

    hidden: Tensor  # which positions nobody attends to, bool, (B, 1, 1, T)
    apart: Tensor  # the number of the distance from each position to each other one, (T, T)
    vectors: Tensor  # of all distances, (S, D)


class Layer(nn.Module):
    """A block that ends in a norm, as do its two halves: norm(h + attention(h)), norm(h + mlp(h))."""

    def __init__(self, arch: DebertaArchitecture):
        super().__init__()
        self.head_dim = arch.head_dim
        self.scale = (SUMS * arch.head_dim) ** -0.5
        self.query = Linear(arch.width, arch.width, "query")
        self.key = Linear(arch.width, arch.width, "key")
        self.value = Linear(arch.width, arch.width, "value")
        self.out = Linear(arch.width, arch.width, "out")
        self.norm_1 = nn.LayerNorm(arch.width, eps=arch.epsilon)
        self.up = Linear(arch.width, arch.inner, "up")
        self.down = Linear(arch.inner, arch.width, "down")
        self.norm_2 = nn.LayerNorm(arch.width, eps=arch.epsilon)

    def forward(self, h: Tensor, known: Distances, rows: Tensor | None = None) -> Tensor:
        """(B, T, D) -> (B, T, D); with `rows` (B,), only that position of each text -> (B, 1, D)."""
        here, apart = h, known.apart[None]
        if rows is not None:
            here, apart = at(h, rows), apart[0, rows][:, None]
        q, k, v = (heads(part, self.head_dim) for part in (self.query(here), self.key(h), self.value(h)))
        scores = self.scale * (q @ k.transpose(2, 3) + self._by_distance(q, k, known.vectors, apart))
        y = scores.masked_fill(known.hidden, -torch.inf).softmax(dim=3) @ v  # (B, H, T, D / H)
        h = self.norm_1(here + self.out(y.transpose(1, 2).flatten(2)))
        return self.norm_2(h + self.down(self.up(h, gelu="none")))

    def _by_distance(self, q: Tensor, k: Tensor, vectors: Tensor, apart: Tensor) -> Tensor:
        """What distances add to scores (B, H, R, T): q (B, H, R, D / H), k (B, H, T, D / H), apart (B or 1, R, T)."""
        B, H, R, _ = q.shape
        # (H, S, D / H) each
        far_q, far_k = (heads(part[None], self.head_dim)[0] for part in (self.query(vectors), self.key(vectors)))
        apart = apart[:, None].expand(B, H, R, k.shape[2])
        # not by `@`, which would copy the distances for each text
        to_distance = torch.einsum("bhrd,hsd->bhrs", q, far_k).gather(3, apart)
        if R == 1:  # each key is asked of one distance only
            asked = far_q[:, apart[:, 0, 0]].transpose(0, 1)  # (B, H, T, D / H)
            return to_distance + (k * asked).sum(3)[:, :, None]
        from_distance = torch.einsum("bhtd,hsd->bhts", k, far_q).gather(3, apart.transpose(2, 3))
        return to_distance + from_distance.transpose(2, 3)


class Deberta(Backbone):
    """Every token sees all of its text, whatever `causal` says: it was pretrained so."""

    arch: DebertaArchitecture

    def __init__(self, arch: DebertaArchitecture, causal: bool = False):
        super().__init__(arch, causal)
        self.tokens = table(arch.vocab, arch.width)
        self.norm_0 = nn.LayerNorm(arch.width, eps=arch.epsilon)
        self.distances = table(2 * arch.buckets, arch.width)
        self.norm_distances = nn.LayerNorm(arch.width, eps=arch.epsilon)
        self.layers = nn.ModuleList(Layer(arch) for _ in range(arch.n_blocks))

    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        return self.norm_0(super().embed(ids))

    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        place = torch.arange(n_tokens, device=lengths.device)
        span = self.arch.buckets
        apart = (self._bucket(place[:, None] - place) + span).clamp(0, 2 * span - 1)
        hidden = ~is_text(lengths, n_tokens)[:, None, None]
        return Distances(hidden, apart, self.norm_distances(self.distances.weight))

    def _bucket(self, behind: Tensor) -> Tensor:
        """The bucket of each distance, int64, to either side of 0: near ones have one each, wider ones follow."""
        exact = self.arch.buckets // 2
        far = behind.abs()
        # both logarithms in the same precision: where they are equal, a rounded one would be in the next bucket
        widest = torch.log(torch.tensor((self.arch.reach - 1) / exact, device=far.device))
        share = torch.log(far.clamp(min=exact).float() / exact) / widest
        wide = (torch.ceil(share * (exact - 1)) + exact).long()
        return torch.where(far <= exact, behind, wide * behind.sign())
