"""Tables as people have them: with lines before them, separators in texts, stray quotes, other marks."""

import time

import pytest

from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData, BadRecipe
from core.recipe import load

ROWS = [
    ("ham", "spam")[i % 2] + "," + ("see you at the station", "claim your free prize")[i % 2] + f" {i}"
    for i in range(40)
]
TABLE = ["label,text", *ROWS]


def content(lines):
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "before",
    [
        ["Messages of March"],
        ["Messages of March", ""],
        ["# from: support", "# licence: ours, inside only"],
        ["Report", "By,Team North", "From,January to March", ""],
        ["By,Team North", "From,January to March", ""],
        ["a,b,c,d", "e"],
        ["", "", "A title, which goes on, and on"],
    ],
)
def test_what_stands_before_a_table_is_left_out_and_said(file, before):
    table = read(file(content([*before, *TABLE])))
    assert (table.n_rows, len(table.texts), table.all_columns) == (40, 40, ["label", "text"])
    assert table.options.skip_lines == len(before) and len(table.notes) == 1


def test_an_uneven_first_row_of_many_is_no_title(file):
    table = read(file(content([*ROWS[:3], "spam", *ROWS[3:]])))
    assert (table.n_rows, table.skipped, table.notes) == (41, {"too few columns": 1}, [])


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_separator_that_excel_names_is_obeyed(file, line):
    rows = [row.replace(",", ";").replace(" at", ", at") for row in TABLE]
    table = read(file("\r\n".join([line, *rows])))
    assert (table.n_rows, table.all_columns, table.format) == (
        40,
        ["label", "text"],
        "semicolon-separated, with header",
    )
    assert table.notes == []


