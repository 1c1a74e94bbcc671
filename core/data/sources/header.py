"""Whether the first row of a table names its columns, and the names that it gives."""

import re
from collections import Counter
from collections.abc import Sequence

from core.data.columns import LABEL_MAYBE, LABEL_NAMES, NUMBER, TEXT_MAYBE, TEXT_NAMES, Rows, few, hint

LONG = 60  # characters: a cell that is longer is rather a text than a name
_TYPE = re.compile(
    r"str(ing)?|text|(var)?char|object|categor(y|ical)|factor|enum|nominal|bool(ean)?|int(32|64|eger)?|float(32|64)?|"
    r"double|numeric|number|date(time)?|timestamp"
)
_MISSING = re.compile(r"n/?an?|null|none|missing|unknown|[-?.]*", re.IGNORECASE)
_UNIT = re.compile(
    r"\[[^\]\[\"']{0,20}\]|\([^)]{0,20}\)|<[^>]{0,20}>|:?-+:?|\{\"ImportId\".*\}"
)  # the last is Qualtrics'
FEWEST = 8  # rows that show what a row of data is
_USUAL = LABEL_NAMES | LABEL_MAYBE | TEXT_NAMES | TEXT_MAYBE


def has_header(first: Sequence[str], rest: Rows, named: Sequence[str]) -> bool:
    """Whether the first row names the columns; `rest` are some others. `named` are names that someone has given."""
    first = [cell.strip() for cell in first]
    if any(name in first and not name.isdecimal() for name in named):
        return True
    columns = [_Column(cell, [row[i].strip() for row in rest if i < len(row)]) for i, cell in enumerate(first)]
    if any(column.alone and hint(column.cell, _USUAL, set()) == 4 for column in columns):
        return True
    if _counts(first) and not all(column.numeric for column in columns):
        return True
    if any(column.numeric and NUMBER.fullmatch(column.cell) for column in columns):
        return False
    if any(column.titled for column in columns):
        return True
    repeating = [column for column in columns if len(column.values) <= few(len(rest))]
    if not all(column.alone for column in repeating):
        return False
    if any(len(cell) > LONG for cell in first):
        # a text in a row whose label occurs nowhere else looks like a long name: ask for more
        return any(column.numeric or column.firm for column in repeating if column.cell)
    return bool(repeating)


def describing(head: Rows, rest: Rows) -> int:
    """How many rows below the header, the first of `head`, say more of the columns: types, units, other names.

    Such a row has nothing in common with `rest`, rows of the table, where their values repeat; and it has a word where
    these have numbers, or words that are said of columns.
    """
    header, *below = head
    return max((i for i, row in enumerate(below, 1) if _describes(row, header, rest)), default=0)


def _describes(row: Sequence[str], header: Sequence[str], rest: Rows) -> bool:
    data = [other for other in rest if other != row]
    if len(data) < FEWEST or len(row) != len(header):
        return False
    columns = [
        _Column(cell.strip(), [other[i].strip() for other in data if i < len(other)]) for i, cell in enumerate(row)
    ]
    repeating = [i for i, column in enumerate(columns) if len(column.values) <= few(len(data))]
    if not repeating or not all(columns[i].alone for i in repeating):
        return False
    filled = {i: column.cell for i, column in enumerate(columns) if column.cell}
    if any(
        columns[i].numeric and not NUMBER.fullmatch(cell) and not _MISSING.fullmatch(cell) for i, cell in filled.items()
    ):
        return True
    said = [i for i, cell in filled.items() if _is_said_of(cell.casefold(), header[i].strip().casefold())]
    return len(said) >= len(filled) / 2 and bool({*said} & {*repeating})


def _is_said_of(cell: str, name: str) -> bool:
    """Whether a cell says something of the column that has a name."""
    usual = hint(cell, LABEL_NAMES | TEXT_NAMES, set()) == 4 or _TYPE.fullmatch(cell) or _UNIT.fullmatch(cell)
    return bool(usual) or (len(name) > 2 and name in cell)


def uncommented(header: Sequence[str]) -> list[str]:
    """A header without the sign of a comment before its first name."""
    name = header[0].lstrip().lstrip("#").lstrip()
    return [name or header[0], *header[1:]]


def is_usual(first: Sequence[str]) -> bool:
    """Whether a row holds a name that columns of texts and labels often have."""
    return any(hint(cell.strip(), _USUAL, set()) == 4 for cell in first)


class _Column:
    """What stands below a cell of the first row."""

    def __init__(self, cell: str, below: list[str]):
        self.cell = cell
        self.values = Counter(below)
        filled = [value for value in below if value]
        self.numeric = bool(filled) and sum(bool(NUMBER.fullmatch(v)) for v in filled) >= 0.9 * len(filled)
        self.alone = not cell or cell not in self.values
        # few values, each of them often: that one occurs in the first row alone is unlikely
        self.firm = 1 < len(self.values) <= 20 and min(self.values.values()) >= 3
        # one word over texts that are all longer, and mostly much longer
        lengths = [len(value) for value in filled]
        self.titled = (
            len(filled) > 9
            and cell.isalpha()
            and len(cell) < min(lengths)
            and sum(lengths) > 3 * len(cell) * len(filled)
            and sum(" " in value for value in filled) > 0.9 * len(filled)
            and len(self.values) > len(filled) / 2
        )


def _counts(first: Sequence[str]) -> bool:
    """Whether a row counts from 0, as pandas names columns; its index has no name."""
    numbers = list(first[1:] if first and not first[0] else first)
    return len(first) > 1 and bool(numbers) and numbers == [str(i) for i in range(len(numbers))]


def names(header: Sequence[str]) -> list[str]:
    """Every column with a name of its own: a number where there is none, a suffix where it is taken."""
    found: dict[str, None] = {}
    again: Counter[str] = Counter()
    given = {cell.strip() for cell in header}
    for i, cell in enumerate(header):
        number = str(i) if str(i) not in given else f"column {i}"
        own = name = cell.strip() or number
        while name in found:
            again[own] += 1
            name = f"{own}.{again[own]}"
        found[name] = None
    return list(found)
