"""The model as it was pretrained: a guess at the next token from every position.

Shapes: B texts, T tokens, D width, V vocabulary.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from core.model.backbone import Backbone


class LanguageModel(nn.Module):
    """A backbone whose token embeddings also serve as the output layer, as in GPT-2; it has no weights of its own."""

    bf16 = False  # as in `Linear`

    def __init__(self, backbone: Backbone):
        super().__init__()
        self.backbone = backbone

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
        table = self.backbone.token_table
        return F.linear(h.bfloat16(), table.bfloat16()).float() if self.bf16 else F.linear(h, table)

    def group_of(self, name: str) -> str:
        """The line of the chart of changes that a parameter belongs to."""
        return self.backbone.group_of(name.removeprefix("backbone."))
