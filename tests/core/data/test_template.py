"""A text made of several columns."""

import csv
import json

import pytest

from core.data.glimpse import glimpse
from core.data.prepare import prepare
from core.data.read import read
from core.data.scripts import SCRIPTS
from core.data.sources.input import Input
from core.data.sources.source import Options
from core.data.texts import open_texts
from core.errors import BadData, BadRecipe
from core.presets import RECIPES
from core.recipe import load
from core.rows import NO_LETTERS
from core.template import Part, Template, columns_in, contents
from core.worker.advice import setting_of

NEWS = 'title,description,class\nHello,World one,a\nBye,"World, two",b\n,,a\nOnly a title,,b\n'
SAID = "{title}. {description:.5}"


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "news.csv"
    path.write_text(NEWS)
    return path


def test_what_stands_in_braces_are_columns():
    assert Template.parse("{a}, {b:.30}!") == Template(("", ", ", "!"), (Part("a"), Part("b", 30)))
    assert Template.parse("a") is None and Template.parse("{") is None and Template.parse("{{a}}") is None
    assert Template.parse("{a:b} {{x}}") == Template(("", " {x}"), (Part("a:b"),))
    assert columns_in("{a} {b}") == ["a", "b"] and columns_in("a") == ["a"]


def test_a_list_of_texts_is_read_as_its_texts():
    template = Template.parse("Q: {q}")
    assert template.render({"q": json.dumps(["one", None, "two"])}) == "Q: one\ntwo"
    for other in ("[1, 2]", "[not json]", "[]x", '{"a": 1}'):
        assert template.render({"q": other}) == f"Q: {other}"
    assert template.render({"q": " "}) == ""
    with pytest.raises(KeyError):
        template.render({"a": "b"})


def test_what_the_columns_hold_is_found_in_a_text_again():
    said = "Title: {title}. Body: {body:.9}!"
    template, row = Template.parse(said), {"title": "So. Body: what", "body": '["one", "two"]'}
    assert template.contents(template.render(row)).split() == ["So", "what.", "Body:", "one", "two"]
    assert template.contents("Title: . Body: !") == "\n" and template.contents("Title: a. Body: b!") == "a\nb"
    for other in ("", "Title: ", "Title: a!", "a. Body: b!", "Title: a. Body: b"):
        assert template.contents(other) == other
    assert Template.parse("{a}{b}").contents("ab").split() == ["ab"]
    assert Template.parse("a{b}a").contents("a") == "a"  # which is too short to hold both
    assert [*contents(["Q: one", "two"], "Q: {q}")] == ["one", "two"]
    texts = ["one. two"]
    assert contents(texts, "text") is texts and [*contents(texts, "{a}. {b}")] == ["one\ntwo"]


@pytest.fixture
def frame(tmp_path):
    """Short German texts in columns, and one sentence in English that a template makes of each."""
    rows = [f"Zug {i},Der Zug {i} an die Küste fährt um sieben,{'ab'[i % 2]}" for i in range(60)]
    rows += ["ZUG 0, der Zug 0 an die Küste fährt um sieben,a", "Привет,Поезд отправляется,b", "12,7:30,b"]
    path = tmp_path / "trains.csv"
    path.write_text("name,words,kind\n" + "\n".join(rows) + "\n")
    return path, "The name that somebody gave to this text is {name}. What is said in this text of the kind: {words}"


def test_what_a_template_says_makes_no_text_like_another_and_is_no_language(frame):
    path, said = frame
    table = read(path, Options(text=said))
    assert table.first_near.tolist() == [*range(60), 0, 61, 62]
    assert set(table.languages[:61]) == {"German"} and table.languages[61] == "Russian"
    assert [SCRIPTS[i] for i in table.scripts[[0, 61, 62]]] == ["Latin", "Cyrillic", NO_LETTERS]
    assert table.having("somebody").sum() == 0 and table.having("küste").sum() == 61
    prepared = prepare(table, load({"data": {"path": str(path), "text": said}}).data)
    assert prepared.near_leaks.sum() <= 1  # of the one row that is nearly another


