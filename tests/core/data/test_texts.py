"""Texts to classify: which files are tables and which are lines, and that every row of either is there."""

import gzip
import json

import pytest

from cases import first
from core.data.sources.input import Input
from core.data.sources.source import Options
from core.data.texts import ANY, open_texts
from core.errors import BadData


def opened(path, options=ANY, learned="auto", as_lines=False):
    return open_texts(Input(str(path)), options, learned, as_lines)


def said(found):
    return [row.text for row in found.rows]


SENTENCES = ["Hello, you", "See you at eight, then", "Yes, it is me", "No"]


@pytest.mark.parametrize("sentences", [SENTENCES, SENTENCES[:1], SENTENCES[:3], ["Oh, no"] * 200, ["one", "", "two"]])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_sentences_are_lines_whatever_commas_they_hold(file, sentences, end):
    found = opened(file(end.join(sentences), "texts.txt"))
    assert said(found) == sentences == said(found) and not found.has_columns and found.names == ["text"]
    assert not any(row.problem for row in found.rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_lines_in_every_encoding(file, encoding, packed):
    texts = ["Win £1000 cash – call now", "See you at the café", "It’s €5 only"]
    data = "\r\n".join(texts).encode(encoding)
    assert said(opened(file(gzip.compress(data) if packed else data, "ask.txt"))) == texts


TEXTS = ["See you, at eight", "a second\nline, of the same", 'he said "no"', "café – £5", "plain"]


def written(form, texts):
    if form == "jsonl":
        return "".join(json.dumps({"id": i, "text": t, "on": "Monday"}) + "\n" for i, t in enumerate(texts))
    mark = {"csv": ",", "tsv": "\t", "semicolon": ";"}[form]
    quoted = [t.replace('"', '""') for t in texts]
    return f"id{mark}text{mark}on\n" + "".join(f'{i}{mark}"{t}"{mark}Monday\n' for i, t in enumerate(quoted))


@pytest.mark.parametrize("form", ["csv", "tsv", "semicolon", "jsonl"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("n", first(1, [3, 10_000]))
def test_every_format_in_every_encoding_keeps_its_rows_and_columns(file, form, encoding, packed, n):
    texts = [TEXTS[i % len(TEXTS)] + f" {i}" for i in range(n)]
    data = written(form, texts).encode(encoding)
    found = opened(file(gzip.compress(data) if packed else data, "ask.dat"))
    assert (found.names, found.text, found.has_columns) == (["id", "text", "on"], "text", True)
    assert [row.cells for row in found.rows] == [[str(i), text, "Monday"] for i, text in enumerate(texts)]
    assert said(found) == texts


@pytest.mark.parametrize("name", ["ask.csv", "ask.txt", "ask.csv.gz"])
def test_a_file_of_one_column_is_that_column(file, name):
    data = b'text\n"Win, now\nsecond line"\n""\n"She said ""no"""\nnone, unquoted\n'
    found = opened(file(gzip.compress(data) if name.endswith("gz") else data, name))
    assert found.names == ["text"] and said(found) == ["Win, now\nsecond line", "", 'She said "no"', "none, unquoted"]
    assert [row.problem for row in found.rows] == ["", "no text", "", ""]


def test_one_column_without_a_name_or_with_one_that_was_learned(file):
    found = opened(file('"Win, now\nsecond line"\nplain\n', "ask.csv"))
    assert found.names == ["0"] and said(found) == ["Win, now\nsecond line", "plain"]
    path = file("words\nHello, you\nBye, me\n", "ask.txt")
    assert said(opened(path, learned="words")) == ["Hello, you", "Bye, me"]
    assert said(opened(path)) == ["words", "Hello, you", "Bye, me"]
    assert said(opened(path, Options(text="words"))) == ["Hello, you", "Bye, me"]
    stray = file('text\n"Hello" he said\nBye "you\n', "stray.csv")
    assert said(opened(stray)) == ['"Hello" he said', 'Bye "you']


def test_the_column_is_the_one_that_is_named_or_was_learned_or_looks_like_text(file):
    rows = [f"{i},a short title {i},and a body that is much longer {i},ham" for i in range(20)]
    path = file("\n".join(["id,title,body,label", *rows]) + "\n")
    assert opened(path).text == "body" and opened(path, learned="title").text == "title"
    assert opened(path, Options(text="title"), learned="body").text == "title"
    assert opened(path, Options(text="1")).text == "title" and opened(path, learned="words").text == "body"
    with pytest.raises(BadData, match="has no column words. Its columns are id, title, body, label."):
        opened(path, Options(text="words"))


def test_two_plausible_columns_are_said(file):
    rows = [f"question number {i} of them all,an answer of such length {i}" for i in range(20)]
    (note,) = opened(file("\n".join(["asked,replied", *rows]), "ask.csv"), Options(quoting="csv")).notes
    assert "could also be" in note and "--text" in note


def test_a_column_that_was_learned_by_number_is_taken_where_it_holds_words(file):
    path = file("".join(f"see you at eight {i}\t{i}\n" for i in range(9)), "ask.txt")
    assert opened(path, learned="1").text == "0"
    path = file("".join(f"{i}\tsee you at eight {i}\tand a much longer comment below it {i}\n" for i in range(9)))
    assert opened(path, learned="1").text == "1" and len(said(opened(path))) == 9


def test_no_row_is_lost(file):
    path = file("id,text\n1,see you\n2\n3,a,b\n4,\n5,bye now\n")
    found = opened(path)
    assert [row.problem for row in found.rows] == ["", "too few columns", "too many columns", "no text", ""]
    assert [row.cells[0] for row in found.rows] == list("12345") and {len(row.cells) for row in found.rows} == {2}
    path = file('{"id": 1, "text": "see you"}\nnothing\n{"id": 3}\n', "ask.jsonl")
    assert [row.problem for row in opened(path).rows] == ["", "not a JSON object", "no text"]


def test_lines_are_lines_where_that_is_said(file):
    path = file("id,text\n1,see you\n")
    assert said(opened(path, as_lines=True)) == ["id,text", "1,see you"]


@pytest.mark.parametrize(
    "content, name, words",
    [
        ("", "a.txt", "a.txt is empty"),
        ("\n\n", "a.csv", "a.csv is empty"),
        ("text\n", "a.csv", "holds a header and no rows"),
        ("id,text\n", "a.csv", "holds a header and no rows"),
        (b"%PDF-1.4", "a.csv", "is a PDF"),
    ],
)
def test_what_cannot_be_classified_is_said(file, content, name, words):
    with pytest.raises(BadData, match=words):
        list(opened(file(content, name)).rows)
