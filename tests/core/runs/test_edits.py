"""The file of edits: made, undone, made again, and found for its data."""

import pytest

from core.errors import BadData
from core.recipe_data import Data
from core.runs import edits
from core.runs.edits import Applied, Edit


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "mails.csv"
    path.write_text("label,text\nham,hello\n")
    return Data(path=str(path))


def test_each_edit_is_on_disk_and_can_be_undone_and_made_again(tmp_path, data):
    file = edits.file_of(tmp_path / "runs", data)
    one, two = Edit.of("hello", "ham", "spam"), Edit.of("win", "spam", None)
    edits.add(file, data, one)
    edits.add(file, data, two)
    assert edits.read(file).edits == [one, two]
    assert edits.undo(file, data)[1] == two and edits.read(file).edits == [one]
    assert edits.undo(file, data)[1] == one and edits.read(file).edits == []
    with pytest.raises(BadData, match="nothing to undo"):
        edits.undo(file, data)
    assert edits.redo(file, data)[1] == one
    edits.add(file, data, two)  # what was undone is given up
    with pytest.raises(BadData, match="nothing to do again"):
        edits.redo(file, data)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_of_two_edits_of_a_row_the_later_counts_and_one_back_to_its_label_is_none(tmp_path, data):
    file = edits.file_of(tmp_path / "runs", data)
    edits.add(file, data, Edit.of("hello", "ham", "spam"))
    edits.add(file, data, Edit.of("hello", "ham", None))
    assert [edit.to for edit in edits.read(file).latest.values()] == [None]
    edits.add(file, data, Edit.of("hello", "ham", "ham"))
    assert not edits.read(file).latest


def test_auto_finds_what_was_mended_in_this_data_and_nothing_else(tmp_path, data):
    root = tmp_path / "runs"
    assert edits.found(root, data).edits == "none" and edits.of_data(root, data) is None
    file = edits.file_of(root, data)
    edits.add(file, data, Edit.of("hello", "ham", "spam"))
    assert edits.found(root, data).edits == str(file)
    link = tmp_path / "link.csv"
    link.symlink_to(data.path)
    assert edits.file_of(root, Data(path=str(link))) == file
    other = tmp_path / "other" / "mails.csv"
    assert edits.file_of(root, Data(path=str(other))) != file
    assert edits.of_data(root, Data(path=data.path, edits="none")) is None
    assert edits.of_data(root, Data(path="sample")) is None


def test_edits_that_are_not_there_damaged_or_left_out_are_said_to_be_so(tmp_path, data):
    root = tmp_path / "runs"
    named = data.model_copy(update={"edits": str(tmp_path / "gone.json")})
    with pytest.raises(BadData, match="There is no file of edits"):
        edits.of_data(root, named)
    with pytest.raises(BadData, match=r"data\.edits is none"):
        edits.file_of(root, data.model_copy(update={"edits": "none"}))
    for content in (b"{", b'{"edits": 3}', b"[" * 100_000, b"\xff", b'{"data": "x", "edits": [{"text": 1}]}'):
        (tmp_path / "gone.json").write_bytes(content)
        with pytest.raises(BadData, match=r"gone\.json cannot be read.*data\.edits none"):
            edits.of_data(root, named)


def test_what_was_applied_is_said_with_what_it_means_for_the_test():
    assert Applied(relabelled=17, dropped=3).in_words == "17 rows relabelled, 3 dropped"
    assert Applied(relabelled=1).in_words == "1 row relabelled" and Applied(dropped=2).in_words == "2 rows dropped"
    assert Applied().sentences == []
    said = " ".join(Applied(relabelled=17, dropped=3, tested=2, done=1, gone=4, others=1).sentences)
    assert "2 of them are in the test part: its figure is of mended labels" in said
    assert "1 edit made in the data already." in said and "4 edits of a row that is not there any more." in said
    assert "1 edit of a row that has a third label by now." in said
