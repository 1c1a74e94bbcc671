"""Products as oneDNN takes them, where that is faster than PyTorch's own way.

In bf16 that is everywhere, with a weight that is laid out for this processor, and with bias and activation in one pass.
In fp32 PyTorch multiplies with Intel's MKL, which takes slower ways on processors of other makers; there oneDNN takes
large weights as they lie.

These are oneDNN's operators as PyTorch's own compiler calls them on CPUs. They are not public, so they are called here
only, and only where `works` finds that they do what public ones do.
"""

from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

LARGE = 1_000_000  # numbers in a weight: in fp32, MKL is as fast with smaller ones


@cache
def pays(precision: str) -> bool:
    """Whether products in `fp32`, if they are large, or `bf16` are to be taken here, on this machine's CPU."""
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
    try:
        with torch.no_grad():
            if precision == "fp32":
                return torch.allclose(linear(x, weight, bias), F.linear(x, weight, bias), rtol=1e-5, atol=1e-5)
            whole = F.linear(x.bfloat16().float(), weight.bfloat16().float(), bias)
            pairs = (
                (
                    fused_linear(x.bfloat16(), pack(weight), bias, gelu).float(),
                    whole if gelu is None else F.gelu(whole, approximate=gelu),
                )
                for gelu in (None, "none", "tanh")
            )
            # not by torch.testing, which takes a second to import
            return all(torch.allclose(found, right, rtol=0.01, atol=0.02) for found, right in pairs)
    # no such operator, called otherwise, not on this processor, another result
    except (AttributeError, TypeError, RuntimeError):
        return False


def takes(weight: Tensor) -> bool:
    """Whether a weight is of the kind, and on the device, that this is for."""
    return weight.device.type == "cpu" and weight.dtype == torch.float32


def pack(weight: Tensor) -> Tensor:
    """A weight (out, in) as `fused_linear` takes it."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.detach().bfloat16())


def fused_linear(x: Tensor, packed: Tensor, bias: Tensor | None, gelu: str | None = None) -> Tensor:
    """(..., in), bf16 -> (..., out), bf16; bias (out,), if any, and GELU, if its approximation is named, in fp32.

    It knows no gradients.
    """
    return _linear(x, packed, None if bias is None else bias.detach().float(), gelu)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """x (..., in), weight (out, in), bias (out,) if any, all fp32 -> (..., out), as `torch.nn.functional.linear`."""
    y: Tensor = _Linear.apply(x, weight, bias)
    return y


class _Linear(torch.autograd.Function):
    """(..., K), (N, K), (N,) -> (..., N)"""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        to_x, to_weight, _ = ctx.needs_input_grad
        ctx.save_for_backward(x if to_weight else None, weight if to_x else None)  # what is not saved can be let go
        return _linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        y = grads[0]
        g = y.reshape(-1, y.shape[-1])
        to_x, to_weight, to_bias = ctx.needs_input_grad
        return (
            (g @ weight).view(*y.shape[:-1], weight.shape[1]) if to_x else None,
            g.t() @ x.reshape(-1, x.shape[-1]) if to_weight else None,
            g.sum(0) if to_bias else None,
        )


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None, gelu: str | None = None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none" if gelu is None else "gelu", [], gelu or "")
