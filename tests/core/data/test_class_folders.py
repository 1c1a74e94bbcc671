"""Many files under one path: folders and files of classes, texts beside labels, and several tables."""

import io
import json
import os
import tarfile
import zipfile
from collections import Counter

import pytest

from cases import first
from core.data import splits
from core.data.read import read
from core.data.sources import class_folders, tree
from core.data.sources.input import Input
from core.data.sources.layouts import split_of_name
from core.data.sources.registry import source_of
from core.data.sources.source import Options
from core.errors import BadData
from core.files import unwatched

KINDS = ("folder", "zip", "tar", "tar.gz", "tar.xz")
REVIEWS = {
    "pos": ["A wonderful film, see it twice.", "I laughed all evening long."],
    "neg": ["Two hours of my life, gone.", "Not one good scene in it."],
}
IMDB = {
    **{f"aclImdb/{split}/{label}/{i}_{i}.txt": f"{split} {text}".encode() for split in ("train", "test")
       for label, texts in REVIEWS.items() for i, text in enumerate(texts)},
    **{f"aclImdb/train/unsup/{i}_0.txt": b"nobody knows" for i in range(3)},
    "aclImdb/README": b"Large Movie Review Dataset",
    "aclImdb/imdb.vocab": b"the\nand\n",
    "aclImdb/train/labeledBow.feat": b"9 0:9 1:1\n",
    "aclImdb/train/urls_pos.txt": b"http://localhost/1\n",
}  # fmt: skip


@pytest.fixture(params=KINDS)
def tree_of(request, tmp_path):
    """Makes a tree of some members, once as each kind."""

    def make(members):
        path = tmp_path / "many"
        if request.param == "folder":
            for name, content in members.items():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(content)
        elif request.param == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in members.items():
                    archive.writestr(name, content)
        else:
            with tarfile.open(path, "w" + request.param[3:].replace(".", ":")) as archive:
                for name, content in members.items():
                    info = tarfile.TarInfo(f"./{name}")
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
        return path

    return make


def cells_of(path, options=None):
    given = Input(str(path))
    return source_of(given).read(given, options or Options(), unwatched)


def test_a_folder_for_each_class_below_train_and_test(tree_of):
    path = tree_of(IMDB)
    cells = cells_of(path)
    assert cells.names == ["text", "label", "split", "file"]
    assert Counter((row[1], row[2]) for row in cells.rows) == Counter(
        {(label, split): 2 for label in REVIEWS for split in ("train", "test")}
    )
    assert cells.format == "a folder for each of 2 classes, a file for each text" and cells.encoding == "UTF-8"
    assert "Left out: 3 files in aclImdb/train/unsup, which have no label." in cells.notes
    assert "Left out: 3 files outside of the folders of the classes." in cells.notes
    table = read(path)
    assert Counter(table.labels) == {"pos": 4, "neg": 4} and table.columns == {"text": "text", "label": "label"}
    assert sorted(table.texts)[0] == "test A wonderful film, see it twice." and len(cells.sample) == 8


@pytest.mark.parametrize("above", ["", "data/", "20news-bydate-train/", "a/b/c/"])
def test_the_last_folder_is_the_class(tree_of, above):
    members = {f"{above}{label}/{i}": b"Some text here." for label in ("sci.space", "rec.autos") for i in range(3)}
    cells = cells_of(tree_of(members))
    assert {row[1] for row in cells.rows} == {"sci.space", "rec.autos"}
    assert ("split" in cells.names) == ("train" in above)
    if "train" in above:
        assert {row[2] for row in cells.rows} == {"train"}


@pytest.mark.parametrize("names", [
    ("pos.txt", "neg.txt"), ("rt-polarity.pos", "rt-polarity.neg"), ("data/pos", "data/neg"),
    ("x_pos_1.txt", "x_neg_1.txt"),
])  # fmt: skip
def test_a_file_for_each_class(tree_of, names):
    members = {name: "\n".join(REVIEWS[label] * 3).encode() for name, label in zip(names, REVIEWS, strict=True)}
    cells = cells_of(tree_of(members))
    assert cells.names == ["text", "label", "file"]
    assert [row[:2] for row in cells.rows if row[1] == "pos"] == [[text, "pos"] for text in REVIEWS["pos"] * 3]
    assert cells.format == "a file for each of 2 classes, a line for each text"


