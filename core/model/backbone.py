"""What every family's transformer can do. Nothing outside a family's own two files knows the names of its tensors.

Shapes: B texts, T tokens, D width.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.architecture import Architecture

Context = Any  # what all blocks need to know of a batch, as its family makes it; None where that is nothing


class Backbone(nn.Module, ABC):
    """The pretrained transformer without its language-model head: embeddings, blocks and final norm.

    What of a family's modules is what is found by their names: tables of embeddings are those under the blocks, that
    of tokens first.
    """

    stack: ClassVar[str] = "layers"  # its blocks
    final: ClassVar[str] = ""  # the final norm; empty where blocks end in one
    second_half: ClassVar[tuple[str, ...]] = ("norm_2", "up", "down")  # of a block's modules, what is not attention

    def __init__(self, arch: Architecture, causal: bool):
        super().__init__()
        self.arch, self.causal = arch, causal

    @property
    def blocks(self) -> nn.ModuleList:
        return cast(nn.ModuleList, getattr(self, self.stack))

    @property
    def token_table(self) -> Tensor:
        """The embeddings of tokens (V, D)."""
        return self.tables[0]

    @property
    def tables(self) -> list[Tensor]:
        """Every table of embeddings, that of tokens first."""
        return [module.weight for module in self.children() if isinstance(module, nn.Embedding)]

    def embed(self, ids: Tensor, start: int = 0, segments: Tensor | None = None) -> Tensor:
        """Token ids (B, T), int64, the first of them at position `start` -> (B, T, D).

        `segments` (B, T) says which part of its text each token belongs to; None where there is one part only. A
        family that knows no segments takes a text of several parts for one.
        """
        return F.embedding(ids, self.token_table)

    @abstractmethod
    def batch_context(self, lengths: Tensor, n_tokens: int, start: int = 0) -> Context:
        """What blocks need to know of a batch of `n_tokens` positions: masks and the like, once for all of them.

        The first `lengths` (B,) positions of each text count as text. Those from `start` on go through the blocks.
        """

    def block(
        self, i: int, h: Tensor, context: Context, rows: Tensor | None = None, cache: Tensor | None = None
    ) -> Tensor:
        """Block `i`: (B, T, D) -> (B, T, D).

        With `rows` (B,), only that position of each text -> (B, 1, D). With `cache` (2, B, heads, S, head_dim), which
        causal families take, keys and values of S positions, T of which are new: theirs are written to its end, and
        all are attended to.
        """
        return self.blocks[i](h, context, rows) if cache is None else self.blocks[i](h, context, rows, cache)

    def norm(self, h: Tensor) -> Tensor:
        """The final norm, (..., D) -> (..., D); nothing where blocks end in a norm."""
        return getattr(self, self.final)(h) if self.final else h

    def part_of(self, name: str) -> str:
        """The part of the freeze plan that a parameter belongs to."""
        top, *rest = name.split(".")
        if top == self.stack:
            return f"lora.{rest[0]}" if "lora" in rest else f"blocks.{rest[0]}"
        return "norm" if top == self.final else "embeddings"

    def group_of(self, name: str) -> str:
        """The line of the chart of changes that a parameter belongs to: its part; of a block, attention or MLP."""
        part = self.part_of(name)
        if not part.startswith("blocks."):
            return part
        return f"{part}.mlp" if name.split(".")[2] in self.second_half else f"{part}.attn"

    def initialize(self, generator: torch.Generator) -> None:
        """Draw random weights, as the family's were before pretraining: matrices as `draw` does."""
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif parameter.ndim == 1:  # the gain of a norm
                nn.init.ones_(parameter)
            else:
                self.draw(name, parameter, generator)

    def draw(self, name: str, matrix: Tensor, generator: torch.Generator) -> None:
        """Draw one matrix: N(0, 0.02), where a family does not say otherwise."""
        nn.init.normal_(matrix, std=0.02, generator=generator)


def table(n: int, width: int) -> nn.Embedding:
    """A table of `n` embeddings, drawn as `nn.Embedding` draws it; on the meta device nothing is drawn."""
    drawn = torch.empty if torch.get_default_device().type == "meta" else torch.randn  # see `to_memory`
    return nn.Embedding.from_pretrained(drawn(n, width), freeze=False)


def to_memory(model: nn.Module) -> None:
    """Move a model that was made on the meta device to the CPU; what its parameters hold there is any number.

    PyTorch's own way, `to_empty`, like drawing numbers on that device, brings its compiler, whose import takes seconds.
    """
    empty = {name: torch.empty(p.shape, dtype=p.dtype, device="cpu") for name, p in model.state_dict().items()}
    model.load_state_dict(empty, assign=True)
