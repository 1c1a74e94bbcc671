"""A classifier: backbone, readout and head, cut at any depth into a frozen prefix and the rest."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.model import readout as readouts
from core.model.freeze import FreezePlan
from core.model.gpt2 import GPT2
from core.presets import Shape


class Classifier(nn.Module):
    """Logits (B, C) from token ids (B, T). `forward == suffix(prefix(ids, depth), lengths, depth)` at every depth."""

    def __init__(self, shape: Shape, n_classes: int, readout: str):
        super().__init__()
        self.backbone = GPT2(shape)
        self.readout = readout
        self.head = nn.Linear(shape.width, n_classes)

    def new_head(self, seed: int) -> None:
        """Initialize the head as the book does: PyTorch's default for a linear layer, right after seeding."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head.reset_parameters()

    def prefix(self, ids: Tensor, depth: int) -> Tensor:
        """Embeddings and the first `depth` blocks: ids (B, T) -> (B, T, D)."""
        h = self.backbone.embed(ids)
        for i in range(depth):
            h = self.backbone.block(i, h)
        return h

    def suffix(self, h: Tensor, lengths: Tensor, depth: int) -> Tensor:
        """The blocks from `depth` on, readout, final norm, head: (B, T, D), lengths (B,) -> (B, C)."""
        for i in range(depth, len(self.backbone.h)):
            h = self.backbone.block(i, h)
        position = readouts.position(self.readout, lengths, h.shape[1])
        if position is None:
            read = readouts.mean_real(self.backbone.norm(h), lengths)
        else:
            # the norm acts on each position by itself: only the one that is read needs it
            read = self.backbone.norm(h[torch.arange(len(h), device=h.device), position])
        return self.head(read)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """ids (B, T) int64, lengths (B,) int64 -> logits (B, C)."""
        return self.suffix(self.prefix(ids, 0), lengths, 0)

    def freeze(self, plan: FreezePlan) -> None:
        """Let exactly the plan's parts learn."""
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(part_of(name) in plan.parts)

    def learning(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters that learn, by name, in a fixed order."""
        return ((name, p) for name, p in self.named_parameters() if p.requires_grad)


def part_of(name: str) -> str:
    """The part of the freeze plan that a parameter of a Classifier belongs to."""
    root, _, rest = name.partition(".")
    if root == "head":
        return "head"
    match rest.split("."):
        case ["wte" | "wpe", *_]:
            return "embeddings"
        case ["h", i, *_]:
            return f"blocks.{i}"
    return "norm"
