"""A part of a large file: so many of its rows, with each label's share kept."""

from dataclasses import replace

import numpy as np

from core.data.copies import first_rows
from core.data.read import Table
from core.data.shares import first_of_each
from core.recipe_data import Data
from core.wording import plural


def part_of(table: Table, data: Data) -> Table:
    """The rows that `data.rows` says, drawn by `data.seed`, in the file's order, and a note of what is left out.

    Where the rows are in given splits, each split keeps its share too.
    """
    n, wanted = len(table.texts), data.rows
    if wanted == "all":
        return table
    if wanted >= n:
        found = f"All of them: there are {plural(n, 'row')} with a text and a label, and data.rows asks for {wanted:,}."
        return replace(table, notes=[*table.notes, found])
    order = np.random.RandomState(data.seed).permutation(n)
    if data.stratify:
        kinds = first_rows([*zip(table.splits or [""] * n, table.labels, strict=True)])
        order = order[first_of_each(np.unique(kinds, return_inverse=True)[1][order])]
    rows = np.sort(order[:wanted])

    def some(values: list[str]) -> list[str]:
        return [values[i] for i in rows] if values else []

    share = ", with each label's share kept" if data.stratify else ""
    return replace(
        table,
        texts=some(table.texts),
        swapped=some(table.swapped),
        labels=some(table.labels),
        rows=[table.rows[i] for i in rows],
        splits=some(table.splits),
        groups=some(table.groups),
        times=None if table.times is None else table.times[rows],
        left_out=n - wanted,
        notes=[*table.notes, f"{wanted:,} of {n:,} rows are taken{share}; {n - wanted:,} are left out."],
    )