def test_a_word_of_a_template_may_give_a_class_away_too(tmp_path):
    path = tmp_path / "mails.csv"
    rows = [f"{'subject' if i % 2 else 'other'} words {i},{'ab'[i % 2]}" for i in range(60)]
    path.write_text("mail,kind\n" + "\n".join(rows) + "\n")
    table = read(path, Options(text="Subject: {mail}"))
    assert {one.word for one in table.giveaways} == {"subject", "other"} and table.having("subject").sum() == 30


def test_advice_looks_at_what_the_columns_hold():
    recipe = load({"model": {"name": "nano"}, "data": {"text": "Words: {words}"}})
    found = setting_of(recipe, ["Words: 12", "Words: привет, мы едем домой", "Words: привет, мы едем на море"])
    assert found.foreign and found.learns_more
    assert not setting_of(recipe, ["Words: 12", "Words: 5"]).learns_more


def test_several_columns_make_one_text(news):
    table = read(news, Options(text=SAID))
    assert table.texts == ["Hello. World", "Bye. World", "Only a title. "] and table.labels == ["a", "b", "b"]
    assert table.rows == [0, 1, 3] and table.skipped == {"no text": 1}
    assert table.columns == {"text": SAID, "label": "class"} and table.options.text == SAID
    assert table.all_columns == ["title", "description", "class"]
    assert read(news, Options(text="{0}: {1}", label="2")).texts[0] == "Hello: World one"


def test_the_first_look_shows_what_is_made(news):
    assert glimpse(str(news), Options(text=SAID)).rows[:2] == [["a", "Hello. World"], ["b", "Bye. World"]]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{titel}", "has no column titel"),
        ("{title:.0}", "has no column title:.0.*the first 100 characters of a column, from 1 on"),
        ("{}", "{}”, which names no column: each stands between one { and one }"),
        ("{title", "{title”, which names no column"),
        ("{{title}}", "names no column"),
        ("{title. {description}", "has one brace too many"),
        ("{title} }", "has one brace too many"),
        ("{title} {class}", "The label, column class, stands in the text"),
        ("class", "Column class cannot be both text and label"),
        ("just words", "has no column just words"),
    ],
)
def test_what_makes_no_text_is_refused(news, said, why):
    with pytest.raises(BadData, match=why) as error:
        read(news, Options(text=said, label="class"))
    assert why.split(".*")[0] in glimpse(str(news), Options(text=said, label="class")).problem
    assert error.value.columns in (["title", "description", "class"], [])


@pytest.mark.parametrize(
    ("said", "do"),
    [
        ("{title:400}", r"write it as \{title:\.400\}"),
        ("{title", r"as in \{title\}"),
        ("{{title}}", r"as in \{title\}"),
        (" ", "The name of a column is empty"),
    ],
)
def test_a_template_that_went_wrong_is_shown_as_it_is_written(news, said, do):
    with pytest.raises(BadData, match=do):
        read(news, Options(text=said, label="class"))


def test_what_a_template_makes_is_named_as_no_column_of_the_file(news):
    with pytest.raises(BadData, match=r"has no column nope\. Its columns are title, description, class\.$"):
        read(news, Options(text="{title}. {description}", label="nope"))


