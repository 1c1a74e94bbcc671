"""What the margins of a run's training come to, row by row of its data."""

from collections.abc import Iterator

import numpy as np

from core.data.prepare import Prepared
from core.data.splits import TRAIN
from core.runs.margins import Margin
from core.train.margins import Margins


def by_row(margins: Margins, prepared: Prepared) -> Iterator[Margin]:
    """A margin for each row that was ever learned from; a row that stands there again, for balance, has one."""
    training = prepared.indices(TRAIN)
    rows, first, which = np.unique(prepared.rows[training], return_index=True, return_inverse=True)
    seen, margin, own = (
        np.bincount(which, weights=each.numpy(), minlength=len(rows))
        for each in (margins.seen, margins.margin, margins.own)
    )
    other, labels = margins.other.numpy()[first], prepared.labels[training][first]
    for i in np.flatnonzero(seen > 0).tolist():
        figures = float(margin[i] / seen[i]), float(own[i] / seen[i])
        names = prepared.names[labels[i]], prepared.names[other[i]]
        yield Margin(int(rows[i]), *names, *figures, int(seen[i]))
