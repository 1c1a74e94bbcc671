"""Where a table begins in a file: after a line that names the separator, comments, a title, notes."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from core.data.columns import few
from core.data.sources.header import has_header, is_usual

LEAD = 100  # lines among which a table begins
ENOUGH = 2000  # lines from which it is seen where
NAME = 40  # characters of a column's name
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
    if not filled or _names_more_than_all_fill(filled, width):
        return 0
    like = Alike([line.cells for line in filled if len(line.cells) == width])
    first = next((i for i, line in enumerate(filled[:LEAD]) if like.data(line.cells, width)), 0)
    # the line above the first row of data may be the header; what is above that is before the table
    if first == 0:
        return 0
    rest = [line.cells for line in filled[first:]]
    start = _header(filled[:first], width, rest, [line.at for line in looked_at if not any(map(str.strip, line.cells))])
    before = filled[: first if start is None else start]
    begin = filled[len(before)]
    grouped = has_header(begin.cells, rest, ())
    blanks = any(not any(cell.strip() for cell in line.cells) for line in looked_at if line.at < begin.at)
    apart = blanks or any(
        len(line.cells) != width
        or line.cells[0].startswith("#")
        or (grouped and _is_of_groups(line.cells, begin.cells))
        for line in before
    )
    return begin.at if before and apart else 0


def _names_more_than_all_fill(filled: Sequence[Line], width: int) -> bool:
    """Whether the first line is a header of more columns than most rows have, which may leave the last ones out."""
    cells = [cell.strip() for cell in filled[0].cells]
    named = [cell for cell in cells if cell]
    return (
        len(cells) > width
        and is_usual(cells)
        and cells[: len(named)] == [*dict.fromkeys(named)]
        and all(len(line.cells) <= len(cells) for line in filled)
    )


def _header(above: Sequence[Line], width: int, rest: Sequence[list[str]], blanks: Sequence[int]) -> int | None:
    """Which of the lines above the first row of data is the header, if one is.

    It is the one right above the data, unless another without a blank line between them has names that are more usual,
    or as usual: what stands below a header may say more of its columns.
    """
    found: int | None = None
    most = -1
    below = len(above)
    for i in reversed(range(len(above))):
        cells = above[i].cells
        if not width - 1 <= len(cells) <= width or (
            below < len(above) and any(above[i].at < at < above[below].at for at in blanks)
        ):
            break
        below = i
        usual = 2 * is_usual(cells) + (len({cell.strip() for cell in cells} - {""}) == len(cells))
        is_comment = cells[0].lstrip().startswith("#")
        if is_comment and not _names_columns(cells, found is None):
            continue
        if usual >= most and (found is not None or len(cells) == width or has_header(cells, rest, ())):
            found, most = i, usual
    return found


def _names_columns(cells: Sequence[str], alone: bool) -> bool:
    """Whether a line that begins as a comment does is the header: its names are usual, or one for each column."""
    own = [cells[0].lstrip("# "), *cells[1:]]
    distinct = {cell.strip() for cell in own}
    all_names = len(own) > 2 and len(distinct) == len(own) and "" not in distinct and max(map(len, own)) <= NAME
    return bool(own[0].strip()) and (is_usual(own) or (alone and all_names))


def _is_of_groups(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row above the header names groups of columns: several have one name, which stands once or again."""
    own = [cell.strip() for cell in cells]
    return (
        len(set(own) - {""}) < len(own) and len({cell.strip() for cell in header}) == len(header) and "" not in header
    )


class Alike:
    """What rows have in common: in columns whose values repeat, a value that other rows have too."""

    def __init__(self, rows: Sequence[list[str]]):
        columns = [Counter(cell.strip() for cell in cells) for cells in zip(*rows, strict=True)]
        self.known = {
            # nothing is in common where many rows have it: a title may stand before separators alone
            i: {value for value, n in found.items() if n > (1 if value else len(rows) / 10) or value.isdecimal()}
            for i, found in enumerate(columns)
            if len(found) <= few(len(rows)) and max(map(len, found)) <= 100
        }

    def data(self, cells: list[str], width: int) -> bool:
        return len(cells) == width and all(cells[i].strip() in values for i, values in self.known.items())
