"""Reading a text that grows at its end: keys and values of what was read are kept, only what is new is computed.

Shapes: H heads, d width of a head, D = H d, T tokens of the text, S of them new.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from core.model.gpt2 import GPT2, Block

FEWEST = 64  # positions that there is room for at first; a large model's full context takes hundreds of MB


class KVCache:
    """Keys and values of one text, on the backbone's device. The weights must not change."""

    def __init__(self, backbone: GPT2):
        self._backbone = backbone
        shape = backbone.shape
        room, n_heads = min(FEWEST, shape.context), shape.n_heads
        self._kept = [
            backbone.wte.weight.new_empty(2, n_heads, room, shape.width // n_heads) for _ in range(shape.n_blocks)
        ]

    @torch.no_grad()
    def read(self, ids: Tensor, start: int) -> Tensor:
        """Tokens (S,) that stand at `start` and after -> their normalized hidden states (S, D).

        Everything before `start` must have been read; what was read from there on is forgotten. At most the
        model's context fits.
        """
        backbone, end = self._backbone, start + len(ids)
        self._make_room(end, start)
        h = backbone.wte(ids) + backbone.wpe.weight[start:end]  # (S, D)
        # without a mask, SDPA's causal one would stand at the first key, not at `start`
        seen = None
        if start and len(ids) > 1:
            seen = torch.ones(len(ids), end, dtype=torch.bool, device=ids.device).tril(start)
        for block, kept in zip(backbone.h, self._kept, strict=True):
            h = _through(block, h, kept[:, :, :end], seen)
        return backbone.norm(h)

    def _make_room(self, positions: int, used: int) -> None:
        room = self._kept[0].shape[2]
        if positions <= room:
            return
        room = min(max(positions, 2 * room), self._backbone.shape.context)
        for i, kept in enumerate(self._kept):  # one by one, so that only one block is held twice
            self._kept[i] = kept.new_empty(2, kept.shape[1], room, kept.shape[3])
            self._kept[i][:, :, :used] = kept[:, :, :used]


def _through(block: Block, h: Tensor, kept: Tensor, seen: Tensor | None) -> Tensor:
    """A block on the last S of T positions: h (S, D) -> (S, D).

    `kept` (2, H, T, d) holds keys and values, and takes those of the S; `seen` (S, T) is what each of them sees.
    """
    S, D = h.shape
    _, H, T, d = kept.shape
    q, k, v = block.attn.c_attn(block.ln_1(h)).view(S, 3, H, d).permute(1, 2, 0, 3)
    kept[0, :, T - S :], kept[1, :, T - S :] = k, v
    # with a batch dimension, because PyTorch takes its fast way only there
    y = F.scaled_dot_product_attention(q[None], kept[None, 0], kept[None, 1], seen, is_causal=seen is None and S > 1)
    h = h + block.attn.c_proj(y[0].transpose(0, 1).reshape(S, D))  # y is (1, H, S, d)
    return h + block.mlp(block.ln_2(h))
