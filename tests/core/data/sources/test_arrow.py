"""Parquet, and Arrow's files and streams."""

import json
import sys
from datetime import date

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData

TEXTS = [f"see you at the station at {i} o'clock" for i in range(60)]
LABELS = ["ham", "spam", "ham"] * 20
NAMES = ["ham", "spam"]
HUB = {
    b"huggingface": json.dumps(
        {"info": {"features": {"label": {"names": NAMES, "_type": "ClassLabel"}, "text": {"dtype": "string"}}}}
    ).encode()
}


def write(table, path, form):
    if form == "parquet":
        pq.write_table(table, path, row_group_size=25)
    elif form == "feather":
        feather.write_feather(table, str(path))
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=25)
    return path


@pytest.mark.parametrize("form", ["parquet", "feather", "stream"])
@pytest.mark.parametrize("name", ["data.parquet", "data.csv"])
def test_a_table_is_read_whatever_its_name(tmp_path, form, name):
    path = write(pa.table({"text": TEXTS, "label": LABELS}), tmp_path / name, form)
    heard = []
    table = read(path, progress=lambda *report: heard.append(report))
    assert (table.texts, table.labels, table.notes) == (TEXTS, LABELS, [])
    assert table.columns == {"text": "text", "label": "label"} and table.format.startswith(("Parquet", "Arrow"))
    done = [done for phase, done, _, _ in heard if phase == "read"]
    assert done == sorted(done) and (form == "stream" or done[-1] == path.stat().st_size)


@pytest.mark.parametrize("form", ["parquet", "feather", "stream"])
def test_numbers_of_classes_get_the_names_that_the_hub_keeps(tmp_path, form):
    numbers = [NAMES.index(label) for label in LABELS]
    content = pa.table({"text": TEXTS, "label": pa.array(numbers, pa.int64())}).replace_schema_metadata(HUB)
    assert read(write(content, tmp_path / "x", form)).labels == LABELS


def test_columns_of_every_kind(tmp_path):
    content = pa.table(
        {
            "text": TEXTS,
            "category": pa.array(LABELS).dictionary_encode(),
            "tags": [[label] if i else [] for i, label in enumerate(LABELS)],
            "by": [{"name": "Ana", "age": 3}] * 60,
            "day": [date(2026, 1, 2)] * 60,
            "stars": pa.array([None, *range(59)], pa.int32()),
            "raw": [text.encode() for text in TEXTS],
            "vector": pa.array([[0.5, 0.25]] * 60, pa.list_(pa.float32(), 2)),
            "image": [{"bytes": b"\x89PNG", "path": "a.png"}] * 60,
            "__index_level_0__": range(60),
        }
    )
    path = write(content, tmp_path / "x", "parquet")
    table = read(path, Options(text="text", label="category"))
    assert table.labels == LABELS
    assert table.all_columns == ["text", "category", "tags", "by", "by.age", "day", "stars", "raw"]
    assert "Not read, because it is no text: vector, image." in table.notes
    tagged = read(path, Options(text="raw", label="tags"))
    assert tagged.texts == TEXTS[1:] and tagged.labels == LABELS[1:] and tagged.skipped == {"no label": 1}
    assert set(read(path, Options(text="text", label="day")).labels) == {"2026-01-02"}


def test_chats_in_parquet(tmp_path):
    rows = [
        {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": label}]}
        for text, label in zip(TEXTS, LABELS, strict=True)
    ]
    table = read(write(pa.Table.from_pylist(rows), tmp_path / "x", "parquet"))
    assert (table.texts, table.labels) == (TEXTS, LABELS)


@pytest.mark.parametrize("form", ["parquet", "feather", "stream"])
@pytest.mark.parametrize("cut", [9, 100, 1000])
def test_damaged_files_get_a_sentence(tmp_path, form, cut):
    path = write(pa.table({"text": TEXTS, "label": LABELS}), tmp_path / "x", form)
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    with pytest.raises(BadData, match="damaged"):
        read(path)
    path.write_bytes(whole[:cut] + b"U" * (len(whole) - cut - 8) + whole[-8:])
    with pytest.raises(BadData):
        read(path)


def test_an_empty_table(tmp_path):
    path = write(pa.table({"text": pa.array([], pa.string())}), tmp_path / "x", "parquet")
    with pytest.raises(BadData, match="holds no rows"):
        read(path)


def test_without_pyarrow_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    path = write(pa.table({"text": TEXTS, "label": LABELS}), tmp_path / "x.parquet", "parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BadData, match="not installed") as error:
        read(path)
    assert "pip install pyarrow" in error.value.do
