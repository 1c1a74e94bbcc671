"""A product with its bias and activation in one pass, as oneDNN takes it, where that is faster than PyTorch's own way.

In bf16 that is everywhere, with a weight that is laid out for this processor. In fp32 PyTorch multiplies with Intel's
MKL, which takes slower ways on processors of other makers; there oneDNN takes the weight as it lies.

These are oneDNN's operators as PyTorch's own compiler calls them on CPUs. They are not public, so they are called here
only, and only where `works` finds that they do what public ones do.
"""

from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def pack(weight: Tensor) -> Tensor:
    """A weight (out, in) as `linear` takes it in bf16."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.detach().bfloat16())


def linear(x: Tensor, weight: Tensor, bias: Tensor | None, gelu: str | None = None) -> Tensor:
    """(..., in) -> (..., out) of the same type: bf16 with a weight that is packed, fp32 with one (out, in) as it lies.

    Bias (out,), if any, and GELU, if its approximation is named, are in fp32. It knows no gradients.
    """
    activation, added = "none" if gelu is None else "gelu", None if bias is None else bias.detach().float()
    return torch.ops.mkldnn._linear_pointwise(x.detach(), weight.detach(), added, activation, [], gelu or "")


def learning_linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`linear` in fp32, with the gradients of `torch.nn.functional.linear`."""
    y: Tensor = _WithGradients.apply(x, weight, bias)
    return y


class _WithGradients(torch.autograd.Function):
    """(..., K), (N, K), (N,) -> (..., N)"""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        g = grads[0].reshape(-1, len(weight))
        to_x, to_weight, to_bias = ctx.needs_input_grad
        return (
            (g @ weight).view_as(x) if to_x else None,
            g.t() @ x.reshape(-1, x.shape[-1]) if to_weight else None,
            g.sum(0) if to_bias else None,
        )


@cache
def pays(precision: str) -> bool:
    """Whether products in `fp32` or `bf16` are to be taken here, on this machine's CPU."""
    return (precision == "bf16" or slow_mkl()) and works(precision)


def slow_mkl(processor: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether PyTorch multiplies in fp32 with Intel's MKL on a processor that is not Intel's, as Linux knows it."""
    try:
        known = processor.read_text()
    except OSError:
        return False
    return torch.backends.mkl.is_available() and "GenuineIntel" not in known


@cache
def works(precision: str) -> bool:
    """Whether this build of PyTorch has these operators, and they do here what they should."""
    generator = torch.Generator().manual_seed(0)
    x, weight, bias = (torch.randn(shape, generator=generator) for shape in ((2, 3, 32), (48, 32), (48,)))
    rounds = precision == "bf16"
    if rounds:
        x, weight = x.bfloat16().float(), weight.bfloat16().float()
    whole = F.linear(x, weight, bias)
    try:
        with torch.no_grad():
            ours = (x.bfloat16(), pack(weight)) if rounds else (x, weight)
            for gelu in (None, "none", "tanh"):
                right = whole if gelu is None else F.gelu(whole, approximate=gelu)
                atol, rtol = (0.02, 0.01) if rounds else (1e-5, 1e-5)
                torch.testing.assert_close(linear(*ours, bias, gelu).float(), right, atol=atol, rtol=rtol)
    # no such operator, called otherwise, not on this processor, another result
    except (AttributeError, TypeError, RuntimeError, AssertionError):
        return False
    return True
