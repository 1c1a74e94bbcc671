"""Rows with all of their columns, as they stand in the file."""

import json

import pytest

from core.data.cells import whole_rows
from core.data.parts import read_parts
from core.errors import BadData
from core.helper.glimpse import kinds
from core.recipe import load


def data(path, **more):
    return load({"data": {"path": str(path), **more}}).data


def test_a_row_has_every_column_and_the_number_of_the_table(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f'{i},some words {i},{"ab"[i % 2]},"x, {i}"' for i in range(30)]
    rows[3] = "3,,a,no text"
    path.write_text("id,text,label,note\n" + "\n".join(rows) + "\n")
    found = whole_rows(data(path), {3, 7, 29, 400})
    assert found[7] == (["id", "text", "label", "note"], ["7", "some words 7", "b", "x, 7"])
    assert sorted(found) == [3, 7, 29] and found[3].cells[3] == "no text"
    table = read_parts(data(path))
    assert all(whole_rows(data(path), {row})[row].cells[1] == table.texts[i] for i, row in enumerate(table.rows[:5]))
    assert whole_rows(data(path), {3, 7, 29, 400}, found_as=table.options) == found
    asked = {"data": data(path).model_dump(), "rows": [7], "found_as": table.options._asdict()}
    answer = kinds()["columns"](asked, lambda *_: None)
    assert answer == {"7": [("id", "7"), ("text", "some words 7"), ("label", "b"), ("note", "x, 7")]}


def test_rows_of_a_file_of_its_own_follow_and_json_has_its_keys(tmp_path):
    for name, first in (("a.jsonl", 0), ("b.jsonl", 100)):
        lines = [{"text": f"words {i}", "label": "ab"[i % 2], "n": {"deep": i}} for i in range(first, first + 20)]
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    both = data(tmp_path / "a.jsonl", test_path=str(tmp_path / "b.jsonl"))
    found = whole_rows(both, {19, 20})
    assert found[19].cells[0] == "words 19" and found[20].cells[0] == "words 100" and found[20].names[2] == "n.deep"
    assert read_parts(both).texts[20] == "words 100"


def test_a_file_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(BadData, match="There is no file"):
        whole_rows(data(tmp_path / "gone.csv"), {0})