def test_a_file_that_says_what_the_others_are_is_no_class(tree_of):
    lines = {f"rt-polarity.{label}": "\n".join(REVIEWS[label] * 3).encode() for label in REVIEWS}
    cells = cells_of(tree_of(lines | {"rt-polaritydata.README.1.0.txt": b"Reviews of films,\none a line.\n"}))
    assert {row[1] for row in cells.rows} == {*REVIEWS}


def test_a_file_for_each_class_and_split(tree_of):
    lines = {
        f"{split}_{label}.txt": "\n".join(REVIEWS[label]).encode() for split in ("train", "dev") for label in REVIEWS
    }
    assert {tuple(row[1:3]) for row in cells_of(tree_of(lines)).rows} == {
        (label, split) for label in REVIEWS for split in ("train", "validation")
    }


TEXTS, LABELS = [text for texts in REVIEWS.values() for text in texts] * 4, ["pos", "pos", "neg", "neg"] * 4


@pytest.mark.parametrize("names", [
    ("texts.txt", "labels.txt"), ("X.txt", "y.txt"), ("train.texts", "train.labels"),
    ("train_text.txt", "train_labels.txt"), ("train/seq.in", "train/label"), ("a.txt", "b.txt"),
])  # fmt: skip
def test_texts_and_labels_side_by_side(tree_of, names):
    contents = dict(zip(names, ("\n".join(TEXTS).encode(), "\n".join(LABELS).encode()), strict=True))
    cells = cells_of(tree_of(contents))
    assert [row[:2] for row in cells.rows] == [list(pair) for pair in zip(TEXTS, LABELS, strict=True)]
    assert ("split" in cells.names) == ("train" in names[0])


def test_texts_and_labels_of_several_splits_and_what_belongs_to_none(tree_of):
    contents = {f"{split}_{kind}.txt": "\n".join(lines).encode() for split in ("train", "val", "test")
                for kind, lines in (("text", TEXTS), ("labels", LABELS))}  # fmt: skip
    cells = cells_of(tree_of(contents | {"mapping.txt": b"0\tneg\n1\tpos\n"}))
    assert Counter(row[2] for row in cells.rows) == {"train": 16, "validation": 16, "test": 16}
    assert cells.notes == ["Left out: 1 file that no file of labels or texts belongs to."]


def test_texts_and_labels_of_unequal_numbers_get_a_sentence(tree_of):
    with pytest.raises(BadData, match=r"texts.txt has 16 lines, and labels.txt, its labels, 15\.") as error:
        read(tree_of({"texts.txt": "\n".join(TEXTS).encode(), "labels.txt": "\n".join(LABELS[:-1]).encode()}))
    assert error.value.do


def table_of(n: int, columns: str = "label,text") -> bytes:
    return f"{columns}\n".encode() + b"ham,see you at the station\nspam,win a free phone\n" * n


def test_tables_of_the_splits_are_one_table(tree_of):
    other = b"text,label\nmeet me later,ham\nbuy now please,spam\n" * 1
    path = tree_of(
        {"d/train.csv": table_of(6), "d/test.csv": table_of(2), "d/dev.csv": other, "d/README.md": b"# Data"}
    )
    cells = cells_of(path)
    assert cells.names == ["label", "text", "split"] and len(cells.sample) == 18
    assert Counter(row[2] for row in cells.rows) == {"train": 12, "test": 4, "validation": 2}
    assert ["ham", "meet me later", "validation"] in list(cells.rows)
    assert read(path).n_rows == 18 and any("train.csv" in note for note in read(path).notes)


@pytest.mark.parametrize("names", [("train.txt", "test.txt"), ("train_5500.label", "TREC_10.label"), ("train", "dev")])
def test_tables_may_have_any_name(tree_of, names):
    lines = b"ham\tsee you at the station\nspam\twin a free phone\n" * 5
    cells = cells_of(tree_of(dict.fromkeys(names, lines)))
    assert len(list(cells.rows)) == 20 and ("split" in cells.names) == ("TREC_10.label" not in names)


