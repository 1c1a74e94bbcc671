"""Excel's workbooks: the sheet that holds most of a table. They take openpyxl."""

import re
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import islice
from typing import Any, NamedTuple

from core import memory
from core.data.columns import LOOK
from core.data.sources.cell import cell
from core.data.sources.header import has_header, names
from core.data.sources.input import Input, once
from core.data.sources.merged import Merged
from core.data.sources.source import Again, Cells, Options, Row, Valued, sampled
from core.errors import BadData
from core.files import Progress
from core.options import AUTO
from core.wording import size

ZIP = b"PK\x03\x04"
WORKBOOK, BINARY, SHEETS = "xl/workbook.xml", "xl/workbook.bin", "xl/worksheets/"
MOST_TIMES = 200  # times its size on disk is what a workbook may unpack to,
ANYWAY = 256 << 20  # bytes that it may unpack to however small it is
HELD = 8  # times its bytes is what takes memory: texts that sheets share, and all else but the sheets
ROWS = 1_048_576  # of a sheet, by Excel's own bound
PREAMBLE = 20  # rows before the table are looked at for where it begins
ERRORS = {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how a workbook writes characters that XML cannot hold


def recognises(given: Input) -> float:
    """1 where a zip file holds a workbook, whatever it is called."""
    return float(given.beginning.startswith(ZIP) and bool({WORKBOOK, BINARY} & _members(given).keys()))


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """The rows of the sheet that has most, from its header on. Raises BadData, also where openpyxl is missing."""
    _refuse(given, _members(given))
    short = given.is_cut_short
    with _opened(given) as book:
        stated = {page.title: page.max_row or 0 for page in book.worksheets}
        pages = ((page.title, _rows(given, page, progress, "columns")) for page in book.worksheets)
        found = {title: _survey(cells for cells, _ in rows) for title, rows in pages}
        merged = {page.title for page in book.worksheets if _merged(given, page)}
    found = {sheet: survey for sheet, survey in found.items() if survey.rows}
    if not found:
        raise BadData(f"{given.name} holds no table.", "Name a file with one row for each text.")
    # of a sheet of which only the first rows are looked at, what it says of itself tells how many there are
    sheet, survey = max(found.items(), key=lambda one: (one[1].even, stated[one[0]] if short else one[1].rows))
    lead = _lead(survey.first)
    titles = Counter(i for row in survey.first[:lead] for i, value in enumerate(row) if value)
    columns = sorted(survey.filled - titles)

    def table(rows: Iterable[list[str]]) -> list[list[str]]:
        return [[row[i] if i < len(row) else "" for i in columns] for row in rows]

    first, *rest = table(survey.first[lead:] + survey.sample)
    header = (
        options.header == "yes" if options.header != AUTO else bool(rest) and has_header(first, rest, options.named)
    )
    named = names(first) if header else [str(i) for i in range(len(columns))]

    def rows() -> Iterator[Row]:
        with _opened(given) as book:
            for cells, values in islice(_rows(given, book[sheet], progress, "read"), lead + header, None):
                here = (values[i] if i < len(values) else None for i in columns)
                yield Valued(table([cells])[0], dict(zip(named, here, strict=True)))

    others = [name if short else f"{name} ({one.rows:,} rows)" for name, one in found.items() if name != sheet]
    notes = [f"The sheet {sheet} is read, and not {', '.join(others)}."] if others else []
    if sheet in merged:
        notes.append("Cells are merged over several rows: each of these rows is read with the value of the first.")
    return Cells(
        named,
        Again(rows),
        rest if header else [first, *rest],
        f"Excel, sheet {sheet}, {'with header' if header else 'no header'}",
        "UTF-8",
        options,
        notes,
    )


class _Survey(NamedTuple):
    """What a sheet is like: its first rows, some of the others, and how many there are."""

    first: list[list[str]]
    sample: list[list[str]]
    rows: int
    even: int  # rows with two cells at least
    filled: Counter[int]  # the number of a column -> cells in it that are not empty


def _survey(rows: Iterator[list[str]]) -> _Survey:
    filled: Counter[int] = Counter()
    numbers = Counter[str]()

    def counted() -> Iterator[list[str]]:
        for row in rows:
            here = [i for i, value in enumerate(row) if value]
            filled.update(here)
            numbers["rows"] += 1
            numbers["even"] += len(here) > 1
            yield row

    counting = counted()
    first = list(islice(counting, PREAMBLE))
    sample = sampled(counting)
    return _Survey(first, sample, numbers["rows"], numbers["even"], filled)


def _lead(first: list[list[str]]) -> int:
    """Rows before the table: titles, which fill one cell where the rows below them fill more."""
    filled = [sum(map(bool, row)) for row in first]
    usual = Counter(filled).most_common(1)[0][0]
    return next(i for i, n in enumerate(filled) if n >= min(2, usual))


def _rows(given: Input, page: Any, progress: Progress, phase: str) -> Iterator[tuple[list[str], list[Any]]]:
    """The rows of a sheet that are not empty: their cells, and those as JSON holds them."""
    total = max(1, page.max_row or 1)
    page.reset_dimensions()  # what a sheet says of its size may be wrong
    found = page.iter_rows(values_only=True)
    merged = _merged(given, page)
    for i in range(LOOK if given.is_cut_short else ROWS):
        try:
            row = next(found, None)
        except Exception as error:  # whatever a damaged workbook makes openpyxl stumble over
            raise _damaged(given, error) from error
        if row is None:
            break
        if i % LOOK == 0:
            progress(phase, given.size * i // max(total, i + 1), given.size, "bytes")
        row = merged.filled(i, row)
        cells = list(map(_value, row))
        if any(cells):
            yield cells, list(map(_as_json, row, cells))
    progress(phase, given.size, given.size, "bytes")


def _merged(given: Input, page: Any) -> Merged:
    """The cells of a sheet that are merged. openpyxl has no public name for where the sheet stands in the zip file."""
    try:
        return Merged(given.on_disk, page._worksheet_path)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError) as error:
        raise _damaged(given, error) from error


@contextmanager
def _opened(given: Input) -> Iterator[Any]:
    """A workbook while it is read."""
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        what = f"{given.name} is an Excel file, which is read with openpyxl, which is not installed."
        raise BadData(
            what, f"Install it with: {sys.executable} -m pip install openpyxl. Or save the sheet as CSV (UTF-8)."
        ) from error
    with open(given.on_disk, "rb") as file:  # which openpyxl would refuse by its name
        try:
            book = load_workbook(file, read_only=True, data_only=True)
        except Exception as error:  # whatever a damaged workbook makes it stumble over
            raise _damaged(given, error) from error
        try:
            yield book
        finally:
            book.close()


def _damaged(given: Input, error: Exception) -> BadData:
    what = f"{given.name} is damaged, or no workbook that can be read: {type(error).__name__}."
    return BadData(what, "Open it in the program it comes from, and save the sheet as CSV (UTF-8).")


def _value(value: Any) -> str:
    """A cell as it reads: 1 for 1.0, a date without its midnight, nothing for an error."""
    match value:
        case str():
            return "" if value in ERRORS else cell(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), value))
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case date() | time():
            return value.isoformat()
    return cell(value)


