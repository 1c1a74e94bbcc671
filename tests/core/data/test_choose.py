"""Which columns of a table are the text, the label and the split, by kinds of tables that people have."""

from itertools import cycle, islice

import pytest

from core.data.choose import choose, split_kept, split_seen
from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData

N = 60
TEXTS = [f"this is what person {i} had to say of it" for i in range(N)]
CODES = [f"a{i:07x}" for i in range(N)]


def turns(*values: str) -> list[str]:
    return [*islice(cycle(values), N)]


def chosen(columns: dict[str, list[str]], **options: str):
    """What is chosen of a table, by names: text, label, and what else was said."""
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    names = list(columns)
    found = choose(names, rows, "data.csv", Options(**options))
    return names[found.text], [names[i] for i in found.label], found


@pytest.mark.parametrize(
    "name",
    [
        *("label", "Label", "labels", "class", "Category", "intent", "gold_label", "Sentiment Label", "label_text"),
        *("sentimentLabel", "is_spam", "label_id", "class_name", "true_label", "Klasse", "Kategorie", "étiquette"),
        *(
            "catégorie",
            "etiqueta",
            "clase",
            "标签",
            "类别",
            "标签1",
            "ラベル",
            "カテゴリ",
            "라벨",
            "метка",
            "etichetta",
        ),
    ],
)
def test_a_column_that_is_named_as_a_label_is_it_before_one_of_fewer_values(name):
    text, label, found = chosen({"text": TEXTS, "shop": turns("a", "b"), name: turns("x", "y", "z")})
    assert (text, label) == ("text", [name]) and found.notes == []


@pytest.mark.parametrize(
    "name", ["text", "Message", "review_text", "clean_text", "Nachricht", "texte", "mensaje", "文本", "本文", "문장"]
)
def test_a_column_that_is_named_as_a_text_is_it_before_a_longer_one(name):
    longer = [text * 3 for text in TEXTS]
    assert chosen({"remark": longer, name: TEXTS, "label": turns("a", "b")})[0] == name


@pytest.mark.parametrize(
    "name, values",
    [
        ("id", turns("1", "2")),
        ("worker_id", turns("w1", "w2")),
        ("annotator", turns("1", "2")),
        ("completed_by", turns("1", "2")),
        ("lang", turns("en")),
        ("language", turns("en", "de")),
        ("created_at", turns("2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z")),
        ("when", turns("2026-01-01", "2026-01-02")),
        ("day", turns("31-Jul-18", "1-Aug-18")),
        ("where", turns("https://a.example/x", "https://a.example/y")),
        ("who", turns("ann@example.org", "bob@example.org")),
        ("taken from", turns("one.txt", "two.txt")),
        ("confidence", turns("0.5", "1.0")),
        ("retweet_count", turns("0", "1")),
        ("length", turns("3", "4")),
        ("always", turns("yes")),
        ("part", turns("train", "train", "test")),
        ("whatever", turns("Training", "dev", "Hold-out")),
        ("is_valid", turns("True", "False", "False")),
        ("subset", turns("a", "b")),
        ("fold", turns("0", "1")),
        ("meta", turns('{"a": 1}', '{"a": 2}')),
        ("Unnamed: 0", turns("0", "1")),
    ],
)
def test_what_is_no_label_is_not_taken_for_it_though_it_has_fewer_values(name, values):
    text, label, found = chosen({name: values, "said": TEXTS, "what": turns("a", "b", "c", "d")})
    assert (text, label) == ("said", ["what"])
    assert "label" not in found.others


def test_of_texts_a_language_or_an_author_is_the_label_where_nothing_else_is():
    assert chosen({"text": TEXTS, "language": turns("en", "de", "fr")})[1] == ["language"]
    assert chosen({"id": CODES, "text": TEXTS, "author": turns("EAP", "HPL", "MWS")})[1] == ["author"]
    with pytest.raises(BadData, match="looks like a label"):
        chosen({"id": CODES, "text": TEXTS, "date": turns("2026-01-01", "2026-01-02")})


@pytest.mark.parametrize("role", ["group", "time", "split"])
def test_the_label_that_is_used_otherwise_is_named_where_no_other_is_left(role):
    with pytest.raises(BadData, match=r"left for the label: class looks like it, and is used otherwise.*--group"):
        chosen({"text": TEXTS, "class": turns("a", "b")}, **{role: "class"})


