"""Loss, accuracy and macro F1 of a classifier over batches of a split, while it learns."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F

from core import metrics
from core.data.batches import Batch
from core.files import Progress
from core.model.classifier import Classifier
from core.runs.events import Evaluated
from core.train.inputs import Inputs
from core.train.loop import Stopped


def evaluated(
    model: Classifier,
    inputs: Inputs,
    split: str,
    plan: Sequence[Batch],
    stopping: Callable[[], bool],
    progress: Progress | None = None,
) -> Evaluated:
    """What a model says of the batches of `plan`; nothing of it learns. The loss may not be finite.

    `progress` is told of every batch: rows so far, of all that the plan holds. Raises Stopped where `stopping` says
    so between two batches.
    """
    loss, rows, n = 0.0, 0, model.n_classes
    total = sum(len(batch.rows) for batch in plan)
    confusion = torch.zeros(n * n, dtype=torch.int64)
    with torch.no_grad():
        for batch in plan:
            if stopping():
                raise Stopped
            h, lengths, labels = inputs.batch(split, batch)
            logits = model.suffix(h, lengths, inputs.depth)
            loss += F.cross_entropy(logits, labels, reduction="sum").item()
            confusion += torch.bincount((labels * n + logits.argmax(dim=1)).cpu(), minlength=n * n)
            rows += len(labels)
            if progress:
                progress(f"evaluate {split}", rows, total, "texts")
    confusion = confusion.view(n, n)
    right, f1 = int(confusion.diagonal().sum()), metrics.macro_f1(confusion.numpy())
    return Evaluated(split=split, rows=rows, loss=loss / rows, accuracy=right / rows, f1=f1, whole=True)
