"""Tables of every kind in archives and folders, many of them, and a look at the first rows of large ones."""

import bz2
import gc
import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from pyarrow import feather

from archives import tarred, zipped
from cases import first
from core.data.glimpse import glimpse
from core.data.read import read
from core.data.sources import packed
from core.data.sources.input import Input
from core.data.sources.source import Options
from core.data.texts import open_texts
from core.datasets import input_folder
from core.errors import BadData
from core.files import cache_root

TEXTS = [f"see you at the station at {i}, or later" for i in range(60)]
LABELS = ["ham", "spam", "eggs"] * 20


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))


def parquet(texts=TEXTS, labels=LABELS) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": texts, "label": labels}), out)
    return out.getvalue()


def arrow() -> bytes:
    out = io.BytesIO()
    feather.write_feather(pa.table({"text": TEXTS, "label": LABELS}), out)
    return out.getvalue()


def workbook(texts=TEXTS, labels=LABELS) -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active.append(["text", "label"])
    for row in zip(texts, labels, strict=True):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


PACKINGS = {
    "zip": lambda content: zipped({"data/rows": content, "README.md": b"words"}),
    "tar": lambda content: tarred({"rows": content}, "w"),
    "tar.gz": lambda content: tarred({"rows": content, "LICENSE": b"words"}),
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "gz in zip": lambda content: zipped({"rows": gzip.compress(content)}),
}


@pytest.mark.parametrize("made", [parquet, arrow, workbook])
@pytest.mark.parametrize("packing", first(1, [*PACKINGS]))
def test_tables_that_are_read_from_their_end_are_read_in_archives_too(file, made, packing):
    path = file(PACKINGS[packing](made()))
    table = read(path)
    assert (table.texts, table.labels) == (TEXTS, LABELS)
    assert [row.text for row in open_texts(Input(path)).rows] == TEXTS
    gc.collect()
    assert not list(input_folder().iterdir())  # what was unpacked for that is gone


def test_several_workbooks_in_an_archive(file):
    path = file(zipped({"train.xlsx": workbook(), "test.xlsx": workbook(TEXTS[:9], LABELS[:9])}))
    table = read(path, Options(split="split"))
    assert table.texts == TEXTS + TEXTS[:9] and table.splits == ["train"] * 60 + ["test"] * 9
    gc.collect()
    assert not list(input_folder().iterdir())


def test_where_nothing_can_be_unpacked_it_is_said(file):
    cache_root().write_text("no folder")
    with pytest.raises(BadData, match="cannot be unpacked in") as error:
        read(file(gzip.compress(parquet())))
    assert "WORKBENCH_CACHE" in error.value.do


def test_what_unpacks_to_far_too_much_is_not_written_to_the_disk(file, monkeypatch):
    monkeypatch.setattr(packed, "ANYWAY", 1000)
    monkeypatch.setattr(packed, "MOST_TIMES", 2)
    content = parquet() + b"\0" * 100_000
    with pytest.raises(BadData, match="unpacks to more than"):
        read(file(gzip.compress(content)))


def test_a_damaged_table_in_an_archive_is_named_as_there(file):
    with pytest.raises(BadData, match=r"rows in data\.csv is damaged"):
        read(file(zipped({"rows": parquet()[:-300]})))


@pytest.mark.parametrize("kind", ["a word document", "a zip file", "a tar archive"])
def test_what_is_no_table_in_an_archive_is_named(file, kind):
    inside = {
        "a word document": zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}),
        "a zip file": zipped({"a": b"1", "b": b"2"}),
        "a tar archive": tarred({"a": b"1", "b": b"2"}, "w"),
    }
    with pytest.raises(BadData, match=f"(?i)rows in data.csv is {kind}"):
        read(file(zipped({"rows": inside[kind]})))


N = 50_000


def test_a_look_at_a_large_table_takes_its_first_rows(tmp_path, monkeypatch):
    pq.write_table(pa.table({"text": TEXTS * 1000, "label": LABELS * 1000}), tmp_path / "a.parquet", row_group_size=N)
    taken = []
    batches = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda *args, **more: (taken.append(batch.num_rows) or batch for batch in batches(*args, **more)),
    )
    found = glimpse(str(tmp_path / "a.parquet"), Options())
    assert found.rows == [[label, text] for label, text in zip(LABELS, TEXTS, strict=True)][:5]
    assert 0 < sum(taken) < 10_000


