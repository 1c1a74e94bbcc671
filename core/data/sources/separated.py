"""Columns with a separator between them: CSV, TSV and their kin, quoted or not."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from core.data.columns import few
from core.data.sources.beginning import LEAD, Line, lines_before, named_separator
from core.data.sources.cells import mended, parse
from core.data.sources.header import has_header, is_usual, names
from core.data.sources.input import Input, once
from core.data.sources.source import Again, Cells, Damaged, Options, Row, sampled
from core.data.sources.spill import Spill, spill
from core.errors import BadData
from core.files import Progress
from core.options import AUTO

SEPARATORS = {
    "\t": "tab",
    ",": "comma",
    ";": "semicolon",
    " ||| ": "triple-bar",
    "||": "double-bar",
    "|": "bar",
    "::": "double-colon",
    "@": "at-sign",
    "^": "caret",
    "~": "tilde",
    "\x01": "start-of-heading",
    "\x1f": "unit-separator",
    "\\t": "written-tab",
}
EVEN = 0.8  # share of rows with as many cells that tell what is no row
RAGGED = 0.6  # how sure a table is whose rows become even when what is over is joined
AGAIN, TOTAL = Damaged("the header again"), Damaged("a total")
_TOTAL = re.compile(r"\W*(grand )?(total|sum|count|number)( of)?( rows| records)?\W*", re.IGNORECASE)
_AMOUNT = re.compile(r"[\d\s.,%]*")


class Separator(NamedTuple):
    """A separator, and the share of the rows that it cuts into the same number of columns."""

    mark: str
    evenness: float


class Survey(NamedTuple):
    """What a file's rows are like when it is read with one kind of quoting."""

    first: list[str]  # the first row; empty where there is none
    sample: list[list[str]]  # of the others
    lengths: Counter[int]  # columns -> rows that have so many
    astray: int = 0  # rows with quotes that enclose nothing

    @property
    def rows(self) -> int:
        return self.lengths.total()


def recognises(given: Input) -> float:
    """The share of the rows that the best separator cuts evenly, where it is more than half, else 0."""
    evenness = separator(given).evenness
    return evenness if evenness > 0.5 else 0


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """The rows and the names in their header, where there is one. Raises BadData where there is nothing else."""
    mark = _mark(options.separator) or separator(given).mark
    notes: list[str] = []
    skip = options.skip_lines
    if isinstance(skip, str):
        skip = _lines_before(given, mark, options.quoting)
        named = bool(named_separator(given.first_lines()))
        if skip > named:
            n = skip - named
            notes.append(f"{n:,} lines before the table are left out." if n > 1 else "The first line is left out.")

    def lines(phase: str) -> Iterator[str]:
        return islice(given.lines(progress, phase), skip, None)

    unquoted = options.quoting == AUTO and not any('"' in line for line in given.lines())
    quoting, found, begin = _survey(lines, mark, "none" if unquoted else options.quoting)
    if not found.rows:
        raise BadData(f"{given.name} has no row after {skip:,} lines.", "Choose fewer with --skip-lines.")
    given_names = [column for column in (options.text, options.label) if column != AUTO]
    others = [row for row in found.sample if row != found.first]  # files are joined with their headers
    header = options.header == "yes"
    if options.header == AUTO:
        header = has_header(found.first, others if is_usual(found.first) else found.sample, given_names)
    if header and found.rows == 1:
        raise BadData(f"{given.name} holds a header and no rows.", "Name a file with one row for each text.")
    if found.astray:
        notes.append(f"Quotes that enclose nothing are read as text: in {found.astray:,} of the rows.")
    first = found.first
    if header and _rows_are_named(found):
        first = ["", *first]
    sample = others if header else [found.first, *found.sample]
    lengths = found.lengths - Counter([len(found.first)]) if header else found.lengths
    way = spill(lengths, sample, len(first) if header else 0, mark)
    if way:
        notes.append("The text holds separators without quotes: what is over in a row is read as part of it.")
        sample = [way.mended(row, mark) for row in sample]
    width = way.width if way else even(found.lengths)[0]
    return Cells(
        names(first) if header else [str(i) for i in range(width)],
        Again(lambda: _rows(begin("read"), found.first if header else None, way, mark)),
        sample,
        f"{_in_words(mark)}-separated, {'with header' if header else 'no header'}",
        given.encoding,
        options._replace(quoting=quoting, separator=_in_words(mark), skip_lines=skip, header="yes" if header else "no"),
        notes,
    )


def _rows(rows: Iterator[list[str]], header: list[str] | None, way: Spill | None, mark: str) -> Iterator[Row]:
    if header is not None:
        next(rows, None)
    last: list[str] = []
    for row in rows:
        if last:
            yield AGAIN if last == header else way.mended(last, mark) if way else last
        last = row
    if last:
        yield AGAIN if last == header else TOTAL if _is_total(last) else way.mended(last, mark) if way else last


def _is_total(row: list[str]) -> bool:
    """Whether a row says how many there are, as reports do at their end."""
    words = [cell for cell in row if not _AMOUNT.fullmatch(cell)]
    return len(words) == 1 and len(row) > 1 and bool(_TOTAL.fullmatch(words[0]))


def _rows_are_named(found: Survey) -> bool:
    """Whether every row begins with a number that the header has no name for, as R writes tables."""
    numbered = all(len(row) == len(found.first) + 1 and row[0].isdecimal() for row in found.sample)
    return bool(found.sample) and numbered and len({row[0] for row in found.sample}) == len(found.sample)


def _mark(given: str) -> str:
    """The separator that a person names, by its word or itself; empty for auto."""
    by_word = {word: mark for mark, word in SEPARATORS.items()}
    return "" if given == AUTO else "\t" if given == "\\t" else by_word.get(given, given)


