"""A linear layer whose product can be taken in bf16."""

import torch.nn.functional as F
from torch import Tensor, nn


class Linear(nn.Linear):
    """Weights, input and output are fp32; with `bf16` set, the product between them is bf16.

    A frozen layer's weights are cast once, a learning one's each time, because they have moved.
    """

    bf16 = False
    _cast: tuple[int, Tensor] | None = None  # the weight's version, and that in bf16

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)"""
        if not self.bf16:
            return F.linear(x, self.weight, self.bias)
        return F.linear(x.bfloat16(), self._weight_in_bf16()).float() + self.bias

    def _weight_in_bf16(self) -> Tensor:
        if self.weight.requires_grad:
            self._cast = None
            return self.weight.bfloat16()
        if self._cast is None or self._cast[0] != self.weight._version:
            self._cast = self.weight._version, self.weight.detach().bfloat16()
        return self._cast[1]


def multiply_in(model: nn.Module, precision: str) -> None:
    """Take the products of every module that has a choice, as `Linear` has, in `fp32` or `bf16`."""
    for module in model.modules():
        if hasattr(module, "bf16"):
            module.bf16 = precision == "bf16"
        if isinstance(module, Linear) and not module.bf16:
            module._cast = None
