"""A classifier: backbone, readout and head, cut at any depth into a frozen prefix and the rest."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from core.architectures.architecture import Architecture, Dense
from core.freeze import FreezePlan
from core.model import readout as readouts
from core.model.families import backbone_for
from core.model.linear import Linear
from core.model.lora import Adapter
from core.readout import ClassifierKind
from core.recipe_parts import Lora


class Classifier(nn.Module):
    """Logits (B, C) from token ids (B, T).

    `forward == suffix(prefix(ids, lengths, depth), lengths, depth)` at every depth.

    With `rows` = "needed", the last block computes only the position that is read out, and with the readout
    `first`, which sees nothing else in a causal model, every block; and where the head alone learns, the prefix of all
    blocks ends with what is read out. With "all" the same comes of computing every position.

    `kind` says what is built on the backbone.
    """

    def __init__(self, arch: Architecture, n_classes: int, kind: ClassifierKind, rows: str = "needed"):
        super().__init__()
        self.causal = arch.causal and kind.causal
        self.backbone = backbone_for(arch, self.causal)
        self.readout, self.outputs, self.n_classes = kind.readout, kind.outputs, n_classes
        self.needed, self.head_alone = rows == "needed", False
        self.one_row = self.needed and self.readout.one_row
        self.one_token = self.one_row and self.readout.sees_only_first(self.causal)
        n_outputs = 1 if self.outputs == "sigmoid" else n_classes
        last = nn.Linear(arch.width, n_outputs, bias=arch.biased(kind.head))
        dense = arch.dense_of(kind.head)
        self.head = nn.Sequential(*_between(dense, arch), last) if dense else last
        self.ever_trained: set[str] = set()  # parts that learn, or have learned

    def new_head(self, seed: int) -> None:
        """Initialize the head as the book does: PyTorch's default for each layer, right after seeding."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for layer in self.head.modules():
                if isinstance(layer, nn.Linear | nn.LayerNorm):
                    layer.reset_parameters()

    def adapt(self, plan: FreezePlan, lora: Lora, seed: int) -> None:
        """Give the blocks that the plan says adapters, where they have none, drawn from the seed."""
        generator = torch.Generator().manual_seed(seed)
        for i, block in enumerate(self.backbone.blocks):
            layers = {name: layer for layer in block.modules() if isinstance(layer, Linear) for name in layer.stacked}
            if f"lora.{i}" not in plan.parts or any(layer.lora for layer in layers.values()):
                continue
            for name in lora.adapted(self.backbone.arch.matrices):
                layer = layers[name]
                shape = layer.out_features // len(layer.stacked), layer.in_features
                adapter = Adapter(shape, lora.rank, lora.scale, lora.dropout, generator)
                layer.lora[name] = adapter.to(layer.weight.device, layer.weight.dtype).train(self.training)

    def merge(self) -> None:
        """Make adapters a part of the matrices beside them, which then compute the same."""
        for layer in self.modules():
            if isinstance(layer, Linear) and layer.lora:
                layer.merge()

    def kept_positions(self, lengths: Tensor, width: int, depth: int) -> Tensor:
        """How many leading positions of each text matter in what `prefix` gives: (B,) int64.

        `width` is what the texts are padded to; only some readouts look beyond the real tokens.
        """
        whole = depth == self.backbone.arch.n_blocks
        if self.one_token or (self.one_row and whole) or self.reads_out_below(depth):
            return torch.ones_like(lengths)
        return readouts.read(self.readout, lengths, width)

    def reads_out_below(self, depth: int) -> bool:
        """Whether the prefix ends with what is read out, normalized, because only the head learns."""
        return self.needed and self.head_alone and depth == self.backbone.arch.n_blocks

    def prefix(self, ids: Tensor, lengths: Tensor, depth: int, segments: Tensor | None = None) -> Tensor:
        """Embeddings and the first `depth` blocks: ids (B, T), lengths (B,) -> (B, T, D).

        `segments` as in `Backbone.embed`. Where one position is all that the rest needs, (B, 1, D).
        """
        if self.one_token:
            ids = ids[:, :1]
        h = self._blocks(self.backbone.embed(ids, segments=segments), lengths, 0, depth)
        return self._read_out(h, lengths)[:, None] if self.reads_out_below(depth) else h

    def suffix(self, h: Tensor, lengths: Tensor, depth: int) -> Tensor:
        """The blocks from `depth` on, readout, final norm, head: what `prefix` gave, lengths (B,) -> (B, C)."""
        if self.reads_out_below(depth):
            return self.classify(h[:, 0])
        return self.classify(self._read_out(self._blocks(h, lengths, depth, self.backbone.arch.n_blocks), lengths))

    def _read_out(self, h: Tensor, lengths: Tensor) -> Tensor:
        """What the readout looks at, normalized: the last block's output, lengths (B,) -> (B, D).

        The output is (B, T, D), or (B, 1, D) where the block has made no more than the one position that is read.
        """
        if not self.readout.one_row:
            n = readouts.read(self.readout, lengths, h.shape[1])
            return readouts.mean(self.backbone.norm(h), n)
        if h.shape[1] > 1:
            position = readouts.position(self.readout, lengths, h.shape[1])
            h = h[torch.arange(len(h), device=h.device), position, None]
        # the norm acts on each position by itself: only the one that is read needs it
        return self.backbone.norm(h[:, 0])

    def states(self, h: Tensor, lengths: Tensor, depth: int) -> dict[str, Tensor]:
        """What readouts look at, by their names, normalized (B, D): the model's own, and the mean of real tokens.

        From what `prefix` gave and lengths (B,). Where that holds a single position of each text, there is no mean.
        """
        if self.reads_out_below(depth):
            return {self.readout.name: h[:, 0]}
        last = self.backbone.arch.n_blocks
        if self.readout.name == "mean" or self.one_token or (self.one_row and depth == last):
            return {self.readout.name: self._read_out(self._blocks(h, lengths, depth, last), lengths)}
        h = self._blocks(h, lengths, depth, last, every=True)
        own = self._read_out(h, lengths)
        return {self.readout.name: own, "mean": readouts.mean(self.backbone.norm(h), lengths)}

    def classify(self, h: Tensor) -> Tensor:
        """What was read out, normalized (N, D) -> logits (N, C).

        A single logit z becomes (0, z), whose softmax is z's sigmoid, and whose cross entropy is binary.
        """
        logits = self.head(h)
        return torch.cat([torch.zeros_like(logits), logits], dim=1) if self.outputs == "sigmoid" else logits

    def _blocks(self, h: Tensor, lengths: Tensor, first: int, last: int, every: bool = False) -> Tensor:
        """Blocks `first` to `last` (exclusive); `every` position of the last one where only one is needed."""
        if first == last:
            return h
        width = h.shape[1]
        context = self.backbone.batch_context(readouts.read(self.readout, lengths, width), width)
        for i in range(first, last):
            one = self.one_row and not every and i == self.backbone.arch.n_blocks - 1
            rows = readouts.position(self.readout, lengths, width) if one else None
            h = self.backbone.block(i, h, context, rows)
        return h

    def forward(self, ids: Tensor, lengths: Tensor, segments: Tensor | None = None) -> Tensor:
        """ids (B, T) int64, lengths (B,) int64, segments as in `Backbone.embed` -> logits (B, C)."""
        return self.suffix(self.prefix(ids, lengths, 0, segments), lengths, 0)

    def part_of(self, name: str) -> str:
        """The part of the freeze plan that a parameter belongs to."""
        return "head" if name.startswith("head.") else self.backbone.part_of(name.removeprefix("backbone."))

    def group_of(self, name: str) -> str:
        """The line of the chart of changes that a parameter belongs to."""
        return "head" if name.startswith("head.") else self.backbone.group_of(name.removeprefix("backbone."))

    def freeze(self, plan: FreezePlan) -> None:
        """Let exactly the plan's parts learn."""
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(self.part_of(name) in plan.parts)
        self.head_alone = plan.head_alone
        self.ever_trained |= plan.parts

    def reset_ever_trained(self, parts: set[str]) -> None:
        """Let no more than these parts count as ever trained; adapters of others go."""
        self.ever_trained = set(parts)
        for i, block in enumerate(self.backbone.blocks):
            for layer in block.modules():
                if isinstance(layer, Linear) and f"lora.{i}" not in parts:
                    layer.lora = nn.ModuleDict()

    def trainable_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters that learn, by name, in a fixed order."""
        return ((name, p) for name, p in self.named_parameters() if p.requires_grad)

    def ever_trained_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters that learn, or have learned before they were frozen."""
        return ((name, p) for name, p in self.named_parameters() if self.part_of(name) in self.ever_trained)

    def prefix_parameters(self, depth: int) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters on which all depends that `prefix` gives."""
        below = self._below(depth)
        return ((name, p) for name, p in self.named_parameters() if self.part_of(name) in below)

    def is_new_below(self, depth: int) -> bool:
        """Whether nothing has ever learned on which depends what `prefix` gives."""
        return not self._below(depth) & self.ever_trained

    def merged_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """What learns or has learned, with adapters merged into the matrices beside them."""
        adapted = {
            f"{name}.weight": layer for name, layer in self.named_modules() if isinstance(layer, Linear) and layer.lora
        }
        for name, p in self.ever_trained_parameters():
            if ".lora." not in name and name not in adapted:
                yield name, p
        yield from ((name, layer.whole()) for name, layer in adapted.items())

    def _below(self, depth: int) -> set[str]:
        blocks = {f"{kind}.{i}" for kind in ("blocks", "lora") for i in range(depth)}
        return {"embeddings", *blocks} | ({"norm"} if self.reads_out_below(depth) else set())


def _between(dense: Dense, arch: Architecture) -> list[nn.Module]:
    """What stands in a head before its last layer: (N, D) -> (N, D)."""
    activation = {"tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU}[dense.activation]
    norm = [nn.LayerNorm(arch.width, eps=arch.epsilon, bias=dense.bias)] if dense.norm else []
    return [nn.Linear(arch.width, arch.width, bias=dense.bias), activation(), *norm]