def _in_words(mark: str) -> str:
    return SEPARATORS.get(mark, mark)


def _lines_before(given: Input, mark: str, quoting: str) -> int:
    """How many lines stand before the table."""
    named = 1 if named_separator(given.first_lines()) else 0
    kind = "csv" if quoting == AUTO else quoting

    def rows() -> Iterator[Line]:
        # line by line where a table may begin: a row with line breaks is none of those that stand before it
        for at, line in enumerate(islice(given.first_lines(), named, named + LEAD)):
            yield Line(at + named, next(parse([line], mark, kind), []))
        yield from (Line(-1, cells) for cells in parse(islice(given.first_lines(), named + LEAD, None), mark, kind))

    def whole_rows() -> Iterator[Line]:
        at = begin = named

        def lines() -> Iterator[str]:
            nonlocal at
            for line in islice(given.first_lines(), named, None):
                at += 1
                yield line

        for cells in parse(lines(), mark, kind):
            yield Line(begin, cells)
            begin = at

    # where quotes enclose line breaks, only whole rows are even; where a title holds a lone quote, only lines are
    ways = [
        (even(Counter(len(line.cells) for line in islice(way(), 2000) if line.cells)), way)
        for way in (rows, whole_rows)
    ]
    (width, share), way = max(ways, key=lambda found: (found[0][0] > 1, found[0][1]))
    return max(named, lines_before(way(), width)) if share > EVEN else named


@once
def separator(given: Input) -> Separator:
    """The separator that the first line names, or that cuts the first rows most evenly."""
    if named := named_separator(given.first_lines()):
        return Separator(named, 1.0)

    def evenness(mark: str) -> float:
        found = [even(_first_lengths(given, mark, quoting)) for quoting in ("csv", "none") if mark in given.start]
        return max((share for n, share in found if n > 1), default=0.0)

    found = [Separator(mark, evenness(mark)) for mark in SEPARATORS]
    best = max(found, key=lambda one: (one.evenness, not _in_prose(given.start, one.mark)))
    if best.evenness <= 0.8:
        ragged = next((mark for mark in SEPARATORS if mark in given.start and _is_ragged(given, mark)), None)
        if ragged and best.evenness < RAGGED:
            return Separator(ragged, RAGGED)
    return best


def _in_prose(start: str, mark: str) -> bool:
    """Whether a blank nearly always follows, as after a comma in a sentence."""
    return start.count(f"{mark} ") > 0.9 * start.count(mark)


def _is_ragged(given: Input, mark: str) -> bool:
    """Whether every row has two cells at least, and the first or the last holds labels: few, short, repeating."""
    rows = list(islice(parse(given.first_lines(), mark, "none"), 2000))
    enough = [row for row in rows if len(row) > 1]
    if len(rows) < 10 or len(enough) < 0.98 * len(rows):
        return False
    ends = [Counter(row[i] for row in enough) for i in (0, -1)]
    return any(len(end) <= few(len(enough)) / 2 and max(map(len, end)) <= 50 for end in ends)


def _first_lengths(given: Input, mark: str, quoting: str) -> Counter[int]:
    rows = [len(row) for row in parse(given.first_lines(), mark, quoting)]
    # the last one may be cut off; where it is the only one, it takes the whole file to see the others
    if given.is_longer and len(rows) < 2:
        return Counter(map(len, parse(given.lines(), mark, quoting)))
    return Counter(rows[:-1] if given.is_longer else rows)


def even(lengths: Counter[int]) -> tuple[int, float]:
    """How many columns most rows have, and the share of rows that do."""
    if not lengths:
        return 0, 0.0
    n, count = lengths.most_common(1)[0]
    return n, count / lengths.total()


def _survey(
    lines: Callable[[str], Iterator[str]], mark: str, quoting: str
) -> tuple[str, Survey, Callable[[str], Iterator[list[str]]]]:
    """How the file is quoted, what its rows are like when it is read so, and how to read them, given a phase.

    Nothing is held but a sample.
    """
    astray = [0]

    def survey(rows: Iterator[list[str]]) -> Survey:
        lengths: Counter[int] = Counter()
        first = next(rows, [])
        counted = _counting(chain([first] if first else [], rows), lengths)
        next(counted, None)
        return Survey(first, sampled(counted), lengths, astray[0])

    def plain(quoting: str) -> Callable[[str], Iterator[list[str]]]:
        return lambda phase: parse(lines(phase), mark, quoting)

    if quoting != AUTO:
        return quoting, survey(plain(quoting)("columns")), plain(quoting)
    as_none = survey(plain("none")("columns"))
    begin, well_quoted = plain("csv"), True
    try:
        as_csv = survey(parse(lines("columns"), mark, "csv", strict=True))
    except csv.Error:
        begin, well_quoted = lambda phase: mended(lines(phase), mark, [0]), False
        as_csv = survey(mended(lines("columns"), mark, astray))._replace(astray=astray[0])
    if _quoted(as_csv, as_none, well_quoted):
        return "csv", as_csv, begin
    return "none", as_none._replace(astray=0), plain("none")


def _counting(rows: Iterable[list[str]], lengths: Counter[int]) -> Iterator[list[str]]:
    for row in rows:
        lengths[len(row)] += 1
        yield row


def _quoted(as_csv: Survey, as_none: Survey, well_quoted: bool) -> bool:
    """Whether double quotes enclose fields, from the file read both ways.

    They do where every quote is closed right before a separator, unless taking them as text gives more rows
    that are as even: then a quote that opens in one row has swallowed the next ones.
    """
    none_is_even = even(as_none.lengths)[1] >= even(as_csv.lengths)[1]
    return not (none_is_even and (not well_quoted or as_none.rows > as_csv.rows))
