"""Separators that stand unquoted in a text: what is over belongs to it, where that makes all rows even."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from core.data.columns import few

MOST = 20  # columns among which the text is looked for
LABEL = 50  # characters of a label
SHORT = 0.01  # share of rows that may have too few cells all the same
PROSE = 0.95  # share of the cells that begin with a blank, as after a comma in a sentence


class Spill(NamedTuple):
    """How many columns there are, and which of them takes what is over."""

    width: int
    text: int

    def mended(self, row: list[str], mark: str) -> list[str]:
        """A row with the cells that are over joined to its text."""
        over = len(row) - self.width
        if over <= 0:
            return row
        end = self.text + over + 1
        return [*row[: self.text], mark.join(row[self.text : end]), *row[end:]]


def spill(lengths: Counter[int], sample: Sequence[list[str]], header: int, mark: str) -> Spill | None:
    """Found from how many rows have how many cells, and some rows; None where rows are taken as they are.

    `header` is the number of names in the header, 0 where there is none.
    """
    total = lengths.total()
    width = header or _width(lengths, sample)
    if not 1 < width <= MOST or not any(n > width for n in lengths):
        return None
    if sum(count for n, count in lengths.items() if n < width) > SHORT * total:
        return None
    if not any(cell.strip() for row in sample for cell in row[width:]):
        return None  # every row ends in separators
    ways = [Spill(width, i) for i in range(width)]
    labels = {way: _labels(sample, way, mark) for way in ways}
    best = max(ways, key=lambda way: (labels[way] > 0, _prose(sample, way), labels[way], way.text == width - 1))
    return best if labels[best] else None


def _width(lengths: Counter[int], sample: Sequence[list[str]]) -> int:
    """How many columns there are without a header: what every row has; less where the last ones go on in prose."""
    left = SHORT * lengths.total()
    for n in sorted(lengths):
        left -= lengths[n]
        if left < 0:
            break
    rows = [row for row in sample if len(row) >= n]
    blank = [sum(row[i].startswith(" ") for row in rows) / max(1, len(rows)) for i in range(1, min(n, MOST))]
    real = next((i for i, share in enumerate(blank, 1) if share > PROSE), n)
    goes_on = real > 1 and all(share > PROSE for share in blank[real - 1 :])
    return real if goes_on and all(share < 1 - PROSE for share in blank[: real - 1]) else n


def _labels(sample: Sequence[list[str]], way: Spill, mark: str) -> int:
    """How many columns beside the text hold a few short values, when what is over is joined this way."""
    rows = [way.mended(row, mark) for row in sample if len(row) >= way.width]
    columns = [Counter(cells) for i, cells in enumerate(zip(*rows, strict=True)) if i != way.text]
    return sum(len(found) <= few(len(rows)) and max(map(len, found)) <= LABEL for found in columns)


def _prose(sample: Sequence[list[str]], way: Spill) -> float:
    """The share of the cells joined this way that begin with a blank."""
    joined = [cell for row in sample for cell in row[way.text + 1 : way.text + 1 + max(0, len(row) - way.width)]]
    return round(sum(cell.startswith(" ") for cell in joined) / max(1, len(joined)), 1)
