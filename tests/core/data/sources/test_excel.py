"""Excel's workbooks."""

import io
import sys
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData

TEXTS = [f"see you at the station at {i}, or later" for i in range(40)]
LABELS = ["ham", "spam"] * 20
ROWS = [list(pair) for pair in zip(TEXTS, LABELS, strict=True)]


@pytest.fixture
def workbook(tmp_path):
    """Writes sheets, each a list of rows, and returns the path."""

    def write(name="data.xlsx", **sheets):
        book = Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            page = book.create_sheet(title)
            for row in rows:
                page.append(row)
        book.save(tmp_path / "made.xlsx")
        return (tmp_path / "made.xlsx").rename(tmp_path / name)

    return write


@pytest.mark.parametrize("name", ["data.xlsx", "data.xlsm", "data.csv", "data"])
@pytest.mark.parametrize("header", [True, False])
def test_a_sheet_is_read_whatever_the_name_of_the_file(workbook, name, header):
    heard = []
    path = workbook(name, Messages=[["text", "label"]] * header + ROWS)
    table = read(path, progress=lambda *report: heard.append(report))
    assert (table.texts, table.labels, table.notes) == (TEXTS, LABELS, [])
    assert table.format == f"Excel, sheet Messages, {'with header' if header else 'no header'}"
    assert heard[-1] == ("read", path.stat().st_size, path.stat().st_size, "bytes")


def test_titles_empty_rows_and_columns_are_no_part_of_a_table(workbook):
    body = [[None, None, text, label, None] for text, label in ROWS]
    body.insert(7, [None] * 5)
    sheet = [[None, "Messages of 2026"], [None], ["made by Ana"], [None, None, "text", "label", None], *body]
    table = read(workbook(Sheet1=sheet))
    assert (table.texts, table.labels, table.all_columns) == (TEXTS, LABELS, ["text", "label"])


def test_each_row_of_merged_cells_has_the_value_of_the_first(tmp_path):
    book = Workbook()
    page = book.active
    page.append(["label", "text"])
    for i, text in enumerate(TEXTS):
        page.append([None if i % 4 else f"kind {i // 8 % 2}", text])
    for first in range(2, 42, 4):
        page.merge_cells(f"A{first}:A{first + 3}")
    page.append([None, "a text without a label"])
    book.save(tmp_path / "merged.xlsx")
    table = read(tmp_path / "merged.xlsx")
    assert table.texts == TEXTS and table.labels == [f"kind {i // 8 % 2}" for i in range(40)]
    assert table.skipped == {"no label": 1}
    assert any("merged" in note for note in table.notes)


def test_the_sheet_with_most_rows_is_read_and_the_others_are_named(workbook):
    table = read(workbook(About=[["Read me"]] * 60, Data=[["text", "label"], *ROWS], Old=ROWS[:5], Empty=[]))
    assert table.texts == TEXTS
    assert table.notes == ["The sheet Data is read, and not About (60 rows), Old (5 rows)."]


def test_numbers_dates_truths_and_errors_read_as_they_are_shown(workbook):
    cells = [1, 1.0, 2.5, True, date(2026, 1, 2), datetime(2026, 1, 2, 3, 4), "#N/A", None, "a_x000D_b", "01"]
    rows = [["text", "label"]] + [[f"some words number {i}", value] for i, value in enumerate(cells)]
    table = read(workbook(Sheet1=rows), Options(text="text", label="label"))
    assert table.labels[:6] == ["1", "1", "2.5", "true", "2026-01-02", "2026-01-02T03:04:00"]
    assert table.labels[-1] == "01" and table.skipped == {"no label": 2}


def test_line_breaks_within_cells(workbook):
    rows = [["text", "label"]] + [[f"{text}\n\tbye", label] for text, label in ROWS]
    assert read(workbook(Sheet1=rows)).texts[0] == f"{TEXTS[0]}\n\tbye"


def test_an_empty_workbook(workbook):
    with pytest.raises(BadData, match="holds no table"):
        read(workbook(Sheet1=[]))


def test_without_openpyxl_it_is_said_how_to_install_it(workbook, monkeypatch):
    path = workbook(Sheet1=ROWS)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(BadData, match="not installed") as error:
        read(path)
    assert "pip install openpyxl" in error.value.do


def rezipped(path, added=(), **changed):
    """The workbook with other content in the members whose names end so."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {**dict.fromkeys(old.namelist()), **dict.fromkeys(added)}:
            new.writestr(name, changed.get(name.rpartition("/")[2].partition(".")[0]) or old.read(name))
    path.write_bytes(out.getvalue())
    return path


SPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
PAGE = b"<worksheet " + SPACE + b"><sheetData>%s</sheetData></worksheet>"

SHARED = b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
SHARED += b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'


def with_shared_texts(path):
    """The workbook with its texts in one place for all sheets, as Excel itself writes them."""
    shared = "".join(f"<si><t>{value}</t></si>" for row in ROWS for value in row)
    rows = "".join(
        f'<row r="{i + 1}"><c r="A{i + 1}" t="s"><v>{2 * i}</v></c><c r="B{i + 1}" t="s"><v>{2 * i + 1}</v></c></row>'
        for i in range(len(ROWS))
    )
    with zipfile.ZipFile(path) as archive:
        types = archive.read("[Content_Types].xml").replace(b"</Types>", SHARED + b"</Types>")
    shared = b"<sst %s>%s</sst>" % (SPACE, shared.encode())
    changed = {"sheet1": PAGE % rows.encode(), "sharedStrings": shared, "[Content_Types]": types}
    return rezipped(path, ["xl/sharedStrings.xml"], **changed)


def test_texts_that_all_sheets_share(workbook):
    table = read(with_shared_texts(workbook(Sheet1=ROWS)))
    assert (table.texts, table.labels) == (TEXTS, LABELS)


def test_a_workbook_that_unpacks_to_far_too_much_is_refused_before_it_is_read(workbook):
    path = rezipped(workbook(Sheet1=ROWS), sheet1=bytes(300 << 20))
    with pytest.raises(BadData, match="unpacks to"):
        read(path)


def test_texts_that_memory_cannot_hold_are_refused(workbook, monkeypatch):
    path = with_shared_texts(workbook(Sheet1=ROWS))
    monkeypatch.setattr("core.memory.free", lambda: 1000)
    with pytest.raises(BadData, match="memory"):
        read(path)


@pytest.mark.parametrize("member", ["workbook", "sheet1", "sharedStrings"])
@pytest.mark.parametrize("content", [b" ", b"<worksheet", b"nothing", b"<a><b/></a>"])
def test_damaged_workbooks_get_a_sentence(workbook, member, content):
    with pytest.raises(BadData) as error:
        read(rezipped(with_shared_texts(workbook(Sheet1=ROWS)), **{member: content}))
    assert error.value.do


@pytest.mark.more
def test_a_row_far_below_all_others_ends_at_the_bound_of_sheets(workbook):
    page = PAGE % b'<row r="999999999999"><c r="A999999999999" t="inlineStr"><is><t>far</t></is></c></row>'
    with pytest.raises(BadData, match="no table"):
        read(rezipped(workbook(Sheet1=ROWS), sheet1=page))


def test_old_and_binary_workbooks_are_named(file, workbook):
    path = workbook(Sheet1=ROWS)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", b"\x00")
    with pytest.raises(BadData, match="xlsb"):
        read(file(out.getvalue(), "data.xlsb"))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BadData):
        read(path)
