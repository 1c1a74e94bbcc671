"""A linear layer whose product can be taken in bf16, and that can have adapters."""

from typing import Protocol, cast, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model.lora import Adapter


class Linear(nn.Linear):
    """Weights, input and output are fp32; with `bf16` set, the product between them is bf16.

    A frozen layer's weights are cast once, a learning one's each time, because they have moved. `lora` holds an Adapter
    for some of the `stacked` matrices of equal height that the weight is made of, by their names from the top.
    """

    bf16 = False
    _cast: tuple[int, Tensor] | None = None  # the weight's version, and that in bf16

    def __init__(self, n_in: int, n_out: int, *stacked: str, bias: bool = True):
        super().__init__(n_in, n_out, bias)
        self.stacked = stacked
        self.lora = nn.ModuleDict()

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)"""
        if self.bf16:
            y = F.linear(x.bfloat16(), self._weight_in_bf16()).float()
            y = y if self.bias is None else y + self.bias
        else:
            y = F.linear(x, self.weight, self.bias)
        return y + self._stack({name: adapter(x) for name, adapter in self.lora.items()}, dim=-1) if self.lora else y

    def whole(self) -> Tensor:
        """The weight (out, in) with what adapters add to it."""
        if not self.lora:
            return self.weight
        return self.weight + self._stack({name: cast(Adapter, one).product() for name, one in self.lora.items()}, dim=0)

    def merge(self) -> None:
        """Make what adapters add a part of the weight, and be without them."""
        with torch.no_grad():
            self.weight.copy_(self.whole())
        self.lora = nn.ModuleDict()

    @property
    def drops(self) -> bool:
        """Whether an adapter leaves out inputs now."""
        return any(cast(Adapter, adapter).drops for adapter in self.lora.values())

    def _stack(self, added: dict[str, Tensor], dim: int) -> Tensor:
        """What is added to each of the stacked matrices, or to their products, on top of one another."""
        nothing = torch.zeros_like(next(iter(added.values())))
        return torch.cat([added.get(name, nothing) for name in self.stacked], dim=dim)

    def _weight_in_bf16(self) -> Tensor:
        if self.weight.requires_grad:
            self._cast = None
            return self.weight.bfloat16()
        if self._cast is None or self._cast[0] != self.weight._version:
            self._cast = self.weight._version, self.weight.detach().bfloat16()
        return self._cast[1]


@runtime_checkable
class _Multiplies(Protocol):
    bf16: bool


def multiply_in(model: nn.Module, precision: str) -> None:
    """Take the products of every module that has a choice, as `Linear` has, in `fp32` or `bf16`."""
    for module in model.modules():
        if isinstance(module, _Multiplies):
            module.bf16 = precision == "bf16"
        if isinstance(module, Linear) and not module.bf16:
            module._cast = None
