"""Lines to rows of cells: one separator, quotes or none, and what to do where a quote is astray."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Literal

from core.data.sources.input import LONGEST
from core.errors import BadData

STAND_IN = "\ufdd0"  # no character of any text: takes the place of a separator of several characters


def parse(lines: Iterable[str], mark: str, quoting: str, strict: bool = False) -> Iterator[list[str]]:
    """The rows of a separated file, without its blank lines, just as pandas reads them.

    Raises csv.Error where it is to be `strict`, and BadData for a cell that is longer than any text.
    """
    try:
        yield from _filled(_reader(lines, mark, quoting, strict), mark)
    except csv.Error as error:
        if strict:
            raise
        what = f"A quote opens a cell of more than {LONGEST // 1_000_000} million characters."
        raise BadData(what, "Set data.quoting to none if quotes are part of the text.") from error


def mended(lines: Iterable[str], mark: str, astray: list[int]) -> Iterator[list[str]]:
    """The rows of a file with double quotes; where one encloses nothing, or never closes, it is text.

    Then its line alone is read so, and the next ones as if it had not been. `astray` counts such lines, in its only
    number.
    """
    yield from _filled(_strict(_Feed(lines), mark, astray), mark)


def _strict(feed: "_Feed", mark: str, astray: list[int]) -> Iterator[list[str]]:
    reader = _reader(feed, mark, "csv", strict=True)
    while True:
        feed.begin()
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            line = feed.all_but_the_first_again()
            astray[0] += 1
            yield _with_stray_quotes(line.rstrip("\r\n"), mark if len(mark) == 1 else STAND_IN)


def _with_stray_quotes(line: str, mark: str) -> list[str]:
    """The cells of a line in which only a quote before a separator closes what one after a separator opens."""
    if len(line) > 1 and line[0] == line[-1] == '"' and f'"{mark}"' in line:
        return line[1:-1].split(f'"{mark}"')
    cells, opened = list[str](), list[str]()
    for part in line.split(mark):
        if opened or (part.startswith('"') and not (len(part) > 1 and part.endswith('"'))):
            opened.append(part)
            if len(opened) > 1 and part.endswith('"'):
                cells.append(mark.join(opened)[1:-1].replace('""', '"'))
                opened = []
        else:
            cells.append(part[1:-1].replace('""', '"') if part.startswith('"') else part)
    return [*cells, *opened]


def _reader(lines: Iterable[str], mark: str, quoting: str, strict: bool) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST)
    kind: Literal[0, 3] = csv.QUOTE_NONE if quoting == "none" else csv.QUOTE_MINIMAL
    if len(mark) == 1:
        return csv.reader(lines, delimiter=mark, quoting=kind, strict=strict)
    # the line that a strict reader refuses is to be had as it was read: with the stand-in
    changed = lines.standing_in(mark) if isinstance(lines, _Feed) else (line.replace(mark, STAND_IN) for line in lines)
    return csv.reader(changed, delimiter=STAND_IN, quoting=kind, strict=strict)


def _filled(rows: Iterable[list[str]], mark: str) -> Iterator[list[str]]:
    for cells in rows:
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield [cell.replace(STAND_IN, mark) for cell in cells] if len(mark) > 1 else cells


class _Feed:
    """Lines that can be given back: a quote that never closes must not swallow the rest of a file.

    So much is read twice at most as was read once, and the longest text.
    """

    def __init__(self, lines: Iterable[str]):
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._size = self._read = self._wasted = 0  # characters

    def standing_in(self, mark: str) -> "_Feed":
        self._lines = (line.replace(mark, STAND_IN) for line in self._lines)
        return self

    def begin(self) -> None:
        self._taken, self._size = [], 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self._taken and (self._size >= LONGEST or self._wasted + self._size > LONGEST + self._read):
            raise StopIteration
        line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(line)
        self._size += len(line)
        self._read += len(line)
        return line

    def all_but_the_first_again(self) -> str:
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        self._wasted += self._size
        self._read -= self._size - len(first)
        return first
