"""Inputs that were misread once, or ended in a traceback: each is read, or refused in a sentence, in little time."""

import json
import os
import zipfile

import pytest

from core.data.choose import choose
from core.data.labels import several
from core.data.profile import profile
from core.data.read import read
from core.data.sources.input import Input
from core.data.sources.signatures import refuse_text
from core.data.sources.source import Options
from core.data.texts import open_texts
from core.errors import BadData, BadRecipe
from core.recipe import load

ROWS = [{"text": f"words of number {i}", "label": "ab"[i % 2]} for i in range(40)]


@pytest.mark.parametrize("cell", ["[...]", "[b'x']", "[1j]", "[{[1]}]", "[[1]]", "[{}]", "["])
def test_a_cell_in_brackets_that_is_no_list_of_labels_is_none(cell):
    assert several(cell) is None


def test_a_text_that_was_shortened_is_a_text(file):
    path = file("label\ttext\n" + "".join(f"{'ab'[i % 2]}\t{'[...]' if i < 3 else f'words {i}'}\n" for i in range(40)))
    assert read(path).texts[0] == "[...]"


def test_classes_keep_the_numbers_that_a_file_gives_their_names(file):
    rows = [{"text": f"words of number {i}", "label": 1 + i % 2} for i in range(40)]
    table = read(file(json.dumps({"id2label": {"1": "neg", "2": "pos"}, "data": rows}), "data.json"))
    assert table.labels[:2] == ["neg", "pos"]


def test_comments_before_anything_but_a_page_take_no_time():
    refuse_text("<!-- a -->\n" * 60 + "some words", "data.csv")  # it took longer than anybody waits
    with pytest.raises(BadData, match="a web page"):
        refuse_text("<!-- a -->\n" * 60 + "<html>", "data.csv")


def test_a_number_of_more_digits_than_python_reads(file):
    lines = [json.dumps(row) for row in ROWS]
    lines[3] = lines[3].replace("}", ', "n": ' + "7" * 5000 + "}")
    assert len(read(file("\n".join(lines), "data.jsonl")).texts) == 40


def test_empty_annotations_do_not_make_an_export(file):
    rows = [{**row, "annotations": []} for row in ROWS]
    assert read(file("\n".join(map(json.dumps, rows)), "data.jsonl")).labels[:2] == ["a", "b"]


@pytest.mark.parametrize(
    "odd",
    [
        {"accept": [["x"]], "answer": "accept", "options": [{"id": ["x"], "text": "a"}], "text": "odd"},
        {"cats": {"a": "1"}, "text": "odd"},
    ],
)
def test_what_a_tool_would_not_write_is_skipped(file, odd):
    usual = {"text": "words", "label": "a", "answer": "accept"} if "answer" in odd else {"text": "words"}
    if "cats" in odd:
        usual["cats"] = {"a": 1.0}
    rows = [usual] * 30 + [odd]
    table = read(file("\n".join(map(json.dumps, rows)), "data.jsonl"), Options(text="text", label="label"))
    assert len(table.texts) == 30 and [*table.skipped.values()] == [1] and "writes it" in next(iter(table.skipped))


def test_a_text_moved_to_another_class_is_read_anew(tmp_path):
    for i in range(20):
        folder = tmp_path / "data" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.txt").write_text(f"words of number {i}")
    recipe = load({"data": {"path": str(tmp_path / "data")}})
    found, survey = profile(recipe)
    os.rename(tmp_path / "data/a/0.txt", tmp_path / "data/b/0.txt")
    assert found.labels == {"a": 10, "b": 10} and profile(recipe, earlier=survey)[0].labels == {"a": 9, "b": 11}


def test_names_of_columns_that_are_none_and_lines_beyond_all_files():
    with pytest.raises(BadData, match="no column ,"):
        choose(["text", "label"], [[f"words {i}", "ab"[i % 2]] for i in range(20)], "data.csv", Options(label=","))
    with pytest.raises(BadRecipe):
        load({"data": {"skip_lines": 10**20}})


def test_a_table_in_an_archive_is_a_table_to_classify_as_well(tmp_path):
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("t.csv", "n,said\n" + "".join(f"{i},words of number {i}\n" for i in range(20)))
    texts = open_texts(Input(str(tmp_path / "packed.zip")))
    assert texts.text == "said" and len([*texts.rows]) == 20


def test_what_a_server_says_may_be_a_text_to_classify(file):
    path = file("Access denied\n", "ask.txt")
    assert [row.text for row in open_texts(Input(str(path))).rows] == ["Access denied\n"[:-1]]
    with pytest.raises(BadData, match="a server said"):
        read(path)


def test_a_workbook_and_parquet_are_read_to_be_classified(tmp_path):
    openpyxl, parquet = pytest.importorskip("openpyxl"), pytest.importorskip("pyarrow.parquet")
    book = openpyxl.Workbook()
    for row in [["text", "label"], *([row["text"], row["label"]] for row in ROWS)]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    import pyarrow

    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    for name in ("a.xlsx", "a.parquet"):
        assert [row.text for row in open_texts(Input(str(tmp_path / name))).rows] == [row["text"] for row in ROWS]
    twice = pyarrow.table([["x"] * 3, ["y"] * 3], names=["text", "text"])
    parquet.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(BadData, match="several columns named text"):
        read(tmp_path / "twice.parquet")


def test_each_file_of_a_folder_is_spelled_in_its_own_way(tmp_path):
    spelled = {"utf-16": "Grüße", "cp1252": "Straße über", "utf-8": "schön"}
    for i in range(24):
        codec, text = [*spelled.items()][i % 3]
        folder = tmp_path / "data" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.txt").write_bytes(f"{text} {i}".encode(codec))
    texts = read(tmp_path / "data").texts
    assert {text.rpartition(" ")[0] for text in texts} == {*spelled.values()}


def test_an_archive_of_ones_own_is_not_to_be_deleted(tmp_path):
    path = tmp_path / "climbs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../out.csv", "a,b\n")
        archive.writestr("in.csv", "a,b\n")
    with pytest.raises(BadData, match="climbs out") as error:
        read(path)
    assert "Delete" not in error.value.do
