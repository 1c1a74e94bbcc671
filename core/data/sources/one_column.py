"""A file of one column, quoted as CSV is or not, with its name in the first row or without: texts and no labels."""

import csv
from collections.abc import Iterator

from core.data.columns import names_text
from core.data.sources.cells import reader
from core.data.sources.input import Input
from core.data.sources.source import Again, Cells, Options, Row, sampled
from core.errors import BadData
from core.files import Progress, unwatched
from core.options import AUTO

NONE = "\x1f"  # a separator that no text holds


def recognises(given: Input) -> float:
    """1 where the first line is the name of such a column and nothing else, else 0."""
    return float(named(given, []))


def named(given: Input, names: list[str]) -> bool:
    """Whether the first line is a usual name for a column of texts, or one of `names`, and nothing else."""
    first = next(_rows(given.first_lines(), "csv"), [""])[0].strip()
    return names_text(first) or (first in names and not first.isdecimal())


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """A row for each text. Raises BadData where there is none below the name."""
    quoting = options.quoting if options.quoting != AUTO else _quoting(given, progress)
    has_name = named(given, options.named)

    def rows(phase: str = "read") -> Iterator[Row]:
        cells = _rows(given.lines(progress, phase), quoting)
        if has_name:
            next(cells, None)
        yield from cells

    sample = sampled(rows("columns"))
    if not sample:
        raise BadData(f"{given.name} holds a header and no rows.", "Name a file with one row for each text.")
    name = next(_rows(given.first_lines(), quoting))[0].strip() if has_name else "0"
    form = f"one column, {'with header' if has_name else 'no header'}"
    return Cells([name], Again(rows), sample, form, given.encoding, options._replace(quoting=quoting))


def _quoting(given: Input, progress: Progress) -> str:
    """csv where every quote that opens a row is closed at the end of one, else none."""
    try:
        any(False for _ in _rows(given.lines(progress, "columns"), "csv", strict=True))
    except csv.Error:
        return "none"
    return "csv" if any(line.startswith('"') for line in given.lines(unwatched)) else "none"


def _rows(lines: Iterator[str], quoting: str, strict: bool = False) -> Iterator[list[str]]:
    """One cell a row. Blank lines are none, unlike quotes with nothing between them. Raises csv.Error."""
    for cells in reader(lines, NONE, quoting, strict):
        if cells and (cells[0] == "" or cells[0].strip()):
            yield [NONE.join(cells)]