@pytest.mark.parametrize("mark", ["^", "~", "\x01", "\x1f", "||", "::", "\\t", " ||| ", "|", ";", "\t"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_separator_is_found(file, mark, first):
    table = read(file(content([row.replace(",", mark) for row in TABLE[first:]])))
    assert (table.n_rows, table.texts[1], table.labels[1]) == (40, "claim your free prize 1", "spam")
    assert len(table.all_columns) == 2


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("form", ["{label},{text}", "{text},{label}", "{i},{text},{label}"])
def test_what_is_over_belongs_to_the_text(file, header, form):
    ham = [f"Well, see you {i}" + ", and you" * (i % 4) for i in range(20)]
    texts = [text for i in range(20) for text in (ham[i], f"Claim {i} now" + ", or later" * (i % 3))]
    rows = [form.format(label=("ham", "spam")[i % 2], text=text, i=i) for i, text in enumerate(texts)]
    table = read(file(content([form.format(label="label", text="text", i="id")] * header + rows)))
    assert table.texts == texts and set(table.labels) == {"ham", "spam"}
    assert "they are read whole" in table.notes[0]


def test_columns_that_are_real_stay_columns(file):
    table = read(file(content(["label,text,place", *(f"{row},north" for row in ROWS)])))
    assert table.all_columns == ["label", "text", "place"] and table.notes == []


def test_separators_at_the_end_of_every_row_are_no_text(file):
    table = read(file(content(["label,text", *(f"{row}," for row in ROWS)])))
    assert (len(table.texts), table.texts[0], table.notes) == (40, "see you at the station 0", [])


def test_what_databases_write_for_no_label_is_none_and_a_text_is_a_text(file):
    table = read(file(content([*TABLE, "NULL,nobody knows", r"\N,nobody says", "ham,null", "spam,NA"])))
    assert table.skipped == {"no label": 2} and table.texts[-2:] == ["null", "NA"]


def test_a_header_that_comes_again_and_a_total_are_counted(file):
    table = read(file(content([*TABLE, *TABLE, "Total rows,80"])))
    assert table.skipped == {"the header again": 1, "a total": 1} and len(table.texts) == 80
    assert read(file(content([*TABLE, "(40 rows affected)"]))).skipped == {"too few columns": 1}


@pytest.mark.parametrize("stray", ['ham,"see you', 'ham,"so" he says', 'ham,the 5" one'])
def test_a_stray_quote_swallows_nothing(file, stray):
    rows = [f'{row[: row.index(",")]},"well, {row[row.index(",") + 1 :]}"' for row in ROWS]
    table = read(file(content(["label,text", *rows[:20], stray, *rows[20:]])))
    assert (table.n_rows, table.options.quoting) == (41, "csv")
    assert table.texts[20] == stray[4:] and table.texts[21] == "well, see you at the station 20"


def test_quotes_inside_of_quotes_that_are_not_doubled(file):
    rows = [f'"ham","she said "no", twice {i}"\n"spam","win {i}"' for i in range(20)]
    table = read(file(content(['"label","text"', *rows])))
    assert (table.n_rows, table.texts[0]) == (40, 'she said "no", twice 0') and set(table.labels) == {"ham", "spam"}


def test_what_a_person_says_is_obeyed_and_given_back(file):
    path = file(content(["x,y", "z,w", *TABLE]))
    table = read(path, Options(separator="comma", skip_lines=2, header="yes"))
    assert (table.n_rows, table.all_columns) == (40, ["label", "text"])
    found = read(file(content(TABLE))).options
    assert (found.separator, found.skip_lines, found.header, found.quoting) == ("comma", 0, "yes", "none")
    table = read(file(content([row.replace(",", " % ") for row in TABLE])), Options(separator=" % "))
    assert (table.n_rows, table.texts[0]) == (40, "see you at the station 0")
    assert read(file(content(TABLE)), Options(header="no", text="1", label="0")).n_rows == 41


def test_more_lines_than_there_are_cannot_be_skipped(file):
    with pytest.raises(BadData, match="no row after 1,000 lines"):
        read(file(content(TABLE)), Options(skip_lines=1000))


def test_fewer_than_no_lines_cannot_be_skipped():
    with pytest.raises(BadRecipe, match="skip_lines"):
        load({"data": {"skip_lines": -1}})


@pytest.mark.more
@pytest.mark.parametrize(
    "lines",
    [
        [",".join(["name"] * 2000), *([",".join(["x"] * 2000)] * 20)],
        [",".join(["label", "text"] + ["c"] * 100_000)] + ["ham,see you" + "," * 100_000] * 5,
        [*TABLE, "ham" + "," * 1_000_000],
        [*TABLE, "ham" + ',"x' * 300_000],
        [*TABLE, *(['a",",c'] * 20_000)],
    ],
)
def test_it_takes_no_more_than_linear_time(file, lines):
    start = time.process_time()
    try:
        read(file(content(lines)))
    except BadData as error:
        assert error.do
    assert time.process_time() - start < 30


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("form", ["{n};{text};{label}", "{text};{label};{n}"])
def test_a_comma_within_numbers_parts_no_columns(file, header, form):
    rows = [
        form.format(n=f"{i % 7},{i % 10}5", text=row.split(",")[1], label=row.split(",")[0])
        for i, row in enumerate(ROWS)
    ]
    table = read(file(content([form.format(n="score", text="text", label="label")] * header + rows)))
    assert table.format.startswith("semicolon-separated") and len(table.all_columns) == 3
    assert set(table.labels) == {"ham", "spam"} and table.texts[0] == "see you at the station 0"


@pytest.mark.parametrize("before", [["Report;;", "Period;January to March;", "", ";;"], ["Report;;", ";;", "by;us;"]])
def test_titles_that_are_filled_up_with_separators_are_no_header(file, before):
    rows = [f"{i};{row.replace(',', ';')}" for i, row in enumerate(ROWS)]
    table = read(file(content([*before, "id;label;text", *rows])))
    assert (table.all_columns, table.n_rows, table.options.skip_lines) == (["id", "label", "text"], 40, len(before))


def test_columns_that_r_has_named(file):
    rows = [",".join(reversed(row.split(","))) for row in ROWS]
    table = read(file(content(["V1,V2", *rows])))
    assert table.columns == {"text": "V1", "label": "V2"} and set(table.labels) == {"ham", "spam"}


def test_files_that_were_joined_with_their_headers_and_byte_order_marks(file):
    table = read(file(content(TABLE).encode("utf-8-sig") * 2))
    assert (table.n_rows, table.skipped, set(table.labels)) == (81, {"the header again": 1}, {"ham", "spam"})
    assert table.texts[40] == table.texts[0]


@pytest.mark.parametrize("header", ["text,label,note,by", "text,label,,"])
@pytest.mark.parametrize("at", [0, 5])
def test_the_last_columns_may_be_left_out_in_most_rows(file, header, at):
    rows = [f"see you at {i},{('ham', 'spam')[i % 2]}" for i in range(40)]
    noted = header.endswith("by")
    table = read(
        file(content([header, *[f"{row},seen" if noted and i % 8 == at else row for i, row in enumerate(rows)]]))
    )
    assert (table.columns, len(table.texts), table.notes) == ({"text": "text", "label": "label"}, 40, [])
    assert set(table.labels) == {"ham", "spam"}


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("said", ["call now, or later", r"call \"now\", or later"])
def test_blanks_stand_between_fields_in_quotes_as_r_writes_them(file, numbered, said):
    rows = [f'"{i}" ' * numbered + f'"{said} {i}" {i % 2}' for i in range(40)]
    table = read(file(content(['"text" "class"', *rows])))
    assert (table.columns, set(table.labels)) == ({"text": "text", "label": "class"}, {"0", "1"})
    assert table.texts == [f"{said} {i}".replace("\\", "") for i in range(40)]
    assert (
        table.options.separator == "space"
        and read(file(content(rows)), table.options._replace(header="no", text="auto", label="auto")).n_rows == 40
    )


def test_a_text_that_begins_with_a_quote_is_not_cut_at_blanks(file):
    rows = [f'"see you at {i}", he said{("", ", and went")[i % 3 == 0]}\t{("ham", "spam")[i % 2]}' for i in range(40)]
    assert read(file(content(rows))).texts[1] == '"see you at 1", he said'
