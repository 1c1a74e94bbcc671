"""How a table is quoted, found out by reading it in several ways and comparing what comes out."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from core.data.sources.beginning import Alike
from core.data.sources.cells import CSV, KINDS, NONE, Quotes, mended, parse, reader
from core.data.sources.input import Input
from core.data.sources.source import sampled

HEAD = 4  # rows among which all of the header is
EVEN = 0.8  # share of rows with as many cells that tell what is no row
CLEARLY = 0.02  # so much larger a share of even rows is no chance
NEARLY_ALL = 0.95  # of the rows: where so many are quoted in a way, it is no chance
MANY = 100  # lines that show how all are quoted
ENOUGH = 5  # rows without a quote that show what a row is like


class Survey(NamedTuple):
    """What a file's rows are like when it is read with one kind of quoting."""

    head: list[list[str]]  # the first rows; empty where there is none
    sample: list[list[str]]  # of all but the first
    lengths: Counter[int]  # columns -> rows that have so many
    astray: int  # rows with quotes that enclose nothing

    @property
    def first(self) -> list[str]:
        return self.head[0] if self.head else []

    @property
    def rows(self) -> int:
        return self.lengths.total()


class Way(NamedTuple):
    """A kind of quoting, what the rows are like that it gives, and how to read them, given a phase."""

    quoting: str
    found: Survey
    rows: Callable[[str], Iterator[list[str]]]


Lines = Callable[[str], Iterable[str]]  # of the table, given a phase
Swallowed = Callable[[list[str]], bool]  # whether a row holds others


def even(lengths: Counter[int]) -> tuple[int, float]:
    """How many columns most rows have, and the share of rows that do."""
    if not lengths:
        return 0, 0.0
    n, count = lengths.most_common(1)[0]
    return n, count / lengths.total()


def read_as(lines: Lines, mark: str, quoting: str) -> Way:
    """A table read with a kind of quoting that somebody has named: csv and none as pandas does, without a doubt."""
    return _plain(lines, mark, quoting) if quoting in (CSV, NONE) else _mended(lines, mark, quoting, None)


def _plain(lines: Lines, mark: str, quoting: str, strict: bool = False, swallowed: Swallowed | None = None) -> Way:
    """A table read with one kind of quoting or none, as pandas does.

    Where that is to be `strict`, csv.Error is raised for a quote that is astray or has swallowed rows.
    """

    def checked(rows: Iterator[list[str]], swallowed: Swallowed) -> Iterator[list[str]]:
        for row in rows:
            if "\n" in "".join(row) and swallowed(row):
                raise csv.Error("a quote has swallowed rows")
            yield row

    rows = parse(lines("columns"), mark, quoting, strict)
    found = _survey(checked(rows, swallowed) if swallowed else rows, [0])
    return Way(quoting, found, lambda phase: parse(lines(phase), mark, quoting))


def likely(lines: list[str], mark: str) -> str:
    """The kind of quoting that the first lines of a table show; `csv` where they show nothing else."""
    text = "".join(lines)
    kinds = [kind for kind in KINDS if kind != CSV and may_be(kind, text, mark)]
    if not kinds:
        return CSV
    base = _double_or_none(lambda _: lines, mark, None)
    ways = [way for way in (_mended(lambda _: lines, mark, kind, None) for kind in kinds) if _is_better(way, base)]
    best = max(ways, key=lambda way: (even(way.found.lengths)[1], -way.found.astray), default=None)
    return best.quoting if best else CSV


def may_be(kind: str, text: str, mark: str) -> bool:
    """Whether a text holds what a kind of quoting cannot do without."""
    quotes = KINDS[kind]
    if quotes.whole:
        return _are_whole(text, mark)
    opens = text.startswith(quotes.opening) or any(f"{before}{quotes.opening}" in text for before in (mark, "\n", "\r"))
    if quotes.escaped:
        return (opens and f"\\{quotes.mark}" in text) or (quotes.mark == '"' and f"\\{mark}" in text)
    return opens or (quotes.formula and '"=""' in text)


def _are_whole(text: str, mark: str) -> bool:
    """Whether each line, but for one that is cut off, is a single quoted field with separators in it."""
    lines = (line for line in text.splitlines()[:-1] if line.strip())
    try:
        rows = list(islice(reader(lines, ",", CSV, strict=False), MANY))
    except csv.Error:  # a quote that opens and does not close
        return False
    return len(rows) > 1 and all(len(row) == 1 and mark in row[0] for row in rows)


def quoted(lines: Lines, mark: str, first: str, given: Input) -> Way:
    """How a table is quoted, read in the ways that its first lines and its quotes leave open.

    `first` is what `likely` says of the first lines. Nothing is held but a sample.
    """
    if first == CSV and not any('"' in line for line in given.lines()):
        return _plain(lines, mark, NONE)
    base = _double_or_none(lines, mark, _swallowing(given.first_lines(), mark))
    if first == CSV and base.found.astray and any('\\"' in line for line in given.lines()):
        first = "backslash"
    if first != CSV and _is_better(way := _mended(lines, mark, first, None), base):
        return way
    return base if base.quoting == CSV else base._replace(found=base.found._replace(astray=0))


