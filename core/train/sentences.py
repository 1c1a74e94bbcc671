"""A person's own sentences, asked of the model while it learns."""

import torch

from core.model.classifier import Classifier
from core.model.padding import pad, pad_segments
from core.train.inputs import Inputs


class Sentences:
    """What a frozen prefix makes of them is computed once, for as long as the steps have the same inputs."""

    def __init__(self) -> None:
        self._of: tuple[Inputs, int] | None = None

    def ask(self, model: Classifier, inputs: Inputs) -> list[list[float]]:
        """The probabilities of every class for each of the texts that are followed, by the model as it stands."""
        texts, depth = inputs.texts, inputs.depth
        with torch.no_grad():
            if self._of != (inputs, depth) or not depth:  # without a prefix the embeddings may learn
                width = model.readout.padded(texts.context) or max(map(len, texts.followed))
                device = next(model.parameters()).device
                ids, self._lengths = pad(texts.followed, width, texts.pad_id, device)
                segments = pad_segments(texts.followed_segments, width, device)
                self._h, self._of = model.prefix(ids, self._lengths, depth, segments), (inputs, depth)
            return model.suffix(self._h, self._lengths, depth).float().softmax(dim=1).tolist()
