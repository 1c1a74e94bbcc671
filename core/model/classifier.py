"""A classifier: backbone, readout and head, cut at any depth into a frozen prefix and the rest."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.freeze import FreezePlan
from core.model import readout as readouts
from core.model.gpt2 import GPT2
from core.model.linear import Linear
from core.model.lora import Adapter
from core.presets import Shape
from core.recipe import Lora, Model


class Classifier(nn.Module):
    """Logits (B, C) from token ids (B, T). `forward == suffix(prefix(ids, lengths, depth), lengths, depth)` at every depth.

    With `rows` = "needed", the last block computes only the position that is read out, and with the readout
    `first`, which sees nothing else in a causal model, every block; with "all" the same comes of computing every
    position. `kind` says what is built on the backbone.
    """

    def __init__(self, shape: Shape, n_classes: int, kind: Model, rows: str = "needed"):
        super().__init__()
        self.backbone = GPT2(shape)
        self.readout, self.causal, self.outputs = kind.readout, kind.causal, kind.outputs
        self.n_classes = n_classes
        self.one_row = rows == "needed" and self.readout in readouts.ONE_ROW
        self.one_token = self.one_row and self.readout == "first" and self.causal
        last = nn.Linear(shape.width, 1 if self.outputs == "sigmoid" else n_classes)
        two = kind.head == "mlp"
        self.head = nn.Sequential(nn.Linear(shape.width, shape.width), nn.Tanh(), last) if two else last
        self.ever_trained: set[str] = set()  # parts that learn, or have learned

    def new_head(self, seed: int) -> None:
        """Initialize the head as the book does: PyTorch's default for a linear layer, right after seeding."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for layer in self.head.modules():
                if isinstance(layer, nn.Linear):
                    layer.reset_parameters()

    def adapt(self, plan: FreezePlan, lora: Lora, seed: int) -> None:
        """Give the blocks that the plan says adapters, where they have none, drawn from the seed."""
        generator = torch.Generator().manual_seed(seed)
        for i, block in enumerate(self.backbone.h):
            layers = {name: layer for layer in block.modules() if isinstance(layer, Linear) for name in layer.stacked}
            if f"lora.{i}" not in plan.parts or any(layer.lora for layer in layers.values()):
                continue
            for name in lora.adapted:
                layer = layers[name]
                wide = layer.out_features // len(layer.stacked), layer.in_features
                adapter = Adapter(wide, lora.rank, lora.scale, lora.dropout, generator)
                layer.lora[name] = adapter.to(layer.weight.device, layer.weight.dtype).train(self.training)

    def merge(self) -> None:
        """Make adapters a part of the matrices beside them, which then compute the same."""
        for layer in self.modules():
            if isinstance(layer, Linear) and layer.lora:
                layer.merge()

    def kept(self, lengths: Tensor, width: int, depth: int) -> Tensor:
        """How many leading positions of each text matter in what `prefix` gives: (B,) int64.

        `width` is what the texts are padded to; only some readouts look beyond the real tokens.
        """
        if self.one_token or (self.one_row and depth == len(self.backbone.h)):
            return torch.ones_like(lengths)
        return readouts.read(self.readout, lengths, width)

    def prefix(self, ids: Tensor, lengths: Tensor, depth: int) -> Tensor:
        """Embeddings and the first `depth` blocks: ids (B, T), lengths (B,) -> (B, T, D).

        Where one position is all that the rest needs, (B, 1, D).
        """
        if self.one_token:
            ids = ids[:, :1]
        return self._blocks(self.backbone.embed(ids), lengths, 0, depth)

    def suffix(self, h: Tensor, lengths: Tensor, depth: int) -> Tensor:
        """The blocks from `depth` on, readout, final norm, head: what `prefix` gave, lengths (B,) -> (B, C)."""
        h = self._blocks(h, lengths, depth, len(self.backbone.h))
        if self.readout not in readouts.ONE_ROW:
            n = readouts.read(self.readout, lengths, h.shape[1])
            return self.classify(readouts.mean(self.backbone.norm(h), n))
        if not self.one_row:
            position = readouts.position(self.readout, lengths, h.shape[1])
            h = h[torch.arange(len(h), device=h.device), position, None]
        # the norm acts on each position by itself: only the one that is read needs it
        return self.classify(self.backbone.norm(h[:, 0]))

    def classify(self, h: Tensor) -> Tensor:
        """What was read out, normalized (N, D) -> logits (N, C).

        A single logit z becomes (0, z), whose softmax is z's sigmoid, and whose cross entropy is binary.
        """
        logits = self.head(h)
        return torch.cat([torch.zeros_like(logits), logits], dim=1) if self.outputs == "sigmoid" else logits

    def _blocks(self, h: Tensor, lengths: Tensor, first: int, last: int) -> Tensor:
        seen = None if self.causal else readouts.read(self.readout, lengths, h.shape[1])
        for i in range(first, last):
            one = self.one_row and i == len(self.backbone.h) - 1
            rows = readouts.position(self.readout, lengths, h.shape[1]) if one else None
            h = self.backbone.block(i, h, rows, seen)
        return h

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """ids (B, T) int64, lengths (B,) int64 -> logits (B, C)."""
        return self.suffix(self.prefix(ids, lengths, 0), lengths, 0)

    def freeze(self, plan: FreezePlan) -> None:
        """Let exactly the plan's parts learn."""
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(part_of(name) in plan.parts)
        self.ever_trained |= plan.parts

    def forget(self, ever_trained: set[str]) -> None:
        """Let no more than these parts count as taught; adapters of others go."""
        self.ever_trained = set(ever_trained)
        for i, block in enumerate(self.backbone.h):
            for layer in block.modules():
                if isinstance(layer, Linear) and f"lora.{i}" not in ever_trained:
                    layer.lora = nn.ModuleDict()

    def learning(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters that learn, by name, in a fixed order."""
        return ((name, p) for name, p in self.named_parameters() if p.requires_grad)

    def learned(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters that learn, or have learned before they were frozen."""
        return ((name, p) for name, p in self.named_parameters() if part_of(name) in self.ever_trained)

    def is_new_below(self, depth: int) -> bool:
        """Whether nothing under block `depth` has ever learned."""
        below = {"embeddings", *(f"{kind}.{i}" for kind in ("blocks", "lora") for i in range(depth))}
        return not below & self.ever_trained

    def moved(self) -> Iterator[tuple[str, Tensor]]:
        """The same as matrices of the model without adapters: one that has some counts with what they add."""
        adapted = {
            f"{name}.weight": layer for name, layer in self.named_modules() if isinstance(layer, Linear) and layer.lora
        }
        yield from ((name, p) for name, p in self.learned() if ".lora." not in name and name not in adapted)
        yield from ((name, layer.whole()) for name, layer in adapted.items())


def part_of(name: str) -> str:
    """The part of the freeze plan that a parameter of a Classifier belongs to."""
    root, _, rest = name.partition(".")
    if root == "head":
        return "head"
    match rest.split("."):
        case ["wte" | "wpe", *_]:
            return "embeddings"
        case ["h", i, *rest]:
            return f"lora.{i}" if "lora" in rest else f"blocks.{i}"
    return "norm"
