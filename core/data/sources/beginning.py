"""Where a table begins in a file: after a line that names the separator, comments, a title, notes."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from core.data.columns import few
from core.data.sources.header import has_header

LEAD = 100  # lines among which a table begins
ENOUGH = 2000  # lines from which it is seen where
_NAMED = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class Line(NamedTuple):
    """A row of the beginning, and the number of the line in which it begins; a blank line has no cells."""

    at: int
    cells: list[str]


def named_separator(lines: Iterator[str]) -> str:
    """The separator that the first line names as Excel does, `sep=;`; empty where it names none."""
    found = _NAMED.fullmatch(next(lines, ""))
    return found[1] if found else ""


def lines_before(rows: Iterable[Line], width: int) -> int:
    """How many lines stand before the table, whose rows have mostly `width` cells; its header belongs to it.

    A line is before it that begins with # and is no row like the others; so are a title, notes and blank lines.
    """
    looked_at = list(islice(rows, ENOUGH))
    filled = [line for line in looked_at if any(cell.strip() for cell in line.cells)]
    if not filled:
        return 0
    like = _Like([line.cells for line in filled if len(line.cells) == width])
    first = next((i for i, line in enumerate(filled[:LEAD]) if like.data(line.cells, width)), 0)
    # the line above the first row of data may be the header; what is above that is before the table
    if first == 0:
        return 0
    above = filled[first - 1]
    rest = [line.cells for line in filled[first:]]
    named = len(above.cells) in (width, width - 1) and not above.cells[0].lstrip().startswith("# ")
    named = named and (has_header(above.cells, rest, ()) or len(above.cells) == width)
    start = first - 1 if named else first
    before = filled[:start]
    blanks = any(not any(cell.strip() for cell in line.cells) for line in looked_at if line.at < filled[start].at)
    apart = blanks or any(len(line.cells) != width or line.cells[0].startswith("#") for line in before)
    return filled[start].at if before and apart else 0


class _Like:
    """What rows have in common: in columns whose values repeat, a value that other rows have too."""

    def __init__(self, rows: Sequence[list[str]]):
        columns = [Counter(cell.strip() for cell in cells) for cells in zip(*rows, strict=True)]
        self._known = {
            i: {value for value, n in found.items() if n > 1 or value.isdecimal()}
            for i, found in enumerate(columns)
            if len(found) <= few(len(rows)) and max(map(len, found)) <= 100
        }

    def data(self, cells: list[str], width: int) -> bool:
        return len(cells) == width and all(cells[i].strip() in values for i, values in self._known.items())
