"""Training rows learned from a second time, with two columns of their text exchanged, and two labels with them."""

from collections.abc import Sequence

import numpy as np

from core.data.read import Table
from core.errors import BadData
from core.recipe_data import Data
from core.wording import on_one_line


def swapped_labels(names: Sequence[str], data: Data) -> np.ndarray:
    """(C,) int64: the label that each of `names` becomes. Raises BadData where none of them is what is named."""
    found, pair = np.arange(len(names)), data.swapped_labels
    if pair is None:
        return found
    for label in pair:
        if label not in names:
            known = ", ".join(on_one_line(name) for name in names[:5]) + (", …" if len(names) > 5 else "")
            what = f"No row that is learned from has the label {on_one_line(label)}, which data.swap_labels names."
            raise BadData(what, f"The labels are {known}.")
    one, other = (names.index(label) for label in pair)
    found[[one, other]] = other, one
    return found


def differing(table: Table) -> np.ndarray:
    """(N,) bool: rows whose text is another one once the columns are exchanged; none where none may be."""
    n = len(table.texts)
    return np.fromiter((a != b for a, b in zip(table.texts, table.swapped or table.texts, strict=True)), bool, n)
