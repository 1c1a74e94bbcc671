"""A file of labelled texts to rows: what was read, what was skipped, and why."""

import csv
import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.data import fetch, sniff
from core.errors import BadData
from core.files import Progress
from core.text.tokenizer import well_formed

EVERY = 1000  # lines between two calls of progress


@dataclass(frozen=True)
class Table:
    """The rows of a file that have a text and a label.

    `rows` are their numbers in the file as read, from 0: skipped rows count, header and blank lines do not.
    """

    path: str
    texts: list[str]
    labels: list[str]
    rows: list[int]
    n_rows: int  # rows in the file, skipped ones included
    columns: dict[str, str]  # "text" and "label" -> the column's name, or its number where there is no header
    all_columns: list[str]
    format: str  # "tab-separated, no header"
    encoding: str  # "UTF-8", "Windows-1252", ...
    quoting: str  # csv or none, as found
    skipped: dict[str, int]  # reason -> rows
    notes: list[str]  # what was unsure, in sentences
    origin: str = ""  # where a data set that was fetched came from, in a sentence


@dataclass(frozen=True)
class _Cells:
    names: list[str]
    rows: list[list[str]]
    format: str
    quoting: str = "none"
    damaged: frozenset[int] = frozenset()  # rows that hold nothing readable


def read(
    path: str | Path,
    text: str = "auto",
    label: str = "auto",
    quoting: str = "auto",
    progress: Progress | None = None,
) -> Table:
    """Read a CSV, TSV or JSONL file, `label text` lines, or any of these compressed with gzip; or a data set by its name.

    `text` and `label` name columns, or number them from 0. `progress("read", done, total, "bytes")` may raise
    to cancel, and so may those of `fetch.fetch`. Raises BadData where there is no such file or nothing in it reads as
    labelled texts.
    """
    path, origin, doubt = fetch.find(str(path), progress)
    data = _bytes(path)
    content, encoding = sniff.decode(data, path.name)
    if not content.strip():
        raise BadData(f"{path.name} is empty.", "Name a file with one row for each text.")
    watch = _Watch(len(data), len(content), progress)
    cells = _json(content, watch) or _separated(content, path.name, quoting, (text, label), watch)
    try:
        text_i, label_i, notes = sniff.columns(cells.names, cells.rows, text, label, path.name)
    except BadData as error:
        raise BadData(error.what, error.do, cells.names) from error
    if text_i == label_i:
        what = f"Column {cells.names[text_i]} cannot be both text and label."
        raise BadData(what, "Name two different columns.", cells.names)
    texts, labels, rows, skipped = _usable(cells, text_i, label_i)
    return Table(
        path=str(path),
        texts=texts,
        labels=labels,
        rows=rows,
        n_rows=len(cells.rows),
        columns={"text": cells.names[text_i], "label": cells.names[label_i]},
        all_columns=cells.names,
        format=cells.format,
        encoding=encoding,
        quoting=cells.quoting,
        skipped=skipped,
        notes=[doubt, *notes] if doubt else notes,
        origin=origin,
    )


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise BadData(f"{path} is a folder.", "Name a file in it, with one row for each text.")
    if path.exists() and not path.is_file():
        raise BadData(f"{path} is no file.", "Write what comes out of it to a file first.")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BadData(f"There is no file {path}.", "Check the path.") from error
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}.", "Check its permissions.") from error
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise BadData(f"{path.name} is damaged: it cannot be decompressed.", "Fetch it again.") from error
    if data[257:262] == b"ustar":
        raise BadData(
            f"{path.name} is an archive of many files.",
            "Unpack it, and name one file with a row for each text.",
        )
    return data


class _Watch:
    """Passes lines on and tells how far they have come."""

    def __init__(self, n_bytes: int, n_characters: int, progress: Progress | None):
        self._bytes, self._per_character, self._progress = n_bytes, n_bytes / n_characters, progress

    def lines(self, content: str) -> Iterator[str]:
        seen = 0
        for i, line in enumerate(sniff.lines(content)):
            if self._progress and i % EVERY == 0:
                self._progress("read", int(seen * self._per_character), self._bytes, "bytes")
            seen += len(line)
            yield line
        if self._progress:
            self._progress("read", self._bytes, self._bytes, "bytes")