def _is_better(way: Way, base: Way) -> bool:
    """Whether a kind of quoting explains a table better than double quotes and none do: more rows are even, or as many
    are, and its quotes would stand in the cells."""
    (n, share), (one, before) = even(way.found.lengths), even(base.found.lengths)
    if n < 2 or share < EVEN or share <= before - CLEARLY / 2:
        return False
    if KINDS[way.quoting].whole:
        return one == 1
    if share > before + (CLEARLY if way.found.astray else 0):
        return True
    quotes = KINDS[way.quoting]
    if quotes.escaped and quotes.mark == '"':
        return base.found.astray > 0 and not way.found.astray
    sample = base.found.sample
    if not way.found.astray and (_are_doubled(sample, quotes) or (quotes.spaced and _begin_with_blanks(sample))):
        return True
    shown = sum(_shows(row, quotes) for row in sample)
    return shown > 0 and shown >= NEARLY_ALL * len(sample)


def _begin_with_blanks(rows: list[list[str]]) -> bool:
    return all(cell.startswith(" ") for row in rows for cell in row[1:])


def _are_doubled(rows: list[list[str]], quotes: Quotes) -> bool:
    """Whether each cell with a quote is enclosed in quotes, and those inside of it are all marked as text."""
    quote = quotes.mark
    marker = f"\\{quote}" if quotes.escaped else quote * 2
    form = re.compile(rf"{re.escape(quotes.opening)}(?:{re.escape(marker)}|[^{quote}])*{quote}")
    cells = [cell for row in rows for cell in row if quote in cell]
    return any(marker in cell[1:-1] for cell in cells) and all(map(form.fullmatch, cells))


def _shows(row: list[str], quotes: Quotes) -> bool:
    """Whether quotes that have not been taken off enclose a cell of a row, or several."""
    first = next((i for i, cell in enumerate(row) if cell.startswith(quotes.opening)), len(row))
    return any(cell.endswith(quotes.mark) and cell != quotes.opening for cell in row[first:])


def _double_or_none(lines: Lines, mark: str, swallowed: Swallowed | None) -> Way:
    """A table read with double quotes or none. Of none, too, it is said how many rows had quotes astray."""
    none = _plain(lines, mark, NONE)
    try:
        double = _plain(lines, mark, CSV, strict=True, swallowed=swallowed)
    except csv.Error:
        double = _mended(lines, mark, CSV, swallowed)
    if _encloses(double.found, none.found):
        return double
    return none._replace(found=none.found._replace(astray=double.found.astray))


def _encloses(as_csv: Survey, as_none: Survey) -> bool:
    """Whether double quotes enclose fields, from the file read both ways.

    They do where every quote is closed right before a separator, unless taking them as text gives more rows
    that are as even: then a quote that opens in one row has swallowed the next ones.
    """
    none_is_even = even(as_none.lengths)[1] >= even(as_csv.lengths)[1]
    return not (none_is_even and (as_csv.astray or as_none.rows > as_csv.rows))


def _mended(lines: Lines, mark: str, quoting: str, swallowed: Swallowed | None) -> Way:
    astray = [0]
    found = _survey(mended(lines("columns"), mark, quoting, astray, swallowed), astray)
    return Way(quoting, found, lambda phase: mended(lines(phase), mark, quoting, [0], swallowed))


def _survey(rows: Iterator[list[str]], astray: list[int]) -> Survey:
    lengths: Counter[int] = Counter()
    head = list(islice(rows, HEAD))

    def counted() -> Iterator[list[str]]:
        for row in chain(head, rows):
            lengths[len(row)] += 1
            yield row

    others = counted()
    next(others, None)
    return Survey(head, sampled(others), lengths, astray[0])


def _swallowing(lines: Iterable[str], mark: str) -> Swallowed | None:
    """What says of a row whether a quote that nobody closed has made one cell of the beginnings and ends of others.

    It is so where each line of the cell, read alone, is a row like those of the file's `lines` that have no quotes.
    None where these do not show what a row is like.
    """
    rows = [line.rstrip("\r\n").split(mark) for line in lines if '"' not in line and line.strip()]
    width, _ = even(Counter(map(len, rows)))
    alike = Alike([row for row in rows if len(row) == width])
    if len(rows) < ENOUGH or width < 2 or not alike.known:
        return None

    def like(cells: list[str]) -> bool:
        return alike.data(cells, width) and any(cells[i].strip() for i in alike.known)

    def swallowed(row: list[str]) -> bool:
        for i, cell in enumerate(row):
            if "\n" in cell:
                first, *inner, last = [line.rstrip("\r") for line in cell.split("\n")]
                if like([*row[:i], *first.split(mark)]) and like([*last.split(mark), *row[i + 1 :]]):
                    filled = [line for line in inner if line.strip()]
                    if sum(like(line.split(mark)) for line in filled) >= EVEN * len(filled):
                        return True
        return False

    return swallowed