def _as_json(value: Any, text: str) -> Any:
    """A cell as JSON holds it: a number or a truth stays one, anything else is its text."""
    return value if isinstance(value, int | float) else text or None


@once
def _members(given: Input) -> dict[str, int]:
    """The files in a zip file with the bytes that each unpacks to; none where it is damaged or packed once more."""
    try:
        with zipfile.ZipFile(given.on_disk) as archive:
            return {member.filename: member.file_size for member in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError):
        return {}


def _refuse(given: Input, members: dict[str, int]) -> None:
    if WORKBOOK not in members:
        raise BadData(f"{given.name} is a binary Excel file (.xlsb).", "Save it as .xlsx, or the sheet as CSV (UTF-8).")
    unpacked, on_disk = sum(members.values()), given.on_disk.stat().st_size
    if unpacked > max(ANYWAY, MOST_TIMES * on_disk):
        what = f"{given.name} is not read: it takes {size(on_disk)} on disk and unpacks to {size(unpacked)}."
        raise BadData(what, "Save the sheet as CSV (UTF-8) in the program it comes from.")
    held = sum(n for name, n in members.items() if name.endswith(".xml") and not name.startswith(SHEETS))
    needed, room = HELD * held, memory.free()
    if needed > room:
        what = f"The texts of {given.name} take {size(needed)} of memory: {size(room)} are free."
        raise BadData(what, "Save the sheet as CSV (UTF-8), which is read without holding all of it.")
