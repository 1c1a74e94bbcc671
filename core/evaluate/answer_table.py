"""The formats that answers are written in: separated columns, lines of JSON, Parquet."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from core.data.sources import arrow
from core.data.sources.cell import cell
from core.data.sources.input import LONGEST, Input
from core.data.texts import Row
from core.errors import WorkbenchError
from core.text.tokenizer import well_formed

SEPARATORS = {".csv": ",", ".tsv": "\t"}
LINES, PARQUET = ".jsonl", ".parquet"
ENDINGS = (*SEPARATORS, LINES, PARQUET)
TEXTS = ("label", "note")  # of what is said of a row; the rest are numbers
Figures = list[str | float | None]  # what is said of a row, under names of their own
Put = Callable[[Iterable[tuple[Row, Figures]]], None]


@contextmanager
def table(path: Path, ending: str, names: Sequence[str], own: Mapping[str, str], given: Input | None) -> Iterator[Put]:
    """What writes rows of columns `names`, and what is said of each, into a new file, some at a time.

    `own` are the names that the file has for what is said: label, probability and so on. Lines of JSON hold what JSON,
    Parquet or Excel held just as it was, and Parquet what Parquet held; otherwise they hold the texts of it. Raises
    WorkbenchError where a row does not fit, or pyarrow is missing.
    """
    names, said = [*map(well_formed, names)], [*map(well_formed, own.values())]
    if ending == PARQUET:
        with _parquet(path, names, {name: of in TEXTS for of, name in zip(own, said, strict=True)}, given) as put:
            yield put
        return
    with open(path, "x", encoding="utf-8", newline="") as file:
        write = _separated(file, SEPARATORS[ending], names, said) if ending in SEPARATORS else _lines(file, names, said)

        def put_all(rows: Iterable[tuple[Row, Figures]]) -> None:
            for row, figures in rows:
                write(row, figures)
            file.flush()

        yield put_all


def labels_in(path: Path, name: str) -> Iterator[str | None]:
    """What the column `name` of a table that was written here says of each row; None where it says nothing.

    Raises OSError, ValueError, LookupError or csv.Error where it is damaged.
    """
    ending = path.suffix
    if ending == PARQUET:
        import pyarrow.parquet as pq

        for batch in pq.ParquetFile(path).iter_batches(columns=[name]):
            yield from batch.column(name).to_pylist()
        return
    with open(path, encoding="utf-8", newline="" if ending in SEPARATORS else "\n") as file:
        if ending in SEPARATORS:
            csv.field_size_limit(LONGEST)
            rows = csv.reader(file, delimiter=SEPARATORS[ending])
            at = next(rows, []).index(name)
            yield from (row[at] or None for row in rows)
        else:
            yield from (json.loads(line)[name] for line in file)


def _separated(file: TextIO, mark: str, names: list[str], own: list[str]) -> Callable[[Row, Figures], object]:
    rows = csv.writer(_Lines(file), delimiter=mark)
    rows.writerow([*names, *own])
    return lambda row, figures: rows.writerow([*map(well_formed, row.cells), *figures])


def _lines(file: TextIO, names: list[str], own: list[str]) -> Callable[[Row, Figures], object]:
    return lambda row, figures: file.write(
        _json({**_values(row, names), **dict(zip(own, figures, strict=True))}) + "\n"
    )


def _values(row: Row, names: list[str]) -> Mapping[str, Any]:
    return dict(zip(names, row.cells, strict=True)) if row.values is None else row.values


@contextmanager
def _parquet(path: Path, names: list[str], own: dict[str, bool], given: Input | None) -> Iterator[Put]:
    """`own` are the names of what is said of a row, and whether that is text. Columns keep the types that they had."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        what = f"{path.parent} cannot be given Parquet files: they are written with pyarrow, which is not installed."
        raise WorkbenchError(what, f"Install it with: {sys.executable} -m pip install pyarrow") from error
    typed = (arrow.schema(given) if given else None) or pa.schema([])
    # a column a.b comes out of an object a
    as_it_was = {*typed.names} == {name if name in typed.names else name.split(".")[0] for name in names}
    columns = typed if as_it_was else [pa.field(name, pa.string()) for name in names]
    said = [pa.field(name, pa.string() if is_text else pa.float64()) for name, is_text in own.items()]
    schema = pa.schema([*columns, *said])
    with pq.ParquetWriter(path, schema) as writer:

        def put(rows: Iterable[tuple[Row, Figures]]) -> None:
            found = [
                {
                    **(_values(row, names) if as_it_was else dict(zip(names, row.cells, strict=True))),
                    **dict(zip(own, figures, strict=True)),
                }
                for row, figures in rows
            ]
            try:
                writer.write_table(pa.Table.from_pylist(found, schema=schema))
            except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
                what = f"The columns of a row cannot be written as Parquet: {str(error).splitlines()[0]}."
                raise WorkbenchError(what, "Write the answers into a file that ends in .jsonl.") from error

        yield put


def _json(record: Mapping[str, Any]) -> str:
    """A line of JSON, with null for numbers that JSON has not: NaN and the infinite ones."""
    line = json.dumps(record, ensure_ascii=False, default=_plain)
    if "NaN" in line or "Infinity" in line:
        line = json.dumps(json.loads(line, parse_constant=lambda _: None), ensure_ascii=False)
    return well_formed(line)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else cell(value)


class _Lines:
    r"""Ends rows in \n. Their writer has to believe that they end in \r\n, or it leaves a \r without its quotes."""

    def __init__(self, file: TextIO):
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.removesuffix("\r\n") + "\n")
