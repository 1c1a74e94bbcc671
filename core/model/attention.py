"""What attention of several families needs: what is seen, heads, and attention for one position of each text.

The last block needs that where only one position is read. Shapes: B texts, T tokens, D width, H heads, d width of one.
"""

import torch
from torch import Tensor, nn

from core.model.linear import Linear


def is_text(lengths: Tensor, n_tokens: int) -> Tensor:
    """Which positions of texts padded on the right are theirs: lengths (B,) -> bool, (B, n_tokens)."""
    return torch.arange(n_tokens, device=lengths.device) < lengths[:, None]


def seen_by_heads(lengths: Tensor, n_tokens: int, start: int, causal: bool) -> Tensor | None:
    """What positions from `start` on attend to: bool, as it broadcasts to (B, H, n_tokens - start, n_tokens).

    None where SDPA has the mask itself: texts are padded on the right, so the causal mask alone keeps pads out of
    every real token's sight, and a single new position sees all that there is.
    """
    if not causal:
        return is_text(lengths, n_tokens)[:, None, None]
    new = n_tokens - start
    if not start or new == 1:
        return None
    return torch.ones(new, n_tokens, dtype=torch.bool, device=lengths.device).tril(start)


def at(x: Tensor, rows: Tensor) -> Tensor:
    """One position of each text, rows (B,): (B, T, ...) -> (B, 1, ...)."""
    return x[torch.arange(len(x), device=x.device), rows, None]


def heads(x: Tensor, width: int) -> Tensor:
    """(B, T, H d) -> (B, H, T, d), d being the `width` of one."""
    return x.unflatten(2, (-1, width)).transpose(1, 2)


def attend_from(
    qkv: Linear, n: Tensor, rows: Tensor, n_heads: int, seen: Tensor, norm: nn.LayerNorm | None = None
) -> Tensor:
    """What attention, before its last product, gives at one position of each text, rows (B,) -> (B, D).

    `n` (B, T, D) is what goes into `qkv`, or where `norm` is given, that but for the scale and shift of it. `seen`
    (B, T), bool, is what a text's position attends to. One query is asked of all keys, so its key matrix can be
    applied to the query instead of to every position, q (W x) = (q W) x, and its value matrix to the weighted mean
    instead of to what it is taken of (the absorption of DeepSeek-AI 2024, "DeepSeek-V2"); so can scale and shift. Keys
    and values are never made, and where `n` is frozen no gradient has its size: 4 D^2 + 2 T D H multiplications a text
    in place of 2 T D^2.
    """
    B, _, D = n.shape
    H = n_heads
    to_q, to_k, to_v = qkv.whole().view(3, H, D // H, D).unbind()
    # the key's bias moves all scores of a text alike, which changes nothing; so does the shift there
    b_q, _, b_v = qkv.bias.view(3, H, 1, D // H).unbind()
    here = n[torch.arange(B, device=n.device), rows]  # (B, D)
    q = (here if norm is None else here * norm.weight + norm.bias) @ to_q.transpose(1, 2) + b_q  # (H, B, D / H)
    asked = q @ to_k  # (H, B, D)
    asked = (asked if norm is None else asked * norm.weight).transpose(0, 1)  # (B, H, D)
    scores = asked @ n.transpose(1, 2) * (D // H) ** -0.5  # (B, H, T)
    mean = scores.masked_fill(~seen[:, None], -torch.inf).softmax(dim=2) @ n  # (B, H, D)
    mean = mean if norm is None else mean * norm.weight + norm.bias
    y = mean.transpose(0, 1) @ to_v.transpose(1, 2) + b_v  # (H, B, D / H)
    return y.transpose(0, 1).reshape(B, D)
