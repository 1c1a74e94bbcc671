"""Columns with a separator between them: CSV, TSV and their kin, quoted or not."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from core.data.columns import Rows, has_header
from core.data.sources.input import Input
from core.data.sources.source import Cells, Options
from core.errors import BadData
from core.files import Progress

SEPARATORS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", "@": "at-sign"}
BEGINNING = 500_000  # characters that decide what separates columns
FIELD = 2**31 - 1  # characters of a field at most: one text may fill the file


class Separator(NamedTuple):
    """A separator, and the share of the rows that it cuts into the same number of columns."""

    mark: str
    evenness: float


def recognises(given: Input) -> float:
    """The share of the rows that the best separator cuts evenly, where it is more than half, else 0."""
    evenness = separator(given.text).evenness
    return evenness if evenness > 0.5 else 0


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """The rows and the names in their header, where there is one. Raises BadData where there is nothing else."""
    mark = separator(given.text).mark
    rows, quoting = _rows(given, mark, options.quoting, progress)
    header = has_header(rows, [column for column in (options.text, options.label) if column != "auto"])
    if header:
        names, rows = _names(rows[0]), rows[1:]
    else:
        names = [str(i) for i in range(even(rows)[0])]
    if not rows:
        raise BadData(f"{given.name} holds a header and no rows.", "Name a file with one row for each text.")
    form = f"{SEPARATORS[mark]}-separated, {'with header' if header else 'no header'}"
    return Cells(names, rows, form, given.encoding, quoting)


def parse(lines: Iterable[str], separator: str, quoting: str, strict: bool = False) -> Iterator[list[str]]:
    """The rows of a separated file without its blank lines, just as pandas reads them."""
    csv.field_size_limit(FIELD)
    rows = csv.reader(
        lines, delimiter=separator, quoting=csv.QUOTE_NONE if quoting == "none" else csv.QUOTE_MINIMAL, strict=strict
    )
    for cells in rows:
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield cells


def separator(text: str) -> Separator:
    """The separator that cuts the rows most evenly."""

    def evenness(mark: str) -> float:
        found = [even(_first_rows(text, mark, quoting)) for quoting in ("csv", "none") if mark in text]
        return max((share for n, share in found if n > 1), default=0.0)

    return max((Separator(mark, evenness(mark)) for mark in SEPARATORS), key=lambda found: found.evenness)


def _first_rows(text: str, mark: str, quoting: str) -> Rows:
    rows = list(parse(io.StringIO(text[:BEGINNING], newline=""), mark, quoting))
    if len(text) <= BEGINNING:
        return rows
    # the last row is cut off; where it is the only one, it takes the whole file to see the others
    return rows[:-1] or list(parse(io.StringIO(text, newline=""), mark, quoting))


def even(rows: Sequence[list[str]]) -> tuple[int, float]:
    """How many columns most rows have, and the share of rows that do."""
    if not rows:
        return 0, 0.0
    n, count = Counter(map(len, rows)).most_common(1)[0]
    return n, count / len(rows)


def _rows(given: Input, mark: str, quoting: str, progress: Progress) -> tuple[Rows, str]:
    if quoting == "auto" and '"' not in given.text:
        quoting = "none"
    if quoting != "auto":
        return list(parse(given.lines(progress), mark, quoting)), quoting
    whole = list(given.lines(progress))
    as_none = list(parse(whole, mark, "none"))
    try:
        as_csv, well_quoted = list(parse(whole, mark, "csv", strict=True)), True
    except csv.Error:
        as_csv, well_quoted = list(parse(whole, mark, "csv")), False
    return (as_csv, "csv") if _quoted(as_csv, as_none, well_quoted) else (as_none, "none")


def _quoted(as_csv: Rows, as_none: Rows, well_quoted: bool) -> bool:
    """Whether double quotes enclose fields, from the file read both ways.

    They do where every quote is closed right before a separator, unless taking them as text gives more rows
    that are as even: then a quote that opens in one row has swallowed the next ones.
    """
    none_is_even = even(as_none)[1] >= even(as_csv)[1]
    return not (none_is_even and (not well_quoted or len(as_none) > len(as_csv)))


def _names(header: list[str]) -> list[str]:
    """Every column with a name of its own: a number where there is none, a suffix where it is taken."""
    names: list[str] = []
    for i, cell in enumerate(header):
        name = cell.strip() or str(i)
        while name in names:
            name += ".1"
        names.append(name)
    return names
