"""A product of a few rows with a weight that learns, as in a last block of which one position of each text is read.

Libraries share such a product badly among threads, forwards and backwards. Here the weight is cut into pieces of its
rows, and each thread takes some: three batched products in place of three products.
"""

from typing import Any

import torch
from torch import Tensor

MOST = 64  # rows: with more of them, libraries use all threads by themselves
LEAST = 1 << 18  # numbers in a weight: smaller ones are done before a thread is awake
PIECES = 8, 4, 2


def pays(x: Tensor, weight: Tensor) -> bool:
    """Whether the product of x (..., in) with a weight (out, in) is one of a few rows, and the weight learns now.

    In bf16 such a weight would be cast for these few rows only, which takes longer than to multiply in fp32.
    """
    return (
        torch.is_grad_enabled()
        and weight.requires_grad
        and weight.device.type == "cpu"
        and 1 < x.numel() // x.shape[-1] <= MOST
        and weight.numel() >= LEAST
        and not weight.shape[0] % min(PIECES)
        and not torch.compiler.is_compiling()
    )


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """x (..., in), weight (out, in), bias (out,) if any -> (..., out), as `torch.nn.functional.linear`."""
    y: Tensor = _InPieces.apply(x.reshape(-1, x.shape[-1]), weight)
    y = y.view(*x.shape[:-1], len(weight))
    return y if bias is None else y + bias


class _InPieces(torch.autograd.Function):
    """(M, K), (N, K) -> (M, N)"""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        pieces = _pieces(weight)  # (P, N / P, K)
        y = torch.bmm(pieces, x.t().expand(len(pieces), -1, -1))  # (P, N / P, M)
        return y.view(len(weight), len(x)).t().contiguous()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        pieces = _pieces(weight)
        g = grads[0].reshape(len(x), len(pieces), -1).transpose(0, 1)  # (P, M, N / P)
        to_x, to_weight = ctx.needs_input_grad
        return (
            torch.bmm(g, pieces).sum(0) if to_x else None,
            torch.bmm(g.transpose(1, 2), x.expand(len(pieces), -1, -1)).view_as(weight) if to_weight else None,
        )


def _pieces(weight: Tensor) -> Tensor:
    n = next(n for n in PIECES if not len(weight) % n)
    return weight.detach().view(n, len(weight) // n, -1)
