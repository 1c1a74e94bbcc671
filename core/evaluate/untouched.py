"""The weights of a model that is asked before it is made a classifier."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import torch

from core.architectures.preset import ModelPreset
from core.errors import BadModel
from core.evaluate.question import Asked
from core.files import Progress
from core.model.backbone import Backbone, to_memory
from core.model.families import backbone_for
from core.model.language import LanguageModel
from core.model.masked import MaskedModel
from core.model.weights import WeightsFile, find_base

M = TypeVar("M", LanguageModel, MaskedModel)


def opened(
    make: Callable[[Backbone], M], preset: ModelPreset, question: Asked, no_head: BadModel, progress: Progress
) -> tuple[M, str]:
    """The model that a question is asked of, whose weights are fetched if need be, and what they are.

    Random ones are as the seed of the question gives them. Raises `no_head` where the file holds no head for it, and
    BadModel, with what to do, where there are no weights.
    """
    with torch.device("meta"):
        model = make(backbone_for(preset.architecture))
    to_memory(model)
    model.eval()
    if question.weights == "random":
        model.initialize(torch.Generator().manual_seed(question.seed))
        return model, "random"
    with TemporaryDirectory() as folder:  # a run would keep some of them in its own
        base = find_base(preset, question.weights, Path(folder), question.seed, progress)
        file = WeightsFile(Path(folder) / base.file)
        file.load_into(model.backbone)
        if not model.load_head(file):
            raise no_head
    return model, base.kind
