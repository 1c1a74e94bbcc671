"""A linear layer whose product can be taken in bf16, and that can have adapters."""

from typing import NamedTuple, Protocol, cast, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model import few_rows, onednn
from core.model.lora import Adapter


class _Kept(NamedTuple):
    """A weight in bf16."""

    packed: bool
    version: int  # of what it was made of
    weight: Tensor


class Linear(nn.Linear):
    """Weights, input and output are fp32; with `bf16` set, the product between them is bf16.

    With `onednn` set, products are oneDNN's: in fp32 large ones, in bf16 those that need no gradient, and these have
    their output in bf16, which a residual stream in fp32 takes up. A weight in bf16 is kept until it moves or learns.
    `lora` holds an Adapter for some of the `stacked` matrices of equal height that the weight is made of, by their
    names from the top.
    """

    bf16 = onednn = False

    def __init__(self, n_in: int, n_out: int, *stacked: str, bias: bool = True):
        super().__init__(n_in, n_out, bias)
        self.stacked = stacked
        self.lora = nn.ModuleDict()
        self._kept: dict[tuple[str, ...], _Kept] = {}  # in bf16, the weights of some of the stacked matrices

    def forward(self, x: Tensor, gelu: str | None = None, only: tuple[str, ...] = ()) -> Tensor:
        """(..., in) -> (..., out), after GELU where its approximation is named, "none" or "tanh".

        With `only`, the products of just these of the stacked matrices, which are neighbours.
        """
        weight, bias, names = self._rows(only)
        # a compiler fuses by itself, and a model may have moved since
        by_onednn = self.onednn and onednn.takes(weight) and not torch.compiler.is_compiling()
        if by_onednn and self.bf16 and not self.lora and self._is_looked_at(x):
            return onednn.fused_linear(x.bfloat16(), self._in_bf16(weight, only, packed=True), bias, gelu)
        if few_rows.pays(x, weight):
            y = few_rows.linear(x, weight, bias)
        elif self.bf16:
            y = F.linear(x.bfloat16(), self._in_bf16(weight, only, packed=False)).float()
            y = y if bias is None else y + bias
        elif by_onednn:
            y = onednn.linear(x, weight, bias)
        else:
            y = F.linear(x, weight, bias)
        added = {name: adapter(x) for name, adapter in self.lora.items() if name in names}
        if added:
            y = y + self._stack(added, names, dim=-1)
        return y if gelu is None else F.gelu(y, approximate=gelu)

    def _rows(self, only: tuple[str, ...]) -> tuple[Tensor, Tensor | None, tuple[str, ...]]:
        """Weight and bias of these of the stacked matrices, and their names; of all where none are named."""
        if not only:
            return self.weight, self.bias, self.stacked
        high = len(self.weight) // len(self.stacked)
        rows = slice(high * self.stacked.index(only[0]), high * (self.stacked.index(only[-1]) + 1))
        return self.weight[rows], None if self.bias is None else self.bias[rows], only

    def whole(self) -> Tensor:
        """The weight (out, in) with what adapters add to it."""
        if not self.lora:
            return self.weight
        added = {name: cast(Adapter, one).product() for name, one in self.lora.items()}
        return self.weight + self._stack(added, self.stacked, dim=0)

    def merge(self) -> None:
        """Make what adapters add a part of the weight, and be without them."""
        with torch.no_grad():
            self.weight.copy_(self.whole())
        self.lora = nn.ModuleDict()

    @property
    def drops(self) -> bool:
        """Whether an adapter leaves out inputs now."""
        return any(cast(Adapter, adapter).drops for adapter in self.lora.values())

    @staticmethod
    def _stack(added: dict[str, Tensor], names: tuple[str, ...], dim: int) -> Tensor:
        """What is added to each of the matrices of these names, or to their products, on top of one another."""
        nothing = torch.zeros_like(next(iter(added.values())))
        return torch.cat([added.get(name, nothing) for name in names], dim=dim)

    def _is_looked_at(self, x: Tensor) -> bool:
        """Whether no gradient is asked for."""
        learns = x.requires_grad or any(p.requires_grad for p in self.parameters(recurse=False))
        return not (torch.is_grad_enabled() and learns)

    def _in_bf16(self, weight: Tensor, only: tuple[str, ...], packed: bool) -> Tensor:
        if torch.is_grad_enabled() and self.weight.requires_grad:
            self._kept.clear()
            return weight.bfloat16()
        kept = self._kept.get(only)
        if kept is None or (kept.packed, kept.version) != (packed, self.weight._version):
            weight = weight.detach()
            kept = _Kept(packed, self.weight._version, onednn.pack(weight) if packed else weight.bfloat16())
            self._kept[only] = kept
        return kept.weight


@runtime_checkable
class _Multiplies(Protocol):
    bf16: bool


def multiply_in(model: nn.Module, precision: str, by_onednn: bool = True) -> None:
    """Take the products of every module that has a choice, as `Linear` has, in `fp32` or `bf16`.

    `by_onednn` leaves them to oneDNN on a CPU where that pays.
    """
    for module in model.modules():
        if isinstance(module, _Multiplies):
            module.bf16 = precision == "bf16"
        if isinstance(module, Linear):
            module._kept.clear()
            large = precision == "bf16" or module.weight.numel() >= onednn.LARGE
            module.onednn = by_onednn and large and onednn.pays(precision)
