"""A classifier: backbone, readout and head, cut at any depth into a frozen prefix and the rest."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.model import readout as readouts
from core.model.freeze import FreezePlan
from core.model.gpt2 import GPT2
from core.presets import Shape


class Classifier(nn.Module):
    """Logits (B, C) from token ids (B, T). `forward == suffix(prefix(ids, lengths, depth), lengths, depth)` at every depth.

    With `rows` = "needed", the last block computes only the position that is read out, and with the readout
    `first`, which sees nothing else, every block; with "all" the same comes of computing every position.
    """

    def __init__(self, shape: Shape, n_classes: int, readout: str, rows: str = "needed"):
        super().__init__()
        self.backbone = GPT2(shape)
        self.readout = readout
        self.one_row = rows == "needed" and readout in readouts.ONE_ROW
        self.head = nn.Linear(shape.width, n_classes)

    def new_head(self, seed: int) -> None:
        """Initialize the head as the book does: PyTorch's default for a linear layer, right after seeding."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head.reset_parameters()

    def kept(self, lengths: Tensor, width: int, depth: int) -> Tensor:
        """How many leading positions of each text matter in what `prefix` gives: (B,) int64.

        `width` is what the texts are padded to; only the readout `last_pad` looks beyond the real tokens.
        """
        if self.one_row and (self.readout == "first" or depth == len(self.backbone.h)):
            return torch.ones_like(lengths)
        return torch.full_like(lengths, width) if self.readout == "last_pad" else lengths

    def prefix(self, ids: Tensor, lengths: Tensor, depth: int) -> Tensor:
        """Embeddings and the first `depth` blocks: ids (B, T), lengths (B,) -> (B, T, D).

        Where one position is all that the rest needs, (B, 1, D).
        """
        if self.one_row and self.readout == "first":
            ids = ids[:, :1]
        return self._blocks(self.backbone.embed(ids), lengths, 0, depth)

    def suffix(self, h: Tensor, lengths: Tensor, depth: int) -> Tensor:
        """The blocks from `depth` on, readout, final norm, head: what `prefix` gave, lengths (B,) -> (B, C)."""
        h = self._blocks(h, lengths, depth, len(self.backbone.h))
        if self.readout == "mean":
            return self.head(readouts.mean_real(self.backbone.norm(h), lengths))
        if not self.one_row:
            position = readouts.position(self.readout, lengths, h.shape[1])
            h = h[torch.arange(len(h), device=h.device), position, None]
        # the norm acts on each position by itself: only the one that is read needs it
        return self.head(self.backbone.norm(h[:, 0]))

    def _blocks(self, h: Tensor, lengths: Tensor, first: int, last: int) -> Tensor:
        for i in range(first, last):
            one = self.one_row and i == len(self.backbone.h) - 1
            rows = readouts.position(self.readout, lengths, h.shape[1]) if one else None
            h = self.backbone.block(i, h, rows)
        return h

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """ids (B, T) int64, lengths (B,) int64 -> logits (B, C)."""
        return self.suffix(self.prefix(ids, lengths, 0), lengths, 0)

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