def test_a_text_that_holds_the_label_says_so_where_no_other_is_found(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("title,class\n" + "".join(f"some words {i},{'ab'[i % 2]}\n" for i in range(40)))
    with pytest.raises(
        BadData, match="The label, column class, stands in the text.*Take class out of '{title} {class}'"
    ):
        read(path, Options(text="{title} {class}"))


def test_a_column_with_braces_in_its_name_is_a_column(tmp_path):
    (tmp_path / "odd.csv").write_text("{x},class\nsome words here,a\nother words there,b\n")
    assert read(tmp_path / "odd.csv", Options(text="{x}")).texts == ["some words here", "other words there"]


def test_blanks_around_a_name_in_braces_do_not_count(news):
    assert read(news, Options(text="{ title }. {description }")).texts[0] == "Hello. World one"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_texts_to_classify_are_made_as_those_that_were_learned_from(tmp_path, form):
    path = tmp_path / f"ask.{form}"
    rows = [{"id": "7", "title": "Hello", "description": "World one"}, {"id": "8", "title": "", "description": ""}]
    if form == "csv":
        path.write_text("id,title,description\n7,Hello,World one\n8,,\n9\n")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = open_texts(Input(str(path)), learned=SAID)
    answered = list(found.rows)
    assert found.names == ["id", "title", "description"] and found.text == SAID
    assert answered[0].text == "Hello. World" and answered[0].cells == ["7", "Hello", "World one"]
    assert [row.problem for row in answered] == ["", "no text", "too few columns"][: len(answered)]


def test_a_file_that_lacks_a_part_says_so(tmp_path):
    (tmp_path / "ask.csv").write_text("title,body\nHello,some longer words\nBye,and others\n")
    found = open_texts(Input(str(tmp_path / "ask.csv")), learned=SAID)
    assert found.text == "body" and any("lacks description" in note for note in found.notes)


def test_lines_are_the_whole_text(tmp_path):
    (tmp_path / "ask.txt").write_text("Hello. World\nBye. World\n")
    found = open_texts(Input(str(tmp_path / "ask.txt")), learned=SAID)
    assert [row.text for row in found.rows] == ["Hello. World", "Bye. World"] and not found.has_columns


@pytest.mark.parametrize("name", ["mushrooms", "arena"])
def test_the_named_recipes_read_their_tables(name, tmp_path):
    said = load(RECIPES[name]).data
    columns = columns_in(said.text)
    labels = said.label.split(",")
    path = tmp_path / "table.csv"
    with open(path, "w") as file:
        file.write(",".join([*columns, *labels]) + "\n")
        for i in range(12):
            each = (
                ["1" if i % len(labels) == k else "0" for k in range(len(labels))] if len(labels) > 1 else ["pe"[i % 2]]
            )
            file.write(",".join([*("xyz"[(i + k) % 3] for k in range(len(columns))), *each]) + "\n")
    table = read(path, Options.of(said))
    assert len(table.texts) == 12 and len(set(table.labels)) == max(2, len(labels))
    assert any("decision tree" in doubt.text for doubt in table.doubts)


def test_what_no_encoding_can_hold_is_mended_in_a_list_too(tmp_path):
    path = tmp_path / "lists.csv"
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["prompt", "class"])
        rows.writerows([json.dumps([f"words {i}", "cut \ud83d", "whole \U0001f600"]), "ab"[i % 2]] for i in range(4))
    assert read(path, Options(text="Q: {prompt}")).texts[0] == "Q: words 0\ncut \ufffd\nwhole \U0001f600"


def test_no_characters_of_a_column_are_no_part_of_a_text(news):
    with pytest.raises(BadData, match=r"has no column title:\.0"):
        read(news, Options(text="{title:.0}"))


def test_a_pair_has_two_parts_and_no_column_parts_it_again(tmp_path):
    (tmp_path / "pairs.csv").write_text("a,b,label\nwhy,so,1\nis [SEP] a token?,yes [SEP],2\n,,1\n")
    assert read(tmp_path / "pairs.csv", Options(text="{a} [SEP] {b}")).texts == [
        "why [SEP] so",
        "is [ SEP ] a token? [SEP] yes [ SEP ]",
    ]
    assert read(tmp_path / "pairs.csv", Options(text="{a}, {b}")).texts[1] == "is [SEP] a token?, yes [SEP]"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{a} [SEP] {b} [SEP] {c}", "more than once"),
        ("[SEP] {a}", "no column on one side"),
        ("{a} {b} [SEP]", "no column on one side"),
    ],
)
def test_what_is_no_pair_is_refused(said, why):
    with pytest.raises(BadRecipe, match=why):
        load({"data": {"text": said}})
