"""The model as it was pretrained: a guess at the next token from every position.

Shapes: B texts, T tokens, D width, V vocabulary.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from core.model.gpt2 import GPT2


class LanguageModel(nn.Module):
    """A backbone whose token embeddings also serve as the output layer, as in GPT-2; it has no weights of its own."""

    bf16 = False  # as in `Linear`

    def __init__(self, backbone: GPT2):
        super().__init__()
        self.backbone = backbone

    def forward(self, ids: Tensor) -> Tensor:
        """Token ids (B, T), int64 -> logits (B, T, V) of the token after each."""
        return self.logits(self.hidden(ids))

    def hidden(self, ids: Tensor) -> Tensor:
        """Token ids (B, T), int64 -> normalized hidden states (B, T, D)."""
        h = self.backbone.embed(ids)
        for i in range(self.backbone.shape.n_blocks):
            h = self.backbone.block(i, h)
        return self.backbone.norm(h)

    def logits(self, h: Tensor) -> Tensor:
        """Normalized hidden states (..., D) -> (..., V)."""
        table = self.backbone.wte.weight
        return F.linear(h.bfloat16(), table.bfloat16()).float() if self.bf16 else F.linear(h, table)