@pytest.mark.parametrize("name", ["majority_vote", "Majority", "consensus", "annotation"])
def test_what_annotators_agree_on_is_the_label_before_what_each_of_them_says(name):
    each = {f"annotator_{i}": turns("x", "y", "z")[i:] + turns("x", "y", "z")[:i] for i in (1, 2)}
    columns = {"text": TEXTS, "lang": turns("en"), **each, "helpful_votes": turns("0", "1", "2"), name: turns("x", "y")}
    assert chosen(columns)[:2] == ("text", [name])


@pytest.mark.parametrize(
    "values",
    [
        CODES,
        [f"https://example.org/articles/about/this/and/that/{i}/index.html" for i in range(N)],
        [f'{{"user": {{"name": "somebody of number {i}", "age": {i}}}}}' for i in range(N)],
        [f'["one thing that was said {i}", "and another thing that was said"]' for i in range(N)],
        [f"2026-01-{i % 28 + 1:02} 10:00:00.000000 in the morning" for i in range(N)],
    ],
)
def test_the_text_is_never_ids_addresses_or_json(values):
    short = [f"well {i}" for i in range(N)]
    assert chosen({"other": values, "said": short, "label": turns("a", "b")})[0] == "said"


def test_a_split_is_seen_and_said_and_is_not_the_label():
    parts = turns("train", "train", "validation", "test")
    table = {"id": CODES, "split": parts, "message": TEXTS, "reason": turns(*"abcde")}
    text, label, found = chosen(table)
    assert (text, label, found.split, found.kept_to) == ("message", ["reason"], 1, False)
    assert found.doubts == [split_seen("split")] and "--split split keeps to it" in found.doubts[0].do
    kept = chosen(table, split="split")[2]
    assert kept.kept_to and kept.doubts == [split_kept("split")]
    assert chosen(table, split="none")[2].doubts == []
    with pytest.raises(BadData, match="no column part"):
        chosen(table, split="part")


def test_numbers_of_classes_give_way_to_their_names_in_another_column():
    table = {"text": TEXTS, "label": turns("0", "1"), "label_text": turns("neg", "pos")}
    _, label, found = chosen(table)
    assert label == ["label_text"]
    assert found.notes == ["Column label_text names the classes that label numbers, and is read as the label."]
    assert chosen(table, label="label")[1] == ["label"]
    assert chosen({"text": TEXTS, "label": turns("0", "1", "2"), "label_text": turns("a", "b")})[1] == ["label"]


@pytest.mark.parametrize("yes, no", [("1", "0"), ("True", "False"), ("1.0", "0.0")])
def test_columns_of_which_each_row_sets_one_are_one_label(yes, no):
    table = {
        "id": CODES,
        "text": TEXTS,
        **{name: [yes if i % 3 == k else no for i in range(N)] for k, name in enumerate(("news", "sport", "art"))},
    }
    _, label, found = chosen(table)
    assert label == ["news", "sport", "art"]
    assert found.notes == ["Columns news, sport, art are read as one label: each row sets one of them."]
    assert chosen(table, label="art, news")[1] == ["art", "news"]
    assert chosen(table, label="sport")[1] == ["sport"]
    assert chosen({**table, "verified": turns("1", "1", "0", "1", "0")})[1] == ["news", "sport", "art"]
    assert chosen({**table, "label": turns("a", "b", "c")})[1] == ["label"]


def test_columns_of_which_rows_set_several_are_several_labels():
    names = ("toxic", "severe_toxic", "obscene", "threat")
    table = {"id": CODES, "comment_text": TEXTS, **{name: turns(*"0" * k, "1", "0") for k, name in enumerate(names)}}
    what = "4 columns of yes and no, toxic, severe_toxic, obscene, threat, and .* % of the rows"
    with pytest.raises(BadData, match=what) as e:
        chosen(table)
    assert "--label" in e.value.do
    assert chosen(table, label="toxic")[1] == ["toxic"]


def test_a_quantity_is_no_class():
    for name in ("score", "label", "target"):
        table = {"text": TEXTS, name: [f"{i / 7:.3f}" for i in range(N)]}
        for options in ({}, {"label": name}):
            with pytest.raises(BadData, match=f"Column {name} of data.csv holds .* a quantity, no class") as error:
                chosen(table, **options)
            assert "ranges" in error.value.do
    assert chosen({"text": TEXTS, "stars": turns("0.5", "1.0", "1.5", "2.0")})[1] == ["stars"]