def test_a_look_at_a_large_workbook_takes_its_first_rows(tmp_path, monkeypatch):
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    book = Workbook()
    book.active.title = "Few"
    more = book.create_sheet("Many")
    for page, n in ((book.active, 3000), (more, 6000)):
        page.append(["text", "label"])
        for i in range(n):
            page.append([TEXTS[i % 60], LABELS[i % 60]])
    book.save(tmp_path / "a.xlsx")
    taken = [0]
    rows = ReadOnlyWorksheet.iter_rows

    def counted(*args, **more):
        for row in rows(*args, **more):
            taken[0] += 1
            yield row

    monkeypatch.setattr(ReadOnlyWorksheet, "iter_rows", counted)
    found = glimpse(str(tmp_path / "a.xlsx"), Options())
    assert found.format == "Excel, sheet Many, with header" and "not Few." in found.notes[0]
    assert found.rows[0] == ["ham", TEXTS[0]] and taken[0] < 5000


ODD = "\n".join(f"{label}/{text}" for text, label in zip(TEXTS, LABELS, strict=True)).encode()


@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz"])
@pytest.mark.parametrize("names", [("train.csv", "test.csv"), ("train", "test"), ("a.txt", "b.txt")])
def test_what_a_person_says_of_tables_holds_for_those_in_folders_and_archives(tmp_path, kind, names):
    members = {name: "ß/größe\n".encode("cp1252") + ODD for name in names}
    if kind == "folder":
        path = tmp_path / "many"
        path.mkdir()
        for name, content in members.items():
            (path / name).write_bytes(content)
    else:
        path = tmp_path / "many"
        path.write_bytes(zipped(members) if kind == "zip" else tarred(members))
    table = read(path, Options(separator="/", encoding="cp1252", header="no", text="1", label="0"))
    assert table.texts == ["größe", *TEXTS] * 2 and table.labels[:2] == ["ß", "ham"]
    assert table.options.separator == "/" and table.options.header == "no"


@pytest.mark.parametrize("names", [("a.txt", "b.txt"), ("news.train.txt", "mails.test.txt"), ("train/x", "test/y")])
def test_files_of_fasttext_are_no_classes(tmp_path, names):
    for name in names:
        (tmp_path / "many" / name).parent.mkdir(parents=True, exist_ok=True)
        lines = (f"__label__{label} {text}\n" for text, label in zip(TEXTS, LABELS, strict=True))
        (tmp_path / "many" / name).write_text("".join(lines))
    table = read(tmp_path / "many")
    assert (sorted(table.texts), sorted(table.labels)) == (sorted(TEXTS * 2), sorted(LABELS * 2))
    assert table.format == "fastText lines" and table.split_column == ("split" if "train" in names[0] else "")


@pytest.mark.more
def test_hundreds_of_tables_hold_one_sample_between_them(tmp_path):
    content = "text,label\n" + "".join(f"words {i} of it,{LABELS[i % 60]}\n" for i in range(100))
    path = tmp_path / "many.zip"
    path.write_bytes(zipped({f"part{i:03}.csv": content.encode() for i in range(300)}))
    given = Input(str(path))
    from core.data.sources.registry import source_of
    from core.files import unwatched

    cells = source_of(given).read(given, Options(), unwatched)
    assert len(cells.sample) <= 2000 and sum(1 for _ in cells.rows) == 30_000
    assert cells.notes[0].endswith("and 280 more.")


def test_a_compressed_tar_is_gone_through_as_often_for_many_members_as_for_few(tmp_path, monkeypatch):
    def passes(n: int) -> int:
        path = tmp_path / f"{n}.tar.gz"
        path.write_bytes(tarred({f"class{chr(97 + i)}.txt": "\n".join(TEXTS).encode() for i in range(n)}))
        monkeypatch.setattr(packed.gzip, "GzipFile", lambda **more: opened.append(1) or whole(**more))
        opened.clear()
        assert len(read(path).texts) == 60 * n
        monkeypatch.setattr(packed.gzip, "GzipFile", whole)
        return len(opened)

    opened, whole = [], gzip.GzipFile
    assert passes(3) == passes(20)


def test_finding_out_about_a_large_file_is_told_and_can_be_cancelled(file):
    class Cancelled(Exception):
        pass

    told = []

    def progress(phase, done, total, unit):
        told.append((phase, done))
        raise Cancelled

    path = file("text,label\n" + "".join(f"wörds {i},{'ab'[i % 2]}\n" for i in range(1000)))
    with pytest.raises(Cancelled):
        _ = Input(path, progress).spelling
    assert told and told[0][0] == "find"