def test_tables_with_other_columns_are_left_out_and_said(tree_of):
    members = {"train.csv": table_of(6), "test.csv": b"id,text\n1,who knows this\n2,or that one\n",
               "sample_submission.csv": b"id,label\n1,ham\n2,ham\n"}  # fmt: skip
    table = read(tree_of(members))
    assert table.n_rows == 12 and sum("its columns are others" in note for note in table.notes) == 2
    with pytest.raises(BadData):
        read(
            tree_of({"one.csv": table_of(6), "two.csv": b"id;other;text\n1;a;b c d\n2;a;c d e\n" * 4, "train.csv": b""})
        )


def test_tables_without_splits_need_the_same_columns(tree_of):
    assert read(tree_of({"part-0.csv": table_of(4), "part-1.csv": table_of(3)})).n_rows == 14


def test_other_columns_without_a_training_table_get_a_sentence(tree_of):
    with pytest.raises(BadData, match="2 tables with different columns: one.csv, two.csv"):
        read(tree_of({"one.csv": table_of(6), "two.csv": table_of(6, "kind,words")}))


@pytest.mark.parametrize("names", ["123", ("monday", "tuesday", "friday")])
def test_trees_without_classes_get_a_sentence(tree_of, names):
    with pytest.raises(BadData, match="no class shows") as error:
        read(tree_of({f"notes/{name}.txt": b"Some text.\n" for name in names}))
    assert "folder of its own" in error.value.do


def test_pictures_are_no_texts(tree_of):
    with pytest.raises(BadData, match="pictures"):
        read(tree_of({f"{label}/{i}.jpg": b"\xff\xd8\xff" for label in "ab" for i in range(2)}))


def test_links_devices_and_pipes_in_a_folder_are_left_alone(tmp_path):
    for label, texts in REVIEWS.items():
        (tmp_path / label).mkdir()
        for i, text in enumerate(texts):
            (tmp_path / label / f"{i}.txt").write_text(text)
    (tmp_path / "pos" / "link.txt").symlink_to("/etc/passwd")
    (tmp_path / "all").symlink_to("/")
    os.mkfifo(tmp_path / "neg" / "pipe.txt")
    cells = cells_of(tmp_path)
    assert len(list(cells.rows)) == 4
    assert {"Left out: 2 files that are links.", "Left out: 1 file that is a device or a pipe."} == {*cells.notes}


