"""The rows of a recipe's files with all of their columns, as they stand in the file."""

from collections.abc import Collection
from typing import NamedTuple

from core.data.sources.input import Input
from core.data.sources.registry import source_of
from core.data.sources.source import Damaged, Options
from core.files import Progress, unwatched
from core.recipe_data import Data

REPORTED = 5_000  # rows between two reports


class WholeRow(NamedTuple):
    """A row's cells, and the names of their columns; of what has no name, its number."""

    names: list[str]
    cells: list[str]


def whole_rows(
    data: Data, wanted: Collection[int], progress: Progress = unwatched, found_as: Options | None = None
) -> dict[int, WholeRow]:
    """The rows with these numbers, as `Table.rows` counts them: those of the files for validation and test follow.

    `found_as` is how the first file was read before, `Table.options`: to find that out takes most of the time. A row
    that is not there, or holds nothing readable, is left out. Raises BadData where a file cannot be read.
    """
    found: dict[int, WholeRow] = {}
    first, last = 0, max(wanted, default=-1)
    for path in filter(None, (data.path, data.validation_path, data.test_path)):
        options = found_as if found_as and path == data.path else Options.of(data)
        given = Input(path, progress, options.encoding)
        cells = source_of(given, options).read(given, options, progress)
        number = -1
        for number, row in enumerate(cells.rows):
            if number % REPORTED == 0:
                progress("read", first + number, 0, "rows")
            if first + number in wanted and not isinstance(row, Damaged):
                more = [str(n) for n in range(len(cells.names), len(row))]
                found[first + number] = WholeRow([*cells.names, *more][: len(row)], list(row))
            if first + number >= last:
                return found
        first += number + 1
    return found
