"""The first row names the columns, or is a row like the others."""

import pytest

from core.data.read import read
from core.data.sources.source import Options

TEXTS = [f"{('see you at the station', 'claim your free prize')[i % 2]} number {i}" for i in range(30)]
LABELS = ["Ham", "Spam"] * 15


def lines(*columns, mark=","):
    return [mark.join(map(str, row)) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    "header, rows, names",
    [
        ("0,1", lines(TEXTS, LABELS), ["0", "1"]),
        (",0,1", lines(range(30), TEXTS, LABELS), ["column 0", "0", "1"]),
        ("Spam,Nachricht", lines(LABELS, TEXTS), ["Spam", "Nachricht"]),
        ("said,2019", lines(TEXTS, LABELS), ["said", "2019"]),
        ("text,2019,2020", lines(TEXTS, LABELS, range(30)), ["text", "2019", "2020"]),
        ("Was sagt man hier so,Was war es", lines(TEXTS, LABELS), ["Was sagt man hier so", "Was war es"]),
        ("q" * 90 + "?,how much", lines(TEXTS, [1, 2, 3] * 10), ["q" * 90 + "?", "how much"]),
        ("q" * 90 + "?,kind of it", lines(TEXTS, LABELS), ["q" * 90 + "?", "kind of it"]),
    ],
)
def test_a_header_is_known(file, header, rows, names):
    table = read(file("\n".join([header, *rows]) + "\n"))
    assert (table.all_columns, table.n_rows, table.format) == (names, 30, "comma-separated, with header")
    assert set(table.labels) in ({"Ham", "Spam"}, {"1", "2", "3"})


@pytest.mark.parametrize(
    "rows",
    [
        lines(LABELS, TEXTS),
        lines(range(30), TEXTS, LABELS),
        lines(TEXTS, [1, 2, 3] * 10),
        ["Ham,Ok", *lines(LABELS[1:], [*TEXTS[1:-1], "Go"])],
    ],
)
def test_a_row_is_no_header(file, rows):
    table = read(file("\n".join(rows) + "\n"))
    assert (table.n_rows, table.format) == (len(rows), "comma-separated, no header")


TABLE = lines(range(30), ['"well, ' + text + '"' for text in TEXTS], LABELS)


@pytest.mark.parametrize(
    "second",
    [
        "id,text,label",
        "Nr,Text,Label",
        "Nummer,Nachricht,Klasse",
        "int,string,category",
        "the number,what was said,which of both it is",
        "[n],[-],[-]",
        ":---,------,:---:",
        "Response ID,What do you think?,Which kind?\n"
        + ",".join('"{""ImportId"":""' + f"QID{i}" + '""}"' for i in range(3)),
    ],
)
def test_a_second_row_that_describes_the_columns_is_no_row_of_data(file, second):
    path = file("\n".join(["id,text,label", second, *TABLE]) + "\n")
    table = read(path)
    assert (table.all_columns, len(table.texts), set(table.labels)) == (["id", "text", "label"], 30, {"Ham", "Spam"})
    assert sum(table.skipped.values()) == second.count("\n") + 1 == table.n_rows - 30
    assert len(read(path, Options(header="yes")).texts) > 30 or second == "id,text,label"  # who says so is believed


@pytest.mark.parametrize("second", ['77,"well, a rare one",Rare', '78,"n/a",Label', 'n/a,"well, a rare one",Rare'])
def test_a_row_of_data_that_is_rare_is_kept(file, second):
    assert len(read(file("\n".join(["id,text,label", second, *TABLE]) + "\n")).texts) == 31


@pytest.mark.parametrize("groups", ["Meta,Message,", ",Message,Message", "Who,Message,Message"])
def test_a_row_of_groups_above_the_header_is_left_out_and_said(file, groups):
    table = read(file("\n".join([groups, "id,text,label", *TABLE]) + "\n"))
    assert (table.all_columns, len(table.texts)) == (["id", "text", "label"], 30)
    assert table.notes == ["The first line is left out."]


@pytest.mark.parametrize("sign", ["#", "# ", " # "])
@pytest.mark.parametrize("names", [["text", "label"], ["said", "kind", "when"]])
@pytest.mark.parametrize("before", [[], ["# made by us", "# in March, for a friend"]])
def test_a_header_behind_the_sign_of_a_comment_is_a_header(file, sign, names, before):
    columns = [TEXTS, LABELS, [f"March {i}" for i in range(30)]][: len(names)]
    table = read(file("\n".join([*before, sign + ",".join(names), *lines(*columns)]) + "\n"))
    assert (table.all_columns, table.n_rows, table.options.skip_lines) == (names, 30, len(before))


def test_a_comment_is_no_header(file):
    table = read(file("\n".join(["# made by us, in March", *lines(TEXTS, LABELS)])))
    assert (table.all_columns, table.n_rows) == (["0", "1"], 30)
