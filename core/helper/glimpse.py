"""What the helper answers that looks at files before they are read: quickly, whatever the others are at."""

from collections.abc import Callable

from core.data.cells import whole_rows
from core.data.glimpse import glimpse
from core.data.sources.source import Options
from core.files import Progress
from core.recipe_data import Data
from core.rows import Glimpse


def kinds() -> dict[str, Callable]:
    """Each takes {"data": the part of a recipe that says what is to be read, and as what}.

    `glimpse` gives a Glimpse. `columns`, with {"rows": numbers, "found_as": what the data helper says of how the file
    was read}, gives {number: [[column, cell], ...]} of those rows.
    """
    return {
        "glimpse": lambda args, progress: _glimpse(Data.model_validate(args["data"])),
        "columns": lambda args, progress: _columns(
            Data.model_validate(args["data"]), set(args["rows"]), Options(**args["found_as"]), progress
        ),
    }


def _columns(data: Data, rows: set[int], found_as: Options, progress: Progress) -> dict[str, list[tuple[str, str]]]:
    found = whole_rows(data, rows, progress, found_as)
    return {str(row): list(zip(one.names, one.cells, strict=True)) for row, one in found.items()}


def _glimpse(data: Data) -> Glimpse:
    return glimpse(data.path, Options.of(data))
