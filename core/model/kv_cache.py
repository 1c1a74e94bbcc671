"""Reading a text that grows at its end: keys and values of what was read are kept, only what is new is computed.

Shapes: H heads, d width of a head, D = H d, T tokens of the text, S of them new.
"""

import torch
from torch import Tensor

from core.model.backbone import Backbone

FEWEST = 64  # positions that there is room for at first; a large model's full context takes hundreds of MB


class KVCache:
    """Keys and values of one text, on the backbone's device, which is causal. The weights must not change."""

    def __init__(self, backbone: Backbone):
        self._backbone, arch = backbone, backbone.arch
        room = min(FEWEST, arch.max_tokens)
        self._kept = [
            backbone.token_table.new_empty(2, 1, arch.n_kv_heads, room, arch.head_dim) for _ in range(arch.n_blocks)
        ]

    @torch.no_grad()
    def read(self, ids: Tensor, start: int) -> Tensor:
        """Tokens (S,) that stand at `start` and after -> their normalized hidden states (S, D).

        Everything before `start` must have been read; what was read from there on is forgotten. At most the
        model's context fits.
        """
        backbone, end = self._backbone, start + len(ids)
        self._make_room(end, start)
        h = backbone.embed(ids[None], start)  # (1, S, D)
        context = backbone.batch_context(torch.tensor([end], device=ids.device), end, start)
        for i, kept in enumerate(self._kept):
            h = backbone.block(i, h, context, cache=kept[:, :, :, :end])
        return backbone.norm(h)[0]

    def _make_room(self, positions: int, used: int) -> None:
        room = self._kept[0].shape[3]
        if positions <= room:
            return
        room = min(max(positions, 2 * room), self._backbone.arch.max_tokens)
        for i, kept in enumerate(self._kept):  # one by one, so that only one block is held twice
            self._kept[i] = kept.new_empty(*kept.shape[:3], room, kept.shape[4])
            self._kept[i][:, :, :, :used] = kept[:, :, :, :used]