def _json(content: str, watch: _Watch) -> _Cells | None:
    """JSON lines, or one JSON list of objects; None for anything else."""
    start = content.lstrip()
    if start.startswith("["):
        records, form = _loaded(content), "JSON list"
    elif start.startswith("{"):
        records, form = [_loaded(line) for line in watch.lines(content) if line.strip()], "JSON lines"
    else:
        return None
    if not isinstance(records, list) or not any(isinstance(record, dict) for record in records):
        return None
    names = list(dict.fromkeys(key for record in records if isinstance(record, dict) for key in record))
    rows = [[_plain(record.get(name)) for name in names] if isinstance(record, dict) else [] for record in records]
    damaged = frozenset(i for i, record in enumerate(records) if not isinstance(record, dict))
    return _Cells([well_formed(name) for name in names], rows, form, damaged=damaged)


def _loaded(text: str):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(value) -> str:
    if value is None:
        return ""
    return well_formed(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _separated(content: str, name: str, quoting: str, given: tuple[str, str], watch: _Watch) -> _Cells:
    mark = sniff.separator(content)
    if mark is None:
        return _first_word(content, name, watch)
    rows, quoting = _rows(content, mark, quoting, watch)
    header = sniff.has_header(rows, [column for column in given if column != "auto"])
    if header:
        names, rows = _names(rows[0]), rows[1:]
    else:
        names = [str(i) for i in range(sniff.even(rows)[0])]
    if not rows:
        raise BadData(f"{name} holds a header and no rows.", "Name a file with one row for each text.")
    with_header = "with header" if header else "no header"
    return _Cells(names, rows, f"{sniff.SEPARATORS[mark]}-separated, {with_header}", quoting)


def _rows(content: str, mark: str, quoting: str, watch: _Watch) -> tuple[list[list[str]], str]:
    if quoting == "auto" and '"' not in content:
        quoting = "none"
    if quoting != "auto":
        return list(sniff.parse(watch.lines(content), mark, quoting)), quoting
    whole = list(watch.lines(content))
    as_none = list(sniff.parse(whole, mark, "none"))
    try:
        as_csv, well_quoted = list(sniff.parse(whole, mark, "csv", strict=True)), True
    except csv.Error:
        as_csv, well_quoted = list(sniff.parse(whole, mark, "csv")), False
    return (as_csv, "csv") if sniff.quoted(as_csv, as_none, well_quoted) else (as_none, "none")


def _names(header: list[str]) -> list[str]:
    """Every column with a name of its own: a number where there is none, a suffix where it is taken."""
    names: list[str] = []
    for i, cell in enumerate(header):
        name = cell.strip() or str(i)
        while name in names:
            name += ".1"
        names.append(name)
    return names


def _first_word(content: str, name: str, watch: _Watch) -> _Cells:
    """Lines that begin with their label: `label text`, or `label:finer text` as in TREC."""
    whole = [line.strip() for line in watch.lines(content) if line.strip()]
    forms = {r"(\w+):(\w+)\s+(.+)": "label:finer label, space, text", r"(\S+)\s+(.+)": "label, space, text"}
    for pattern, form in forms.items():
        found = [re.fullmatch(pattern, line, re.DOTALL) for line in whole]
        rows = [list(match.groups()) if match else [] for match in found]
        first = Counter(row[0] for row in rows if row)
        # labels repeat: words that happen to open a sentence mostly do not
        if sum(map(bool, found)) > 0.9 * len(whole) and 1 <= len(first) <= len(whole) / 10:
            return _Cells([str(i) for i in range(max(map(len, rows)))], rows, form)
    raise BadData(
        f"{name} has no columns: no tab, comma, semicolon or bar parts its lines evenly.",
        "Each row needs a text and a label, for example label, tab, text. Quotes around a text keep its commas.",
    )


def _usable(cells: _Cells, text_i: int, label_i: int) -> tuple[list[str], list[str], list[int], dict[str, int]]:
    texts, labels, rows = [], [], []
    skipped: Counter[str] = Counter()
    n = len(cells.names)
    for number, row in enumerate(cells.rows):
        if number in cells.damaged:
            skipped["not a JSON object"] += 1
        elif len(row) <= max(text_i, label_i):
            skipped["too few columns"] += 1
        elif any(cell.strip() for cell in row[n:]):
            skipped["too many columns"] += 1
        elif not row[label_i].strip():
            skipped["no label"] += 1
        elif not row[text_i].strip():
            skipped["no text"] += 1
        else:
            texts.append(row[text_i])
            labels.append(row[label_i].strip())
            rows.append(number)
    return texts, labels, rows, dict(skipped)
