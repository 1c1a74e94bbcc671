"""An encoder as it was pretrained: a guess at the token that a mask hides.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers". Shapes: D width, V vocabulary.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.architectures.architecture import Published
from core.errors import BadModel
from core.model.backbone import Backbone
from core.model.language import LanguageModel
from core.model.weights import WeightsFile, demand_shape


class MaskedModel(LanguageModel):
    """A backbone and its head: a dense layer, GELU and a norm, then the table of tokens with a bias of its own."""

    def __init__(self, backbone: Backbone):
        super().__init__(backbone)
        self.shape = arch = backbone.arch
        assert arch.masked_head is not None
        self.head = arch.masked_head
        self.dense = nn.Linear(arch.width, arch.width, bias=self.head.bias)
        self.norm = nn.LayerNorm(arch.width, eps=arch.epsilon, bias=self.head.bias)
        self.bias = nn.Parameter(torch.zeros(arch.vocab))

    def logits(self, h: Tensor) -> Tensor:
        """Hidden states (..., D) -> (..., V), of the token that stands at each position itself."""
        return F.linear(self.norm(F.gelu(self.dense(h))), self.backbone.token_table, self.bias)

    @torch.no_grad()
    def load_head(self, file: WeightsFile) -> bool:
        """Copy the head's weights, once the backbone has its own; False where the file holds no such head.

        Raises BadModel where one is of another shape, or the head has a table of tokens that is not the backbone's.
        """
        for name, published in self.shape.published_masked_head.items():
            try:
                tensor = file.tensor(published)
            except KeyError:
                return False
            parameter = self.get_parameter(name)
            demand_shape(file.path, published.names[0], tensor, parameter)
            parameter.copy_(tensor)
        table = self.head.own_table
        # some files say the same table twice
        if table in file and not torch.equal(file.tensor(Published((table,))), self.backbone.token_table):
            raise BadModel(
                "The head of these weights that guesses masked words has a table of tokens of its own.",
                "It cannot be used here. Choose another model.",
            )
        return True

    def initialize(self, generator: torch.Generator) -> None:
        """Random weights, as before pretraining."""
        self.backbone.initialize(generator)
        nn.init.normal_(self.dense.weight, std=0.02, generator=generator)
        for zero in (self.dense.bias, self.norm.bias, self.bias):
            if zero is not None:
                nn.init.zeros_(zero)
        nn.init.ones_(self.norm.weight)
