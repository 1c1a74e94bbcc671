"""The verdict on a text while it is typed: only the tokens that a key has changed go through the model.

Shapes: H heads, d width of a head, D = H d, T tokens of the text, S of them new, C classes.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from core.model.classifier import Classifier
from core.model.gpt2 import Block
from core.model.linear import multiply_in

FEWEST = 64  # positions that there is room for at first; a large model's full context takes hundreds of MB


class Typist:
    """Remembers keys, values and verdicts of the text it was asked last, and goes on from where the next one differs.

    In a causal model a position sees only what stands before it. So what was computed for an unchanged beginning
    holds, and where the last real token is read out, every position has the verdict on the text that ends there.
    For no other readout. On the CPU, in fp32; the weights must not change.
    """

    def __init__(self, model: Classifier):
        if model.readout != "last_real":
            raise ValueError(f"with the readout {model.readout}, a position holds no verdict")
        multiply_in(model, "fp32")
        self._model = model
        self._ids: list[int] = []
        self._probabilities = torch.empty(0, model.head.out_features)
        shape = model.backbone.shape
        room = min(FEWEST, shape.context)
        head = shape.n_heads, shape.width // shape.n_heads
        self._past = [torch.empty(2, head[0], room, head[1]) for _ in range(shape.n_blocks)]

    @torch.no_grad()
    def verdicts(self, ids: Sequence[int]) -> Tensor:
        """Token ids, 1 to the model's context of them -> probabilities (T, C) had the text ended at each."""
        ids = list(ids)
        known = _common(self._ids, ids)
        # until the new ones are through, nothing after the common beginning is true
        self._ids, self._probabilities = ids[:known], self._probabilities[:known]
        if known < len(ids):
            new = self._read(torch.tensor(ids[known:]), known)
            self._ids, self._probabilities = ids, torch.cat([self._probabilities, new])
        return self._probabilities

    def _read(self, ids: Tensor, start: int) -> Tensor:
        """Probabilities (S, C) of tokens (S,) that stand at `start` and after."""
        backbone, end = self._model.backbone, start + len(ids)
        self._make_room(end)
        h = backbone.wte(ids) + backbone.wpe.weight[start:end]  # (S, D)
        # without a mask, SDPA's causal one would stand at the first key, not at `start`
        seen = torch.ones(len(ids), end, dtype=torch.bool).tril(start) if start and len(ids) > 1 else None
        for block, past in zip(backbone.h, self._past, strict=True):
            h = _through(block, h, past[:, :, :end], seen)
        return self._model.head(backbone.norm(h)).softmax(dim=1)

    def _make_room(self, positions: int) -> None:
        room = self._past[0].shape[2]
        if positions <= room:
            return
        room = min(max(positions, 2 * room), self._model.backbone.shape.context)
        for i, past in enumerate(self._past):  # one by one, so that only one block is held twice
            self._past[i] = past.new_empty(2, past.shape[1], room, past.shape[3])
            self._past[i][:, :, : len(self._ids)] = past[:, :, : len(self._ids)]


def _through(block: Block, h: Tensor, past: Tensor, seen: Tensor | None) -> Tensor:
    """A block on the last S of T positions: h (S, D) -> (S, D).

    `past` (2, H, T, d) holds keys and values, and takes those of the S; `seen` (S, T) is what each of them sees.
    """
    S, D = h.shape
    _, H, T, d = past.shape
    q, k, v = block.attn.c_attn(block.ln_1(h)).view(S, 3, H, d).permute(1, 2, 0, 3)
    past[0, :, T - S :], past[1, :, T - S :] = k, v
    # with a batch dimension, because PyTorch takes its fast way only there
    y = F.scaled_dot_product_attention(q[None], past[None, 0], past[None, 1], seen, is_causal=seen is None and S > 1)  # (1, H, S, d)
    h = h + block.attn.c_proj(y[0].transpose(0, 1).reshape(S, D))
    return h + block.mlp(block.ln_2(h))


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    """How many leading ids two texts share."""
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
