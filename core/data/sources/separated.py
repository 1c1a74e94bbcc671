"""Columns with a separator between them: CSV, TSV and their kin, quoted or not."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from core.data.sources.header import has_header, names
from core.data.sources.input import LONGEST, Input
from core.data.sources.source import Again, Cells, Options, sampled
from core.errors import BadData
from core.files import Progress
from core.options import AUTO

SEPARATORS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", "@": "at-sign"}


class Separator(NamedTuple):
    """A separator, and the share of the rows that it cuts into the same number of columns."""

    mark: str
    evenness: float


class Survey(NamedTuple):
    """What a file's rows are like when it is read with one kind of quoting."""

    first: list[str]  # the first row; empty where there is none
    sample: list[list[str]]  # of the others
    lengths: Counter[int]  # columns -> rows that have so many

    @property
    def rows(self) -> int:
        return self.lengths.total()


def recognises(given: Input) -> float:
    """The share of the rows that the best separator cuts evenly, where it is more than half, else 0."""
    evenness = separator(given).evenness
    return evenness if evenness > 0.5 else 0


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """The rows and the names in their header, where there is one. Raises BadData where there is nothing else."""
    mark = separator(given).mark
    quoting, found = _survey(given, mark, options.quoting, progress)
    header = has_header(
        found.first, found.sample, [column for column in (options.text, options.label) if column != AUTO]
    )
    if header and found.rows == 1:
        raise BadData(f"{given.name} holds a header and no rows.", "Name a file with one row for each text.")

    def rows() -> Iterator[list[str]]:
        cells = parse(given.lines(progress), mark, quoting)
        if header:
            next(cells, None)
        return cells

    return Cells(
        names(found.first) if header else [str(i) for i in range(even(found.lengths)[0])],
        Again(rows),
        found.sample if header else [found.first, *found.sample],
        f"{SEPARATORS[mark]}-separated, {'with header' if header else 'no header'}",
        given.encoding,
        options._replace(quoting=quoting),
    )


def parse(lines: Iterable[str], separator: str, quoting: str, strict: bool = False) -> Iterator[list[str]]:
    """The rows of a separated file without its blank lines, just as pandas reads them. Raises csv.Error."""
    csv.field_size_limit(LONGEST)
    rows = csv.reader(
        lines, delimiter=separator, quoting=csv.QUOTE_NONE if quoting == "none" else csv.QUOTE_MINIMAL, strict=strict
    )
    for cells in rows:
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield cells


def separator(given: Input) -> Separator:
    """The separator that cuts the first rows most evenly."""

    def evenness(mark: str) -> float:
        found = [even(_first_lengths(given, mark, quoting)) for quoting in ("csv", "none") if mark in given.start]
        return max((share for n, share in found if n > 1), default=0.0)

    return max((Separator(mark, evenness(mark)) for mark in SEPARATORS), key=lambda found: found.evenness)


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


def _survey(given: Input, mark: str, quoting: str, progress: Progress) -> tuple[str, Survey]:
    """How the file is quoted, and what its rows are like when it is read so. Nothing is held but a sample."""

    def read(quoting: str, strict: bool = False) -> Survey:
        lengths: Counter[int] = Counter()
        rows = parse(given.lines(progress, "look"), mark, quoting, strict)
        first = next(rows, [])
        counted = _counting(chain([first] if first else [], rows), lengths)
        next(counted, None)
        return Survey(first, sampled(counted), lengths)

    if quoting == AUTO and not any('"' in line for line in given.lines()):
        quoting = "none"
    if quoting != AUTO:
        return quoting, read(quoting)
    as_none = read("none")
    try:
        as_csv, well_quoted = read("csv", strict=True), True
    except csv.Error:
        as_csv, well_quoted = read("csv"), False
    return ("csv", as_csv) if _quoted(as_csv, as_none, well_quoted) else ("none", as_none)


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
