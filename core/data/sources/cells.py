"""Lines to rows of cells: one separator, one kind of quotes or none, and what to do where a quote is astray."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from core.data.sources.input import LONGEST
from core.errors import BadData

STAND_IN = "\ufdd0"  # no character of any text: takes the place of a separator of several characters
CSV, NONE = "csv", "none"


class Quotes(NamedTuple):
    """How quotes enclose fields. A quote inside is doubled, or `escaped`: a backslash stands before it."""

    mark: str = '"'
    escaped: bool = False  # and so are separators, line ends and backslashes
    spaced: bool = False  # blanks may stand between a separator and a quote
    formula: bool = False  # an equals sign may stand before a quote, which keeps Excel from changing a field
    whole: bool = False  # lines are quoted once more, each as one

    @property
    def opening(self) -> str:
        """What a field begins with that is quoted so."""
        return f"={self.mark}" if self.formula else f" {self.mark}" if self.spaced else self.mark


KINDS = {
    CSV: Quotes(),
    "backslash": Quotes(escaped=True),
    "single": Quotes("'"),
    "single_backslash": Quotes("'", escaped=True),
    "spaced": Quotes(spaced=True),
    "excel": Quotes(formula=True),
    "lines": Quotes(whole=True),
}


def parse(lines: Iterable[str], mark: str, quoting: str, strict: bool = False) -> Iterator[list[str]]:
    """The rows of a separated file, without its blank lines, just as pandas reads them.

    `quoting` is one of KINDS or none. Raises csv.Error where it is to be `strict`, and BadData for a cell that is
    longer than any text.
    """
    try:
        yield from _filled(reader(lines, mark, quoting, strict), mark, quoting)
    except csv.Error as error:
        if strict:
            raise
        what = f"A quote opens a cell of more than {LONGEST // 1_000_000} million characters."
        raise BadData(what, "Set data.quoting to none if quotes are part of the text.") from error


def mended(
    lines: Iterable[str],
    mark: str,
    quoting: str,
    astray: list[int],
    swallowed: Callable[[list[str]], bool] | None = None,
) -> Iterator[list[str]]:
    """The rows of a file with quotes; where one encloses nothing, or never closes, or has `swallowed` rows, it is text.

    Then its line alone is read so, and the next ones as if it had not been. `astray` counts such lines, in its only
    number.
    """
    yield from _filled(_strict(_Feed(lines), mark, quoting, astray, swallowed), mark, quoting)


def _strict(
    feed: "_Feed", mark: str, quoting: str, astray: list[int], swallowed: Callable[[list[str]], bool] | None
) -> Iterator[list[str]]:
    rows = reader(feed, mark, quoting, strict=True)
    while True:
        feed.begin()
        try:
            row = next(rows)
            if swallowed is None or feed.taken < 2 or not swallowed(_unchanged(row, mark)):
                yield row
                continue
        except StopIteration:
            return
        except csv.Error:
            pass
        astray[0] += 1
        yield _with_stray_quotes(feed.all_but_the_first_again().rstrip("\r\n"), mark, KINDS[quoting])


def _with_stray_quotes(line: str, mark: str, quotes: Quotes) -> list[str]:
    """The cells of a line in which only a quote before a separator closes what one after a separator opens."""
    quote = quotes.mark
    between = f"{quote}{mark}{quote}"
    if len(line) > 1 and line[0] == line[-1] == quote and between in line:
        return [_plain(part, quotes) for part in line[1:-1].split(between)]
    cells, opened = list[str](), list[str]()
    for part in line.split(mark):
        if quotes.spaced and not opened:
            part = part.lstrip(" ")
        if opened or (part.startswith(quote) and not (len(part) > 1 and part.endswith(quote))):
            opened.append(part)
            if len(opened) > 1 and part.endswith(quote):
                cells.append(_plain(mark.join(opened)[1:-1].replace(quote * 2, quote), quotes))
                opened = []
        else:
            cells.append(_plain(part[1:-1].replace(quote * 2, quote) if part.startswith(quote) else part, quotes))
    return [*cells, *opened]


def _plain(part: str, quotes: Quotes) -> str:
    return re.sub(rf"\\([\\{quotes.mark}])", r"\1", part) if quotes.escaped else part


def reader(lines: Iterable[str], mark: str, quoting: str, strict: bool) -> Iterator[list[str]]:
    """What the module csv makes of lines, blank ones too. Raises csv.Error."""
    csv.field_size_limit(LONGEST)
    one = mark if len(mark) == 1 else STAND_IN
    if one != mark:
        lines = map(lambda line: line.replace(mark, STAND_IN), lines)  # unlike a generator, it goes on after an end
    quotes = KINDS.get(quoting)
    if quotes is None:
        return csv.reader(lines, delimiter=one, quoting=csv.QUOTE_NONE, strict=strict)
    return csv.reader(
        _readable(lines, one, quotes),
        delimiter=one,
        quotechar=quotes.mark,
        escapechar="\\" if quotes.escaped else None,
        skipinitialspace=quotes.spaced,
        strict=strict,
    )


def _readable(lines: Iterable[str], mark: str, quotes: Quotes) -> Iterable[str]:
    """Lines that the module csv reads as they are meant."""
    if quotes.escaped:
        # it drops every backslash: one that stands before anything else than what has to be escaped is text
        pattern = re.compile(rf"\\([\\{quotes.mark}{re.escape(mark)}\n]|\r\n?)|\\")

        def escaped(found: re.Match[str]) -> str:
            return "\\" + found[1].replace("\r\n", "\r\\\n") if found[1] else r"\\"

        return map(lambda line: pattern.sub(escaped, line) if "\\" in line else line, lines)
    if quotes.whole:
        return map(_unwrapped, lines)
    if quotes.formula:
        pattern = re.compile(rf'(^|{re.escape(mark)})="')
        return map(lambda line: pattern.sub(r'\1"', line) if '="' in line else line, lines)
    return lines


def _unwrapped(line: str) -> str:
    body = line.rstrip("\r\n")
    is_quoted = len(body) > 1 and body[0] == body[-1] == '"'
    return body[1:-1].replace('""', '"') + line[len(body) :] if is_quoted else line


def _filled(rows: Iterable[list[str]], mark: str, quoting: str) -> Iterable[list[str]]:
    filled = (cells for cells in rows if len(cells) > 1 or (cells and cells[0].strip()))
    if len(mark) > 1:
        filled = (_unchanged(cells, mark) for cells in filled)
    if quoting in KINDS and KINDS[quoting].formula:
        return ([cell[2:-1] if cell[:2] == '="' and cell[-1] == '"' else cell for cell in cells] for cells in filled)
    return filled


def _unchanged(cells: list[str], mark: str) -> list[str]:
    return [cell.replace(STAND_IN, mark) for cell in cells] if len(mark) > 1 else cells


class _Feed:
    """Lines that can be given back: a quote that never closes must not swallow the rest of a file.

    So much is read twice at most as was read once, and the longest text.
    """

    def __init__(self, lines: Iterable[str]):
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._size = self._read = self._wasted = 0  # characters

    @property
    def taken(self) -> int:
        """How many lines the row has that is read now."""
        return len(self._taken)

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
