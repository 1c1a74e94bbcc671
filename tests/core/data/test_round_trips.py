"""Any table that is written in a format is read back row by row."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyarrow import feather

from cases import each
from core.data.read import read
from core.data.sources.source import Options

Row = tuple[str, str]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be")
ORIENTS = ("columns", "records", "index", "split", "values", "table")


def frame(rows: list[Row]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["text", "label"])


def records(rows: list[Row]) -> list[dict[str, str]]:
    return [{"text": text, "label": label} for text, label in rows]


def as_json(shape: Callable[[list[Row]], object], **how) -> Callable[[list[Row]], bytes]:
    return lambda rows: json.dumps(shape(rows), ensure_ascii=False, **how).encode()


def in_arrow(write: Callable[[pa.Table, io.BytesIO], None]) -> Callable[[list[Row]], bytes]:
    def content(rows: list[Row]) -> bytes:
        out = io.BytesIO()
        write(pa.Table.from_pylist(records(rows)), out)
        return out.getvalue()

    return content


def stream(table: pa.Table, out: io.BytesIO) -> None:
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)


def workbook(rows: list[Row]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in [("text", "label"), *rows]:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


# texts of any characters
ANY_TEXT = {
    "JSON list": as_json(records),
    "JSON list over lines": as_json(records, indent=2),
    "JSON lines": lambda rows: "\n".join(json.dumps(row) for row in records(rows)).encode(),
    "JSON lines with commas": lambda rows: ",\n".join(json.dumps(row) for row in records(rows)).encode(),
    "JSON objects in a row": lambda rows: "\n".join(json.dumps(row, indent=1) for row in records(rows)).encode(),
    "a list within": as_json(lambda rows: {"version": 1, "data": records(rows)}),
    "rows of the hub": as_json(lambda rows: {"rows": [{"row_idx": 1, "row": row} for row in records(rows)]}),
    "splits": as_json(lambda rows: {"train": records(rows[:5]), "test": records(rows[5:])}),
    **{f"pandas {orient}": lambda rows, orient=orient: frame(rows).to_json(orient=orient).encode()
       for orient in ORIENTS},
    **{f"JSON in {codec}": lambda rows, codec=codec: json.dumps(records(rows), ensure_ascii=False).encode(codec)
       for codec in ENCODINGS},
    "Parquet": in_arrow(pq.write_table),
    "Parquet in small groups": in_arrow(lambda table, out: pq.write_table(table, out, row_group_size=3)),
    "Feather": in_arrow(feather.write_feather),
    "Arrow stream": in_arrow(stream),
    "Excel": workbook,
}  # fmt: skip
# texts of one line each
ONE_LINE = {
    "fastText": lambda rows: "\n".join(f"__label__{label} {text}" for text, label in rows).encode(),
    "fastText, labels last": lambda rows: "\n".join(f"{text} __label__{label}" for text, label in rows).encode(),
    "a file for each class": lambda rows: {
        f"{label}.txt": "\n".join(text for text, own in rows if own == label).encode() for _, label in rows
    },
    "texts beside labels": lambda rows: {
        "texts.txt": "\n".join(text for text, _ in rows).encode(),
        "labels.txt": "\n".join(label for _, label in rows).encode(),
    },
}
FOLDERS = {"class folders": lambda rows: {f"{label}/{i}.txt": text.encode() for i, (text, label) in enumerate(rows)}}
UNORDERED = {"a file for each class", "class folders"}

LABELS = [("ham", "spam"), ("très bon", "mauvais"), ("正面", "负面", "中性"), ("1", "2", "3")]
# a blank ends a label of fastText, and the name of a file that is a number says no class
WORDS = [tuple(label.replace(" ", "_") for label in labels) for labels in LABELS[:3]]
printable = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\u2028\u2029\ufeff\ufffe")
lines = st.text(printable, min_size=1, max_size=40).map(str.strip).filter(bool)
texts = st.lists(lines, min_size=1, max_size=3).map("\n".join)


def tables(text: st.SearchStrategy[str], labels: list[tuple[str, ...]]) -> st.SearchStrategy[list[Row]]:
    """Rows of different texts, and of labels that take turns: lines that repeat look like labels."""

    def filled(labels: tuple[str, ...], texts: list[str]) -> list[Row]:
        return [(text, labels[i % len(labels)]) for i, text in enumerate(texts)]

    return st.builds(filled, st.sampled_from(labels), st.lists(text, min_size=8, max_size=25, unique=True))


def packed(content: bytes, packing: str, folder: Path) -> Path:
    path = folder / "data"
    if packing == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rows", content)
    elif packing.startswith("tar"):
        with tarfile.open(path, "w" + packing[3:]) as archive:
            info = tarfile.TarInfo("rows")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    else:
        path.write_bytes({"gz": gzip, "bz2": bz2, "xz": lzma}[packing].compress(content) if packing else content)
    return path


def laid_out(members: dict[str, bytes], packing: str, folder: Path) -> Path:
    path = folder / "many"
    for name, content in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    if not packing:
        return path
    packing = packing if packing in ("zip", "tar", "tar:gz", "tar:xz") else "tar:gz"
    if packing == "zip":
        with zipfile.ZipFile(folder / "data", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(folder / "data", "w" + packing[3:]) as archive:
            archive.add(path, arcname=".")
    return folder / "data"


def comes_back(form: str, rows: list[Row], packing: str) -> None:
    written = {**ANY_TEXT, **ONE_LINE, **FOLDERS}[form](rows)
    text, label = ("0", "1") if form == "pandas values" else ("text", "label")
    wanted = Options(text=text, label=label, header="no" if form == "pandas values" else "auto")
    with TemporaryDirectory() as folder:
        make = packed if isinstance(written, bytes) else laid_out
        table = read(make(written, packing, Path(folder)), wanted)
    found = [*zip(table.texts, table.labels, strict=True)]
    assert (sorted(found), table.skipped) == (sorted(rows), {})
    assert form in UNORDERED or found == rows


EXAMPLES = 3
MANY = 150
PACKINGS = st.sampled_from(["", "", "zip", "tar", "tar:gz", "tar:xz", "gz", "bz2", "xz"])
# what a workbook takes for a formula, an error, or an escaped character is not the text that was written
for_all = texts.filter(lambda text: text[0] not in "=#" and "_x" not in text)


@pytest.mark.parametrize("form", each(2, [*ANY_TEXT]))
@settings(max_examples=EXAMPLES, deadline=None)
@given(rows=tables(for_all, LABELS), packing=PACKINGS)
def test_texts_of_any_lines(form, rows, packing):
    comes_back(form, rows, packing)


@pytest.mark.parametrize("form", [*ONE_LINE, *FOLDERS])
@settings(max_examples=EXAMPLES, deadline=None)
@given(rows=tables(lines, WORDS), packing=PACKINGS)
def test_texts_of_one_line(form, rows, packing):
    comes_back(form, rows, packing)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("form", ANY_TEXT)
@settings(max_examples=MANY, deadline=None)
@given(rows=tables(for_all, LABELS), packing=PACKINGS)
def test_many_texts_of_any_lines(form, rows, packing):
    comes_back(form, rows, packing)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("form", [*ONE_LINE, *FOLDERS])
@settings(max_examples=MANY, deadline=None)
@given(rows=tables(lines, WORDS), packing=PACKINGS)
def test_many_texts_of_one_line(form, rows, packing):
    comes_back(form, rows, packing)
