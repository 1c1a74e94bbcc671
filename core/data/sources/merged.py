"""Cells of an Excel sheet that are merged over several rows: only the first of them holds the value."""

import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

MOST = 100_000  # ranges that are looked at
CHUNK = 1 << 20  # bytes of a sheet at a time
LONGEST = 200  # bytes of a range as XML
_RANGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^<>]*?\bref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')


class Merged:
    """The cells of a sheet that are merged downwards, told row by row.

    openpyxl says nothing of them where it reads a sheet without holding it, so they are looked up in the sheet's XML.
    """

    def __init__(self, book: Path, sheet: str):
        self._from: dict[int, list[tuple[int, int]]] = {}  # first row -> column and last row, all from 0
        self._open: dict[int, tuple[int, Any]] = {}  # column -> last row and value
        for column, first, last in islice(_ranges(book, sheet), MOST):
            if last > first:
                self._from.setdefault(first, []).append((column, last))

    def __bool__(self) -> bool:
        return bool(self._from)

    def filled(self, i: int, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Row `i` of the sheet with the values of the cells that are merged into it; an empty one stays empty."""
        for column, last in self._from.get(i, ()):
            if column < len(row):
                self._open[column] = last, row[column]
        over = {column: value for column, (last, value) in self._open.items() if i <= last}
        self._open = {column: self._open[column] for column in over}
        if not over or all(value is None for value in row):
            return row
        width = max(len(row), max(over) + 1)
        cells = [*row, *[None] * (width - len(row))]
        return tuple(over.get(at) if value is None else value for at, value in enumerate(cells))


def _ranges(book: Path, sheet: str) -> Iterator[tuple[int, int, int]]:
    """The column, the first and the last row of each range of merged cells, from 0. Raises what zipfile does."""
    with zipfile.ZipFile(book) as archive, archive.open(sheet) as xml:
        rest = b""
        while chunk := xml.read(CHUNK):
            known = rest + chunk
            end = 0
            for found in _RANGE.finditer(known):
                end = found.end()
                yield _number(found[1].decode()), int(found[2]) - 1, int(found[3]) - 1
            rest = known[max(end, len(known) - LONGEST) :]


def _number(letters: str) -> int:
    """The number of a column from 0: A is 0, AA is 26."""
    n = 0
    for letter in letters:
        n = 26 * n + ord(letter) - ord("A") + 1
    return n - 1