def test_links_in_an_archive_are_left_alone(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for label, texts in REVIEWS.items():
            for i, text in enumerate(texts):
                info = tarfile.TarInfo(f"{label}/{i}.txt")
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
        info = tarfile.TarInfo("pos/link.txt")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    cells = cells_of(tmp_path / "a.tar")
    assert len(list(cells.rows)) == 4 and cells.notes == ["Left out: 1 file that is a link."]


def test_what_is_too_large_or_no_text_is_skipped_and_counted(tree_of, monkeypatch):
    monkeypatch.setattr(class_folders, "MOST_EACH", 1000)
    members = {f"{label}/{i}.txt": text.encode() for label, texts in REVIEWS.items() for i, text in enumerate(texts)}
    members |= {"pos/large.txt": b"a" * 1001, "pos/binary.txt": bytes(100), "neg/empty.txt": b""}
    members |= {"neg/picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256))}
    table = read(tree_of(members))
    assert table.skipped == {"a file of more than 10 MB": 1, "a file that is no text": 2, "no text": 1}
    assert len(table.texts) == 4


def test_files_that_are_not_utf8_are_read_by_their_code_page(tree_of):
    members = {f"{label}/{i}.txt": f"Café à la carte, déjà vu {i}".encode("cp1252" if i else "utf-8")
               for label in REVIEWS for i in range(3)}  # fmt: skip
    table = read(tree_of(members))
    assert {text[:-1] for text in table.texts} == {"Café à la carte, déjà vu "}
    assert table.encoding == "UTF-8 and Windows-1252"
    table = read(tree_of(members), Options(encoding="cp1252"))
    assert table.encoding == "Windows-1252" and any("CafÃ©" in text for text in table.texts)


def test_a_tree_of_more_files_than_can_be_texts_gets_a_sentence(tree_of, monkeypatch):
    monkeypatch.setattr(tree, "MOST", 5)
    with pytest.raises(BadData, match="more than 5 files"):
        read(tree_of(IMDB))


def test_a_folder_with_one_table_is_that_table(tree_of):
    table = read(tree_of({"d/SMSSpamCollection": table_of(5), "d/readme": b"read me", "d/.DS_Store": b"\0"}))
    assert table.n_rows == 10 and "SMSSpamCollection" in table.origin


def test_the_sample_of_the_reviews(shared, tmp_path):
    archive = shared / "imdb/folder_sample.tar.gz"
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    for path in (archive, tmp_path):
        table = read(path)
        assert Counter(table.labels) == {"pos": 300, "neg": 300} and not table.skipped
        assert table.all_columns == ["text", "label", "split", "file"]


@pytest.mark.parametrize(("name", "split"), [
    ("reviews_train.csv", "train"), ("trainset.jsonl", "train"), ("eval/part1.csv", "validation"), ("a/b.csv", ""),
    ("test-00000-of-00001.parquet", "test"), ("holdout.csv", "test"), ("final.csv", ""), ("训练集.csv", "train"),
])  # fmt: skip
def test_the_words_of_splits_in_names(name, split):
    assert split_of_name(name) == split


def test_each_word_of_a_split_is_known_in_cells_and_in_names():
    for split, words in splits.WORDS.items():
        assert {splits.split_of(word) for word in words.split()} == {split}
        assert {split_of_name(f"my_{word}.csv") for word in words.split()} == {split}


def test_an_unlabelled_part_beside_the_splits_does_not_hide_them(file):
    row = {"text": "some words here", "label": 1}
    content = {
        "train": [{**row, "text": f"words of number {i}", "label": i % 2} for i in range(40)],
        "unsupervised": [row],
    }
    assert read(file(json.dumps({**content, "test": content["train"][:9]}), "data.json")).split_column == "split"


FORMS = {
    "csv": lambda texts: ("text\n" + "".join(f"{text}\n" for text in texts)).encode(),
    "jsonl": lambda texts: "\n".join(json.dumps({"text": text}) for text in texts).encode(),
    "json": lambda texts: json.dumps(texts).encode(),
}


@pytest.mark.parametrize("form", first(1, [*FORMS]))
@pytest.mark.parametrize("place", ["{label}.{form}", "{label}/part{i}.{form}", "{split}/{label}.{form}"])
def test_tables_of_which_each_is_a_class(tree_of, form, place):
    texts = {label: [f"{text} {n}" for n in range(9) for text in found] for label, found in REVIEWS.items()}
    members = {
        place.format(label=label, form=form, i=i, split=split): FORMS[form](texts[label])
        for label in texts for i, split in enumerate(("train", "test"))
    }  # fmt: skip
    table = read(tree_of(members))
    told = {*zip(table.texts, table.labels, strict=True)}
    assert told == {(text, label) for label in texts for text in texts[label]}
    assert "The names of the files, or of their folders, are read as the label." in table.notes
    assert table.split_column == ("split" if "split" in place else "")


@pytest.mark.parametrize("names", [("part1.jsonl", "part2.jsonl"), ("fold1/a.jsonl", "fold2/a.jsonl")])
def test_numbered_tables_are_no_classes(tree_of, names):
    with pytest.raises(BadData, match="No column of .* looks like a label"):
        read(tree_of(dict.fromkeys(names, FORMS["jsonl"](TEXTS))))


def test_what_lies_beside_tables_of_splits_need_be_no_table(tree_of):
    table = read(tree_of({"train.csv": table_of(40), "test.csv": table_of(9), "dataset_infos.json": b"{}"}))
    assert len(table.texts) == 98 and table.notes[-1].startswith("Left out: dataset_infos.json")


def test_tables_of_no_split_must_all_be_read(tree_of):
    with pytest.raises(BadData, match="dataset_infos.json"):
        read(tree_of({"a.csv": table_of(40), "b.csv": table_of(9), "dataset_infos.json": b"{}"}))
