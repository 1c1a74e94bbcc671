"""Columns with a separator between them: CSV, TSV and their kin, quoted or not."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from core.data.columns import few
from core.data.sources.beginning import LEAD, Line, lines_before, named_separator
from core.data.sources.cells import CSV, KINDS, NONE, parse
from core.data.sources.header import describing, has_header, is_usual, names, uncommented
from core.data.sources.input import Input, once
from core.data.sources.quoting import EVEN, Survey, even, likely, may_be, quoted, read_as
from core.data.sources.source import Again, Cells, Damaged, Options, Row
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
    " ": "space",
}
SPACE = " "  # only where quotes enclose what has blanks in it, as R writes tables
MOST = 16_384  # columns, as many as a spreadsheet has
RAGGED = 0.6  # how sure a table is whose rows become even when what is over is joined
AGAIN, TOTAL, DESCRIBING = Damaged("the header again"), Damaged("a total"), Damaged("describes the columns")
SAID = {
    "backslash": "A backslash before a quote, a separator or a line end says that it is text.",
    "single": "Single quotes enclose fields.",
    "single_backslash": "Single quotes enclose fields, and a backslash before one says that it is text.",
    "spaced": "Quotes enclose fields after a blank. Blanks after separators are left out.",
    "lines": "Each line is quoted once more as a whole.",
    "excel": "Fields that are written as formulas, with an equals sign and quotes, are read as their text.",
}
_TOTAL = re.compile(r"\W*(grand )?(total|sum|count|number)( of)?( rows| records)?\W*", re.IGNORECASE)
_AMOUNT = re.compile(r"[\d\s.,%]*")


class Separator(NamedTuple):
    """A separator, and the share of the rows that it cuts into the same number of columns."""

    mark: str
    evenness: float


def recognises(given: Input) -> float:
    """The share of the rows that the best separator cuts evenly, where it is more than half, else 0."""
    evenness = separator(given).evenness
    return evenness if evenness > 0.5 else 0


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """The rows and the names in their header, where there is one. Raises BadData where there is nothing else."""
    mark = _mark(options.separator) or separator(given).mark
    _refuse(mark, options.quoting)
    notes: list[str] = []
    skip = options.skip_lines
    lead = skip if isinstance(skip, int) else 0
    first_lines = list(islice(given.first_lines(), lead, None))
    kind = likely(first_lines, mark) if options.quoting == AUTO else options.quoting
    _refuse_wide(given, next(parse(first_lines, mark, kind), []), _first_lengths(given, mark, kind))
    if isinstance(skip, str):
        skip = _lines_before(given, mark, kind)
        named = bool(named_separator(given.first_lines()))
        if skip > named:
            n = skip - named
            notes.append(f"{n:,} lines before the table are left out." if n > 1 else "The first line is left out.")

    def lines(phase: str) -> Iterator[str]:
        return islice(given.lines(progress, phase), skip, None)

    way = quoted(lines, mark, kind, given) if options.quoting == AUTO else read_as(lines, mark, kind)
    quoting, found = way.quoting, way.found
    if not found.rows:
        raise BadData(f"{given.name} has no row after {skip:,} lines.", "Choose fewer with --skip-lines.")
    _refuse_wide(given, found.first, found.lengths)
    others = [row for row in found.sample if row != found.first]  # files are joined with their headers
    first = uncommented(found.first)
    header = options.header == "yes"
    if options.header == AUTO:
        header = has_header(first, others if is_usual(first) else found.sample, options.named)
    below = describing(found.head, others) if header and options.header == AUTO else 0
    top = found.head[: 1 + below] if header else []
    if header and found.rows == len(top):
        raise BadData(f"{given.name} holds a header and no rows.", "Name a file with one row for each text.")
    if found.astray:
        notes.append(f"Quotes that enclose nothing are read as text: in {found.astray:,} of the rows.")
    if quoting in SAID and options.quoting == AUTO:
        notes.append(SAID[quoting])
    if header and _rows_are_named(found):
        first = ["", *first]
    sample = [row for row in others if row not in top] if header else [found.first, *found.sample]
    lengths = found.lengths - Counter(map(len, top))
    over = spill(lengths, sample, len(first) if header else 0, mark)
    if over:
        notes.append(f"Some texts hold the separator, {_in_words(mark)}, without quotes: they are read whole.")
        sample = [over.mended(row, mark) for row in sample]
    width = over.width if over else even(found.lengths)[0]
    return Cells(
        names(first) if header else [str(i) for i in range(width)],
        Again(lambda: _rows(way.rows("read"), top, over, mark)),
        sample,
        f"{_in_words(mark)}-separated, {'with header' if header else 'no header'}",
        given.encoding,
        options._replace(quoting=quoting, separator=_in_words(mark), skip_lines=skip, header="yes" if header else "no"),
        notes,
    )


def _rows(rows: Iterator[list[str]], top: list[list[str]], way: Spill | None, mark: str) -> Iterator[Row]:
    """The rows below the header, which is the first of those at the `top`; the others there say more of the columns."""
    for _ in islice(rows, len(top)):
        pass
    yield from (DESCRIBING for _ in top[1:])
    header = top[0] if top else None
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


def _refuse(mark: str, quoting: str) -> None:
    """Raises BadData for a separator that means something else."""
    if set(mark) & {"\r", "\n"} or mark == KINDS.get(quoting, KINDS[CSV]).mark:
        do = "Name another one with --separator, or leave it to be found out."
        raise BadData("Quotes and line ends cannot stand between columns.", do)


def _refuse_wide(given: Input, first: list[str], lengths: Counter[int]) -> None:
    """Raises BadData where the first row, or most rows, have more columns than any table of texts."""
    width = max(len(first), even(lengths)[0])
    if width > MOST:
        what = f"{given.name} has {width:,} columns, and {MOST:,} are read at most."
        raise BadData(what, "Keep the columns of texts and labels, or name another separator with --separator.")


def _in_words(mark: str) -> str:
    return SEPARATORS.get(mark, mark)


def _lines_before(given: Input, mark: str, quoting: str) -> int:
    """How many lines stand before the table."""
    named = 1 if named_separator(given.first_lines()) else 0

    def rows() -> Iterator[Line]:
        # line by line where a table may begin: a row with line breaks is none of those that stand before it
        for at, line in enumerate(islice(given.first_lines(), named, named + LEAD)):
            yield Line(at + named, next(parse([line], mark, quoting), []))
        yield from (Line(-1, cells) for cells in parse(islice(given.first_lines(), named + LEAD, None), mark, quoting))

    def whole_rows() -> Iterator[Line]:
        at = begin = named

        def lines() -> Iterator[str]:
            nonlocal at
            for line in islice(given.first_lines(), named, None):
                at += 1
                yield line

        for cells in parse(lines(), mark, quoting):
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
    if _has_blanks_between_quotes(given):
        return Separator(SPACE, 1.0)

    def evenness(mark: str) -> float:
        if mark not in given.start:
            return 0.0
        ways = [NONE, *(kind for kind in KINDS if kind == CSV or may_be(kind, given.start, mark))]
        found = [even(_first_lengths(given, mark, quoting)) for quoting in ways]
        return max((share for n, share in found if n > 1), default=0.0)

    marks = [mark for mark in SEPARATORS if mark != SPACE]
    found = [Separator(mark, evenness(mark)) for mark in marks]
    most = max(one.evenness for one in found)
    ways = [one for one in found if one.evenness == most]
    best = next((one for one in ways if len(ways) > 1 and not _is_written(given.start, one.mark)), ways[0])
    if best.evenness <= 0.8:
        ragged = next((mark for mark in marks if mark in given.start and _is_ragged(given, mark)), None)
        if ragged and best.evenness < RAGGED:
            return Separator(ragged, RAGGED)
    return best


def _is_written(start: str, mark: str) -> bool:
    """Whether a mark is nearly always followed by a blank, as a comma is in a sentence, or is within a number."""
    most = 0.9 * start.count(mark)
    return start.count(f"{mark} ") > most or len(re.findall(rf"\d{re.escape(mark)}(?=\d)", start)) > most


def _has_blanks_between_quotes(given: Input) -> bool:
    """Whether each line begins with a quote, and blanks stand between its fields and, but in quotes, nowhere else."""
    lines = [line for line in given.first_lines() if line.strip()]
    if len(lines) < 3 or not all(line.startswith('"') for line in lines):
        return False
    for quoting in (CSV, "backslash"):
        try:
            lengths = {len(row) for row in parse(lines[1:], SPACE, quoting, strict=True)}
        except csv.Error:
            continue
        return len(lengths) == 1 and min(lengths) > 1
    return False


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
