"""A product in bf16 with its bias and activation in one pass, from a weight that is laid out for this processor.

These are oneDNN's operators as PyTorch's own compiler calls them on CPUs. They are not public, so they are called here
only, and only where `works` finds that they do what public ones do. They know no gradients.
"""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor


def pack(weight: Tensor) -> Tensor:
    """A weight (out, in) as `linear` takes it."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.detach().bfloat16())


def linear(x: Tensor, packed: Tensor, bias: Tensor | None, gelu: str | None = None) -> Tensor:
    """(..., in), bf16 -> (..., out), bf16; bias (out,), if any, and GELU, if its approximation is named, in fp32."""
    activation, added = "none" if gelu is None else "gelu", None if bias is None else bias.detach().float()
    return torch.ops.mkldnn._linear_pointwise(x, packed, added, activation, [], gelu or "")


@cache
def works() -> bool:
    """Whether this build of PyTorch has these operators, and they do here what they should."""
    generator = torch.Generator().manual_seed(0)
    x, weight, bias = (torch.randn(shape, generator=generator) for shape in ((2, 3, 32), (48, 32), (48,)))
    whole = F.linear(x.bfloat16().float(), weight.bfloat16().float(), bias)
    try:
        with torch.no_grad():
            for gelu in (None, "none", "tanh"):
                right = whole if gelu is None else F.gelu(whole, approximate=gelu)
                torch.testing.assert_close(
                    linear(x.bfloat16(), pack(weight), bias, gelu).float(), right, atol=0.02, rtol=0.01
                )
    # no such operator, called otherwise, not on this processor, another result
    except (AttributeError, TypeError, RuntimeError, AssertionError):
        return False
    return True
