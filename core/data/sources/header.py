"""Whether the first row of a table names its columns, and the names that it gives."""

from collections import Counter
from collections.abc import Sequence

from core.data.columns import LABEL_MAYBE, LABEL_NAMES, NUMBER, TEXT_MAYBE, TEXT_NAMES, Rows, few, hint

LONG = 60  # characters: a cell that is longer is rather a text than a name
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