def test_where_two_columns_are_plausible_both_are_named():
    _, label, found = chosen({"text": TEXTS, "mood": turns("a", "b"), "shop": turns("x", "y", "z")})
    assert label == ["mood"] and found.others == {"label": ["shop"]}
    assert [doubt.text for doubt in found.doubts] == ["Column mood is read as the label. It could also be shop."]
    text, _, found = chosen({"first": TEXTS, "second": TEXTS[::-1], "label": turns("a", "b")})
    assert found.others == {"text": ["second" if text == "first" else "first"]}
    assert found.doubts[0].do == "Choose with --text NAME. --text '{first}. {second}' takes both."


@pytest.mark.parametrize("title", ["title", "0", "headline"])
def test_a_shorter_text_beside_the_one_that_is_read_is_named(title):
    longer = [f"{text}, and a good deal more of that than anybody wanted to know, " * 2 for text in TEXTS]
    shorter = [f"person {i} said so" for i in range(N)]
    table = {title: shorter, "2": longer, "label": turns("a", "b")}
    text, _, found = chosen(table)
    (doubt,) = found.doubts
    assert text == "2" and found.others == {"text": [title]} and doubt.asks == "text" and not doubt.warn
    assert doubt.text == f"Column 2 alone is read as the text. Column {title} holds text too."
    assert doubt.do == f"--text '{{{title}}}. {{2}}' takes both."
    assert not chosen(table, text="2")[2].doubts  # somebody has chosen
    assert not chosen(table | {title: turns(*shorter[:9])})[2].doubts and not chosen(table | {title: CODES})[2].doubts
    (doubt,) = chosen(table | {"subject": shorter})[2].doubts
    assert f"Columns {title}, subject hold text too." in doubt.text and f"'{{{title}}}. {{2}}. {{subject}}'" in doubt.do


def test_columns_without_sentences_of_their_own_are_no_text_beside_it():
    for name, values in {
        "author": [f"person {i} of the other house" for i in range(N)],
        "0": [f"Jane Doe {i}" for i in range(N)],
        "title": turns("a title of several", "another title of several"),
    }.items():
        assert not chosen({name: values, "text": [each * 3 for each in TEXTS], "label": turns("a", "b")})[2].doubts


def test_columns_whose_names_have_braces_are_not_made_one_text():
    _, _, found = chosen({"a{b": TEXTS, "text": [each * 3 for each in TEXTS], "label": turns("a", "b")})
    assert not found.doubts
    _, _, found = chosen({"title{": TEXTS, "text": [each * 3 for each in TEXTS], "label": turns("a", "b")})
    assert found.doubts[0].do == "Choose with --text NAME."


def file_of(labels: list[str]) -> str:
    quoted = [label.replace('"', '""') for label in labels]
    return "text,label\n" + "".join(f'{text},"{label}"\n' for text, label in zip(TEXTS, quoted, strict=True))


def test_a_list_of_one_label_is_that_label_and_an_empty_one_is_none(file):
    table = read(file(file_of(turns('["a"]', "['b']", "[]", "[red]c[/red]"))))
    assert set(table.labels) == {"a", "b", "[red]c[/red]"} and table.skipped == {"no label": N // 4}


def test_rows_of_several_labels_are_left_out_where_they_are_few_and_refused_where_they_are_the_rule(file):
    few = ['["a", "b"]', *turns("a", "b")[1:]]
    assert read(file(file_of(few))).skipped == {"several labels": 1}
    path = file(file_of(turns('["a", "b"]', "a", "b")))
    with pytest.raises(BadData, match=r'33.3 % of the rows of data.csv have several labels, such as \["a", "b"\]') as e:
        read(path)
    assert "--several-labels leave_out" in e.value.do and e.value.columns == ["text", "label"]
    table = read(path, Options(several_labels="leave_out"))
    assert set(table.labels) == {"a", "b"} and table.skipped == {"several labels": 20}


def test_a_class_is_never_json(file):
    path = file(file_of(turns('{"tags": ["a"]}', '{"tags": ["b"]}')))
    for options in (Options(), Options(label="label")):
        with pytest.raises(BadData) as error:
            read(path, options)
        assert error.value.do
