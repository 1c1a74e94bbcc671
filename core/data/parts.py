"""The rows of a recipe: those of its file, and those of its files for validation and test."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from core.data.choose import NONE
from core.data.part import part_of
from core.data.read import Table, one_spelling, read
from core.data.sources.source import Options
from core.data.splits import TEST, TRAIN, VALIDATION
from core.errors import BadData
from core.files import Progress, unwatched
from core.recipe_data import Data
from core.template import columns_in


def read_parts(data: Data, progress: Progress = unwatched) -> Table:
    """All rows as one table, those of each file numbered on from the one before. Raises BadData as `read` does.

    The files for validation and test are read for the columns that were found in the first.
    """
    options = Options.of(data)
    paths = {VALIDATION: data.validation_path, TEST: data.test_path}
    table = read(data.path, options, progress)
    if not any(paths.values()):
        return part_of(table, data)
    columns = options._replace(text=table.columns["text"], label=table.columns["label"], split=NONE)
    table = replace(table, splits=[TRAIN] * len(table.texts), files=paths)
    for split, path in paths.items():
        if path:
            table = _joined(table, _beside(table, split, path, columns, progress), split)
    return part_of(one_spelling(table), data)


def _beside(first: Table, split: str, path: str, columns: Options, progress: Progress) -> Table:
    """The rows of a file for validation or test. Raises BadData, which says what columns it has to have."""
    try:
        return read(path, columns, progress)
    except BadData as error:
        if not error.columns:  # it is not about them
            raise
        text, label = (" and ".join(columns_in(name)) for name in (columns.text, columns.label))
        needed = f"The file for {split} needs those of {Path(first.path).name}: {text} as text, {label} as label."
        raise BadData(error.what, f"{error.do} {needed}", first.all_columns) from error


def _joined(table: Table, more: Table, split: str) -> Table:
    name = Path(more.path).name
    return replace(
        table,
        texts=table.texts + more.texts,
        swapped=table.swapped + more.swapped,
        labels=table.labels + more.labels,
        rows=table.rows + [table.n_rows + row for row in more.rows],
        n_rows=table.n_rows + more.n_rows,
        splits=table.splits + [split] * len(more.texts),
        skipped=dict(Counter(table.skipped) + Counter(more.skipped)),
        notes=[*table.notes, *(f"{name}: {note}" for note in more.notes)],
    )
