"""Folders of Arrow and Parquet files."""

import json
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.data.sources import arrow_folder
from core.data.sources.source import Options
from core.errors import BadData
from core.files import unwatched

TEXTS = [f"see you at the station at {i} o'clock" for i in range(60)]
NAMES = ["ham", "spam"]
LABELS = [i % 2 for i in range(60)]
FEATURES = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": NAMES, "_type": "ClassLabel"}}


def cells(folder):
    given = SimpleNamespace(path=folder, name=folder.name, is_cut_short=False)
    assert arrow_folder.recognises(given) == 1
    return arrow_folder.read(given, Options(), unwatched)


def table(start, end):
    said = {b"huggingface": json.dumps({"info": {"features": FEATURES}})}
    return pa.table({"text": TEXTS[start:end], "label": LABELS[start:end]}).replace_schema_metadata(said)


def saved(folder, start, end):
    """What save_to_disk writes, in two files."""
    folder.mkdir(parents=True)
    middle, files = (start + end) // 2, []
    for i, (first, last) in enumerate([(start, middle), (middle, end)]):
        name = f"data-{i:05}-of-00002.arrow"
        part = table(first, last)
        with pa.OSFile(str(folder / name), "wb") as file, pa.ipc.new_stream(file, part.schema) as writer:
            writer.write_table(part)
        files.append({"filename": name})
    (folder / "state.json").write_text(json.dumps({"_data_files": files, "_fingerprint": "a", "_split": None}))
    (folder / "dataset_info.json").write_text(json.dumps({"features": FEATURES}))
    return folder


def test_a_saved_data_set(tmp_path):
    found = cells(saved(tmp_path / "set", 0, 60))
    assert found.names == ["text", "label"]
    assert [*found.rows] == [[text, NAMES[label]] for text, label in zip(TEXTS, LABELS, strict=True)] == [*found.rows]


def test_a_saved_data_set_of_several_splits(tmp_path):
    saved(tmp_path / "train", 0, 40)
    saved(tmp_path / "test", 40, 60)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    found = cells(tmp_path)
    assert found.names == ["text", "label", "split"] and [row[0] for row in found.rows] == TEXTS
    assert [row[2] for row in found.rows] == ["train"] * 40 + ["test"] * 20


def test_files_as_the_hub_keeps_them(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "README.md").write_text("words")
    for split, start, end in (("train", 0, 40), ("test", 40, 60)):
        pq.write_table(table(start, end), tmp_path / "data" / f"{split}-00000-of-00001.parquet")
    found = cells(tmp_path)
    assert [row[2] for row in found.rows] == ["test"] * 20 + ["train"] * 40
    assert [row[1] for row in found.rows][:2] == ["ham", "spam"]


def test_folders_of_anything_else_are_left_to_others(tmp_path):
    (tmp_path / "data.csv").write_text("text,label\n")
    assert arrow_folder.recognises(SimpleNamespace(path=tmp_path)) == 0


@pytest.mark.parametrize(
    "state",
    [
        "",
        "[]",
        "{}",
        '{"_data_files": 3}',
        '{"_data_files": [3]}',
        '{"_data_files": [{"filename": "gone.arrow"}]}',
        '{"_data_files": [{"filename": "../other.arrow"}]}',
        "[" * 100_000,
    ],
)
def test_what_is_damaged_or_leads_elsewhere_is_refused(tmp_path, state):
    folder = saved(tmp_path / "set", 0, 60)
    (tmp_path / "other.arrow").write_bytes(b"")
    (folder / "state.json").write_text(state)
    with pytest.raises(BadData, match="damaged"):
        cells(folder)
