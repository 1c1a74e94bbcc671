"""A linear layer whose product can be taken in bf16, and that can have adapters."""

from typing import Protocol, cast, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model import fused
from core.model.lora import Adapter


class Linear(nn.Linear):
    """Weights, input and output are fp32; with `bf16` set, the product between them is bf16.

    With `fused` set too, what needs no gradient has its output in bf16, which a residual stream in fp32 takes up.
    A weight in bf16 is kept until it moves or learns. `lora` holds an Adapter for some of the `stacked` matrices of
    equal height that the weight is made of, by their names from the top.
    """

    bf16 = fused = False
    _kept: tuple[bool, int, Tensor] | None = None  # a weight in bf16: whether it is packed, its version, itself

    def __init__(self, n_in: int, n_out: int, *stacked: str, bias: bool = True):
        super().__init__(n_in, n_out, bias)
        self.stacked = stacked
        self.lora = nn.ModuleDict()

    def forward(self, x: Tensor, gelu: str | None = None) -> Tensor:
        """(..., in) -> (..., out), after GELU where its approximation is named, "none" or "tanh"."""
        if self.fused and not self.lora and self._is_looked_at(x):
            return fused.linear(x.bfloat16(), self._in_bf16(packed=True), self.bias, gelu)
        if self.bf16:
            y = F.linear(x.bfloat16(), self._in_bf16(packed=False)).float()
            y = y if self.bias is None else y + self.bias
        else:
            y = F.linear(x, self.weight, self.bias)
        if self.lora:
            y = y + self._stack({name: adapter(x) for name, adapter in self.lora.items()}, dim=-1)
        return y if gelu is None else F.gelu(y, approximate=gelu)

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

    def _is_looked_at(self, x: Tensor) -> bool:
        """Whether no gradient is asked for, and no compiler looks on, which fuses by itself."""
        learns = x.requires_grad or any(p.requires_grad for p in self.parameters(recurse=False))
        return not (torch.is_grad_enabled() and learns) and not torch.compiler.is_compiling()

    def _in_bf16(self, packed: bool) -> Tensor:
        if torch.is_grad_enabled() and self.weight.requires_grad:
            self._kept = None
            return self.weight.bfloat16()
        if self._kept is None or self._kept[:2] != (packed, self.weight._version):
            weight = self.weight.detach()
            self._kept = packed, self.weight._version, fused.pack(weight) if packed else weight.bfloat16()
        return self._kept[2]


@runtime_checkable
class _Multiplies(Protocol):
    bf16: bool


def multiply_in(model: nn.Module, precision: str, fuse: bool = True) -> None:
    """Take the products of every module that has a choice, as `Linear` has, in `fp32` or `bf16`.

    In bf16 on a CPU that can do it, biases and activations are `fuse`d into them where no gradient is needed.
    """
    for module in model.modules():
        if isinstance(module, _Multiplies):
            module.bf16 = precision == "bf16"
        if isinstance(module, Linear):
            module._kept = None
            module.fused = module.bf16 and fuse and module.weight.device.type == "cpu" and fused.works()
