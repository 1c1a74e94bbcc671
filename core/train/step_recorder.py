"""What a step learns from, text by text, for a person who takes one step at a time."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data.batches import Batch
from core.runs.events import StepExamples
from core.train.texts import Texts


class StepRecorder:
    """Sees the batches of one step as the step itself sees them."""

    def __init__(self, texts: Texts, ignore_index: int):
        self._texts, self._ignore_index = texts, ignore_index
        self._rows: list[np.ndarray] = []
        self._logits: list[Tensor] = []

    def see(self, batch: Batch, logits: Tensor) -> None:
        """A batch of training rows, and what the model makes of it (B, C)."""
        self._rows.append(self._texts.splits["train"][batch.rows])
        self._logits.append(logits.double().cpu())

    def learned(self, step: int) -> StepExamples:
        """All of it, as the event of step number `step`."""
        rows, logits = np.concatenate(self._rows), torch.cat(self._logits)
        labels = torch.from_numpy(self._texts.labels[rows])
        probabilities, answers = logits.softmax(dim=1).max(dim=1)
        losses = F.cross_entropy(logits, labels, reduction="none")
        return StepExamples(
            rows=rows.tolist(),
            labels=labels.tolist(),
            answers=answers.tolist(),
            probabilities=probabilities.tolist(),
            loss=[
                None if label == self._ignore_index else loss
                for label, loss in zip(labels.tolist(), losses.tolist(), strict=True)
            ],
            step=step,
        )
