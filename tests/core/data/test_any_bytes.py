"""Any bytes under any name, and any damage to a file of any format, give rows or one sentence, in bounded memory."""

import bz2
import gzip
import io
import json
import lzma
import resource
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from pyarrow import feather

from archives import tarred, zipped
from core.data.glimpse import glimpse
from core.data.read import read
from core.data.sources.input import Input
from core.data.sources.source import Options
from core.data.texts import open_texts
from core.errors import BadData

ROWS = [{"text": f"größe and words of number {i}, or more", "label": "ab"[i % 2], "n": i} for i in range(30)]
NAMES = ("a.json", "a.jsonl", "a.parquet", "a.xlsx", "a.zip", "a.tar", "a.gz", "a.arrow", "a.txt", "a.csv", "a")
MOST = 1 << 30  # bytes of memory that a small file may take
BEGINNINGS = (
    *(b"", b"{", b"[", b"[[", b'{"data": [', b'{"text": "', b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0"),
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x5d\0\0"),
    *(b"__label__a b\n", b"sep=;\n", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\x84\x31\x95\x33", b"\x1b$B"),
)


def _in_arrow(write) -> bytes:
    out = io.BytesIO()
    write(pa.Table.from_pylist(ROWS), out)
    return out.getvalue()


def _stream(table, out) -> None:
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)


def _workbook() -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in ROWS:
        book.active.append([*row.values()])
    book.save(out)
    return out.getvalue()


@cache
def valid() -> dict[str, bytes]:
    """A file of each format."""
    lines = "\n".join(json.dumps(row) for row in ROWS).encode()
    columns = {key: [row[key] for row in ROWS] for key in ROWS[0]}
    chats = [{"messages": [{"role": "user", "content": row["text"]}, {"role": "assistant", "content": row["label"]}]}
             for row in ROWS]  # fmt: skip
    studio = [{"id": row["n"], "data": {"text": row["text"]}, "annotations": [
        {"result": [{"from_name": "topic", "value": {"choices": [row["label"]]}}]}]} for row in ROWS]  # fmt: skip
    classes = {f"{row['label']}/{row['n']}.txt": row["text"].encode() for row in ROWS}
    return {
        "lines": lines,
        "list": json.dumps(ROWS, indent=1).encode(),
        "columns": json.dumps(columns).encode(),
        "utf-16": json.dumps(ROWS, ensure_ascii=False).encode("utf-16"),
        "chats": json.dumps(chats).encode(),
        "label studio": json.dumps(studio).encode(),
        "parquet": _in_arrow(pq.write_table),
        "feather": _in_arrow(feather.write_feather),
        "arrow": _in_arrow(lambda table, out: feather.write_feather(table, out, compression="uncompressed")),
        "stream": _in_arrow(_stream),
        "workbook": _workbook(),
        "fasttext": "\n".join(f"__label__{row['label']} {row['text']}" for row in ROWS).encode(),
        "zip": zipped({"a.jsonl": lines, "README": b"x"}),
        "zip of classes": zipped(classes),
        "zip of tables": zipped({"train.jsonl": lines, "test.jsonl": lines}),
        "zip of parquet": zipped({"a.parquet": _in_arrow(pq.write_table)}),
        "tar of classes": tarred(classes, "w"),
        "tar.gz of files": tarred({"a.txt": b"one\ntwo\n" * 9, "b.txt": b"three\nfour\n" * 9}, "w:gz"),
        "gz": gzip.compress(lines),
        "bz2": bz2.compress(lines),
        "xz": lzma.compress(lines),
    }


@st.composite
def damaged(draw, form: str) -> bytes:
    """A valid file with a few bytes changed, left out, put in, or doubled, perhaps cut off at its end."""
    data = bytearray(valid()[form])
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        n = draw(st.integers(1, 20))
        match draw(st.integers(0, 3)):
            case 0:
                new = draw(st.binary(min_size=n, max_size=n))
                data[at : at + n] = new
            case 1:
                del data[at : at + n]
            case 2:
                data[at:at] = draw(st.sampled_from([b"\0" * n, b"\xff" * n, b"[" * n, b'"', b"{", b"\n"]))
            case _:
                data[at:at] = data[at : at + 10 * n]
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


anything = st.builds(bytes.__add__, st.sampled_from(BEGINNINGS), st.binary(max_size=300))


def is_read_or_refused(content: bytes, name: str) -> None:
    """Each way to read a file ends in rows or in a sentence with what to do."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)

        def texts() -> None:
            for row in open_texts(Input(str(path))).rows:
                assert row.text or row.problem or row.text == ""

        for way in (lambda: read(path), lambda: glimpse(str(path), Options()), texts):
            try:
                way()
            except BadData as error:
                assert error.what and error.do
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MOST


@settings(max_examples=40, deadline=None)
@given(content=anything, name=st.sampled_from(NAMES))
def test_any_bytes(content, name):
    is_read_or_refused(content, name)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), form=st.sampled_from([*valid()]), name=st.sampled_from(NAMES))
def test_any_damage(data, form, name):
    is_read_or_refused(data.draw(damaged(form)), name)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=3000, deadline=None)
@given(content=anything, name=st.sampled_from(NAMES))
def test_many_bytes(content, name):
    is_read_or_refused(content, name)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("form", [*valid()])
@settings(max_examples=300, deadline=None)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_much_damage(data, form, name):
    is_read_or_refused(data.draw(damaged(form)), name)
