"""The model as it was pretrained: a guess at the next token from every position.

Shapes: B texts, T tokens, D width, V vocabulary.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model.backbone import Backbone
from core.model.weights import WeightsFile, demand_shape


class LanguageModel(nn.Module):
    """A backbone and its output layer: the token embeddings once more, as in GPT-2, or a table (V, D) of its own."""

    bf16 = False  # as in `Linear`

    def __init__(self, backbone: Backbone):
        super().__init__()
        self.backbone = backbone
        tied = backbone.arch.own_output is None
        self.table = None if tied else nn.Parameter(torch.empty(backbone.token_table.shape))

    def forward(self, ids: Tensor) -> Tensor:
        """Token ids (B, T), int64 -> logits (B, T, V) of the token after each."""
        return self.logits(self.hidden(ids))

    def hidden(self, ids: Tensor) -> Tensor:
        """Token ids (B, T), int64 -> normalized hidden states (B, T, D)."""
        h = self.backbone.embed(ids)
        context = self.backbone.batch_context(ids.new_full(ids.shape[:1], ids.shape[1]), ids.shape[1])
        for i in range(self.backbone.arch.n_blocks):
            h = self.backbone.block(i, h, context)
        return self.backbone.norm(h)

    def logits(self, h: Tensor) -> Tensor:
        """Normalized hidden states (..., D) -> (..., V)."""
        table = self.backbone.token_table if self.table is None else self.table
        return F.linear(h.bfloat16(), table.bfloat16()).float() if self.bf16 else F.linear(h, table)

    @torch.no_grad()
    def load_head(self, file: WeightsFile) -> bool:
        """Copy what comes after the backbone, once that has its own weights; False where the file does not hold it.

        Raises BadModel where it is of another shape.
        """
        own = self.backbone.arch.own_output
        if own is None or self.table is None:
            return True
        try:
            tensor = file.tensor(own)
        except KeyError:
            return False
        demand_shape(file.path, own.names[0], tensor, self.table)
        self.table.copy_(tensor)
        return True

    def initialize(self, generator: torch.Generator) -> None:
        """Random weights, as before pretraining."""
        self.backbone.initialize(generator)
        if self.table is not None:
            nn.init.normal_(self.table, std=0.02, generator=generator)

    def group_of(self, name: str) -> str:
        """The line of the chart of changes that a parameter belongs to."""
        return self.backbone.group_of(name.removeprefix("backbone."))
