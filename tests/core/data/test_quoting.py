"""Tables whose quotes are not those of CSV, or swallow rows; and what a person says of them."""

import pytest

from cases import first
from core.data.read import read
from core.data.sources.input import Input
from core.data.sources.source import Options
from core.data.texts import open_texts
from core.errors import BadData

TEXTS = ["see you at the station", "claim your free prize, now, please", "well, that is it", "call me when home"]
ROWS = [(f"{TEXTS[i % 4]} {i}", ("ham", "spam")[i % 2], i) for i in range(40)]


def enclosed(text):
    return f'"{text}"' if "," in text else text


def table(form, rows=ROWS, header="text,label"):
    return "\n".join([header, *(form(*row) for row in rows)]) + "\n"


FORMS = {
    "single, where it takes them": ("single", lambda t, c, i: (f"'{t}'" if "," in t else t) + f",{c}", ""),
    "single": ("single", lambda t, c, i: f"'{t}','{c}'", ""),
    "single, and no separator in a text": ("single", lambda t, c, i: f"'{t.replace(',', '')}',{c}", ""),
    "single, doubled": ("single", lambda t, c, i: f"'it''s, {t}',{c}", "it's, "),
    "single, with an apostrophe that nothing marks": ("single", lambda t, c, i: f"'it's, {t}','{c}'", "it's, "),
    "single, with a backslash": ("single_backslash", lambda t, c, i: rf"'it\'s, {t}',{c}", "it's, "),
    "backslash": ("backslash", lambda t, c, i: rf'"he said \"hi\", {t}",{c}', 'he said "hi", '),
    "backslash, at the end": ("backslash", lambda t, c, i: rf'"a\\b \"{t}\"",{c}', r"a\b "),
    "backslash, and other backslashes": ("backslash", lambda t, c, i: rf'"C:\new \"{t}\", ok",{c}', r"C:\new "),
    "backslash, now and then": (
        *(
            "backslash",
            lambda t, c, i: rf'"say \"hi\" {t}",{c}' if i % 7 == 0 else f'"say ""hi"" {t}",{c}',
            'say "hi" ',
        ),
    ),
    "backslash before separators": ("backslash", lambda t, c, i: t.replace(",", "\\,") + f",{c}", ""),
    "after a blank": ("spaced", lambda t, c, i: f'{i}, "{t}", "{c}"', ""),
    "after a blank, where it takes them": ("spaced", lambda t, c, i: f"{i}, {enclosed(t)}, {c}", ""),
    "formulas": ("excel", lambda t, c, i: f'="{t}",="{c}"', ""),
    "lines": ("lines", lambda t, c, i: '"' + f"{enclosed(t)},{c}".replace('"', '""') + '"', ""),
    "formulas, quoted": ("excel", lambda t, c, i: f'"=""{t}""",{c}', ""),
}


@pytest.mark.parametrize("name", FORMS)
def test_quotes_of_every_kind_are_found_and_said(file, name):
    quoting, form, begin = FORMS[name]
    header = (
        '"text,label"'
        if quoting == "lines"
        else "id,text,label"
        if "blank" in name and quoting == "spaced"
        else "text,label"
    )
    path = file(table(form, header=header))
    found = read(path)
    assert found.options.quoting == quoting and len(found.notes) >= 1
    texts = [text.replace(",", "") if "no separator" in name else text for text, _, _ in ROWS]
    assert found.labels == [label for _, label, _ in ROWS]
    assert all(read_text.startswith(begin) for read_text in found.texts)
    if "at the end" not in name and "other backslashes" not in name:
        assert found.texts == [begin + text for text in texts]
    assert read(path, found.options).texts == found.texts
    assert [row.text for row in open_texts(Input(str(path))).rows] == found.texts


@pytest.mark.parametrize(
    "form",
    [
        lambda t, c, i: f"{enclosed(t)},{c}",  # no quote of another kind
        lambda t, c, i: f"{enclosed('’tis so: ' + t)},{c}",
        lambda t, c, i: f"'tis {i} o'clock,{c}",
        lambda t, c, i: f"'{i}' is what they're told,{c}",
        lambda t, c, i: f'"C:\\dir\\{t}\\",{c}',
        lambda t, c, i: f'"{t}, ""no"", ""never"", he said",{c}',
        lambda t, c, i: f'"a = ""b"", c =""d"" {t}",{c}',
    ],
)
def test_what_looks_like_another_kind_is_read_as_csv(file, form):
    path = file(table(form))
    found = read(path)
    assert found.options.quoting in ("csv", "none") and found.notes == []
    assert found.texts == read(path, Options(quoting="csv")).texts and found.labels == [row[1] for row in ROWS]


@pytest.mark.parametrize("form", first(1, ["{text},{label}", "{label},{text}", "{id},{label},{text}"]))
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("end", first(1, ["\n", "\r\n"]))
@pytest.mark.parametrize("between", [0, 1, 30])
def test_a_lone_quote_that_another_one_closes_much_later_swallows_no_rows(file, form, header, end, between):
    rows = [form.format(text=enclosed(text), label=label, id=i) for text, label, i in ROWS]
    plain = [form.format(text=f"plain words {i}", label=("ham", "spam")[i % 2], id=i) for i in range(between)]
    opening = form.format(text='"see you', label="ham", id=77)
    closing = form.format(text='all done"', label="spam", id=78)
    names = [form.format(text="text", label="label", id="id")] * header
    lines = [*names, *rows[:20], opening, *plain, closing, *rows[20:]]
    found = read(file(end.join(lines) + end))
    assert (found.n_rows, len(found.texts)) == (42 + between, 42 + between)
    assert found.texts[20] == '"see you' and found.texts[21 + between] == 'all done"'
    assert found.notes == ["Quotes that enclose nothing are read as text: in 1 of the rows."] or between == 0


def test_texts_of_several_lines_stay_whole(file):
    letter = "Dear Tom,\nthank you, and see you\n\nbye, then"
    rows = [f'"{letter} {i}",{label}' for _, label, i in ROWS]
    found = read(file("\n".join(["text,label", *rows, *(f"plain words {i},ham" for i in range(40))])))
    assert (found.n_rows, found.texts[0], found.notes) == (80, f"{letter} 0", [])


def test_a_separator_that_ends_lines_or_encloses_fields_is_refused(file):
    for separator, quoting in (('"', "auto"), ("\n", "auto"), ("\r", "none"), ("'", "single")):
        with pytest.raises(BadData, match="cannot stand between columns"):
            read(file(table(lambda t, c, i: f"{t},{c}")), Options(separator=separator, quoting=quoting))


def test_bytes_of_zero_that_fill_up_something_are_taken_away(file):
    rows = [f"{enclosed(text)},{label}" for text, label, _ in ROWS]
    for zeros in ("\0" * 500 + "\n".join(rows), "\n".join([*rows[:20], "\0" * 300, *rows[20:]])):
        found = read(file("\n".join(["text,label", zeros])))
        assert found.texts == [text for text, _, _ in ROWS] and found.labels == [label for _, label, _ in ROWS]


def test_fields_of_fixed_width_that_are_filled_with_zeros(file):
    rows = [f"{enclosed(text)},{label}" + "\0" * (6 - len(label)) for text, label, _ in ROWS]
    found = read(file("\n".join(["text,label", *rows])))
    assert found.labels == [label for _, label, _ in ROWS] and found.texts == [text for text, _, _ in ROWS]
