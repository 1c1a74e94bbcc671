"""Mending a row: given another label, dropped, or that taken back, with a sentence on what it is now."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.edited import Edited, edited
from core.data.read import Table
from core.datasets import called
from core.errors import BadData
from core.recipe_data import Data
from core.runs import edits
from core.runs.edits import Edit, Edits, digest
from core.wording import on_one_line, plural


class Mended(NamedTuple):
    """What has become of a row, in a sentence, and of all rows."""

    what: str
    edited: Edited


def mend(read: Table, file: Path, data: Data, row: int, to: str | None) -> Mended:
    """Give the row of this number, and its copies, a label, or with None drop it. It is on disk when this returns.

    `read` are the rows as they are in the data, `file` is that of the edits. Raises BadData where there is no such row
    or label, or nothing would change, BadRun where it cannot be written.
    """
    i = index_of(read, row)
    if to is not None and to not in set(read.labels):
        names = sorted(set(read.labels))
        known = ", ".join(map(on_one_line, names[:5])) + (", …" if len(names) > 5 else "")
        raise BadData(f"No row has the label {on_one_line(to)}.", f"Choose one of those that there are: {known}.")
    now = edited(read, edits.read(file), called(data.path)).table
    if (None if now.is_dropped[i] else now.labels[i]) == to:
        raise BadData(f"Row {row} is {'dropped' if to is None else on_one_line(to)} already.")
    edit = Edit.of(read.texts[i], read.labels[i], to)
    return _said(read, edits.add(file, data, edit), data, edit, "now", first=i)


def take_back(read: Table, file: Path, data: Data) -> Mended:
    """Undo the latest edit. Raises as `mend` does."""
    made, edit = edits.undo(file, data)
    return _said(read, made, data, edit, "again")


def make_again(read: Table, file: Path, data: Data) -> Mended:
    """Redo the edit that was undone last. Raises as `mend` does."""
    made, edit = edits.redo(file, data)
    return _said(read, made, data, edit, "now")


def index_of(table: Table, row: int) -> int:
    """Where the row with this number stands in a table. Raises BadData where it has no text and label."""
    i = int(np.searchsorted(table.rows, row))
    if i == len(table.rows) or table.rows[i] != row:
        if row >= table.n_rows:
            raise BadData(f"There is no row {row}: they are numbered from 0 to {table.n_rows - 1}.")
        if table.left_out:
            what = f"Row {row} is not among the {plural(len(table.texts), 'row')} that are taken."
            raise BadData(what, "Leave --rows out: what is mended in the whole data is mended in each part of it.")
        raise BadData(f"Row {row} has no text and label.", "Choose another row.")
    return i


def _said(read: Table, made: Edits, data: Data, edit: Edit, when: str, first: int | None = None) -> Mended:
    found = edited(read, made, called(data.path))
    rows = list(_rows_of(read, edit))
    if not rows:
        return Mended(f"“{on_one_line(edit.begins)}” is not in the data any more.", found)
    i = rows[0] if first is None else first
    many = "" if len(rows) == 1 else " and its copy" if len(rows) == 2 else f" and its {len(rows) - 1:,} copies"
    state = "dropped" if found.table.is_dropped[i] else on_one_line(found.table.labels[i])
    return Mended(f"Row {read.rows[i]}{many} {'are' if many else 'is'} {state} {when}.", found)


def _rows_of(read: Table, edit: Edit) -> Iterable[int]:
    for i, (text, label) in enumerate(zip(read.texts, read.labels, strict=True)):
        if label == edit.label and digest(text) == edit.text:
            yield i
