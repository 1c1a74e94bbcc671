"""By how much a text's own label wins while it is learned: low ones tell of wrong labels.

The area under the margin (Pleiss, Zhang, Elenberg and Weinberger 2020, "Identifying Mislabeled Data using the Area
Under the Margin Ranking"): the logit of the label minus the largest other one, before each step that learns from the
text, averaged over all of them. A text whose label is wrong is pulled to its label by itself alone, and to the other
class by all that is like it.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

NAMES = ("margin", "own", "seen", "other")


class Margins:
    """Those of N training texts so far; the logits are those that the steps make anyway.

    `margin` and `own` (N,) float64 are sums, of margins and of the label's probability, over the `seen` (N,) int64
    steps; `other` (N,) int64 is the class that came next to the label, or before it, when the text was seen last, -1
    at first.
    """

    def __init__(self, labels: np.ndarray, ignore_index: int):
        """`labels` (N,); those that are ignored teach nothing, and have no margin."""
        self._labels, self._ignore_index, n = torch.from_numpy(labels), ignore_index, len(labels)
        self.margin, self.own = (torch.zeros(n, dtype=torch.float64) for _ in range(2))
        self.seen, self.other = torch.zeros(n, dtype=torch.int64), torch.full((n,), -1)

    def see(self, rows: np.ndarray, logits: Tensor) -> None:
        """A step learns from rows (B,) of the N, of which it makes logits (B, C)."""
        at, logits = torch.from_numpy(rows), logits.detach().double().cpu()
        learned = self._labels[at] != self._ignore_index
        at, logits = at[learned], logits[learned]
        labels = self._labels[at, None]
        others, of_label = logits.scatter(1, labels, -torch.inf), logits.gather(1, labels)
        most, other = others.max(dim=1)
        self.margin[at] += of_label[:, 0] - most
        self.own[at] += logits.softmax(dim=1).gather(1, labels)[:, 0]
        self.other[at] = other
        self.seen[at] += 1

    def tensors(self) -> dict[str, Tensor]:
        """All of it, for a checkpoint."""
        return {name: getattr(self, name) for name in NAMES}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint."""
        for name in NAMES:
            getattr(self, name).copy_(tensors[name])
