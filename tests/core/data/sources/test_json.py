"""JSON in the shapes that people have: whatever the shape, the same rows come out of it."""

import json
from collections import Counter
from io import StringIO

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import first
from core.data.read import read
from core.data.sources.json_values import streamed
from core.data.sources.source import Options
from core.errors import BadData

PAIRS = [(f"see you at the station at {i} o'clock, Ana", "ham") for i in range(30)]
PAIRS += [(f"win {i} free phones, call now", "spam") for i in range(30)]
ROWS = [{"text": text, "label": label} for text, label in PAIRS]
FRAME = pd.DataFrame(ROWS)
KEYED = FRAME.set_index(pd.Index([f"m{i}" for i in range(60)]))
INTENTS = [{"tag": "ham", "patterns": [text for text, _ in PAIRS[:30]]}]
INTENTS += [{"tag": "spam", "patterns": [text for text, _ in PAIRS[30:]]}]
ORIENTS = ("columns", "split", "records", "index", "table", "values")
TEXTS, LABELS = [text for text, _ in PAIRS], [label for _, label in PAIRS]
LINES = [json.dumps(row) for row in ROWS]


def in_turn(rows):
    """Rows in turn, as files that are not sorted have them."""
    return [row for pair in zip(rows[:30], rows[30:], strict=True) for row in pair]


SHAPES = {
    "lines": "\n".join(LINES),
    "lines, Windows": "\r\n".join(LINES) + "\r\n\r\n",
    "lines with commas": ",\n".join(LINES) + ",\n",
    "lines with commas in brackets": "[\n" + ",\n".join(LINES) + "\n]\n",
    "lines with a comma too many": "[\n" + ",\n".join(LINES) + ",\n]\n",
    "one line": json.dumps(ROWS),
    "indented": json.dumps(ROWS, indent=2),
    "indented with tabs": json.dumps(ROWS, indent="\t"),
    "objects in a row": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "objects in a row on one line": " ".join(LINES),
    "objects in a row with commas": ",\n".join(json.dumps(row, indent=2) for row in ROWS),
    "lists in a row": json.dumps(ROWS[:30]) + "\n" + json.dumps(ROWS[30:]),
    "a string of JSON": json.dumps(json.dumps(ROWS)),
    "a string of indented JSON": json.dumps(json.dumps({"data": ROWS}, indent=1)),
    "a mark at its beginning": "\ufeff" + json.dumps(ROWS),
    "a single row a line, of lists": "\n".join(json.dumps(list(pair)) for pair in PAIRS),
    "data": json.dumps({"version": "1.0", "data": ROWS}, indent=1),
    "items, with lists beside": json.dumps({"tags": ["a", "b"], "items": ROWS, "authors": [{"name": "Ana"}]}),
    "deep within": json.dumps({"response": {"status": 200, "results": ROWS}}),
    "list of pairs": json.dumps(PAIRS),
    "list of pairs with names": json.dumps([["text", "label"], *PAIRS]),
    "lists by name": json.dumps({"text": TEXTS, "label": LABELS}),
    "lists by name within": json.dumps({"data": {"text": TEXTS, "label": LABELS}, "n": 60}),
    "texts of each class": json.dumps({"ham": TEXTS[:30], "spam": TEXTS[30:]}),
    "objects of each class": json.dumps({k: [{"text": t} for t, one in PAIRS if one == k] for k in ("ham", "spam")}),
    "class of each text": json.dumps(dict(PAIRS), indent=1),
    "by identifier": json.dumps({f"row-{i}": row for i, row in enumerate(ROWS)}),
    "hub rows": json.dumps({"features": [], "rows": [{"row_idx": i, "row": row} for i, row in enumerate(ROWS)]}),
    "spaCy": json.dumps([[text, {"cats": {"ham": label == "ham", "spam": label == "spam"}}] for text, label in PAIRS]),
    "intents": json.dumps({"intents": INTENTS}),
    **{f"pandas {way}": FRAME.to_json(orient=way) for way in ORIENTS},
    "pandas lines": FRAME.to_json(orient="records", lines=True),
    "pandas columns without names": pd.DataFrame(PAIRS).to_json(),
    "pandas columns with other rows' names": KEYED.to_json(),
    "pandas index with other rows' names": KEYED.to_json(orient="index"),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", first(1, ["data.json", "data.csv"]))
def test_shapes(file, shape, name):
    table = read(file(SHAPES[shape], name))
    assert table.texts == TEXTS and table.labels == LABELS
    assert table.format.startswith("JSON") and not table.skipped


def test_pandas_reads_its_own_back_alike(file):
    content = FRAME.to_json()
    assert read(file(content)).texts == pd.read_json(StringIO(content))["text"].tolist()


def test_a_string_of_json_that_is_broken_gets_a_sentence(file):
    with pytest.raises(BadData, match="begins as JSON"):
        read(file(json.dumps(json.dumps(ROWS)[:-20]), "data.json"))


def test_a_table_whose_first_cell_is_json_is_none(file):
    rows = [f'"{{\\"n\\": {i}}}","{text}",{label}' for i, (text, label) in enumerate(PAIRS)]
    assert read(file("\n".join(rows))).texts == TEXTS


def test_parts_of_splits_are_splits(file):
    rows = [list(pair) for pair in PAIRS]
    table = read(file(json.dumps({"train": rows[:30], "oos_train": rows[30:40], "oos_test": rows[40:]}), "data.json"))
    assert (table.split_column, table.others, table.texts) == ("2", {}, TEXTS)


@pytest.mark.parametrize("inside", ["objects", "pairs", "columns"])
def test_splits_are_a_column(file, inside):
    def part(rows):
        if inside == "objects":
            return rows
        return [[*row.values()] for row in rows] if inside == "pairs" else {k: [r[k] for r in rows] for k in rows[0]}

    rows = in_turn(ROWS)
    content = {"train": part(rows[:40]), "validation": part(rows[40:50]), "test": part(rows[50:])}
    table = read(file(json.dumps(content)))
    assert table.texts == [row["text"] for row in rows] and table.format == "JSON, train, validation, test"
    last = table.all_columns[-1]
    assert last == ("2" if inside == "pairs" else "split")
    told = read(file(json.dumps(content)), Options(label=last))
    assert Counter(told.labels) == {"train": 40, "validation": 10, "test": 10}


NAMES = ["ham", "spam"]
NUMBERED = [{"text": text, "label": NAMES.index(label)} for text, label in PAIRS]


@pytest.mark.parametrize(
    "beside",
    [
        {"features": [{"feature_idx": 1, "name": "label", "type": {"names": NAMES, "_type": "ClassLabel"}}]},
        {"features": {"label": {"names": NAMES, "_type": "ClassLabel"}}},
        {"features": [{"name": "label", "type": [{"names": NAMES, "_type": "ClassLabel"}]}]},
        {"label_names": NAMES},
        {"id2label": {"0": "ham", "1": "spam"}},
    ],
)
def test_numbers_of_classes_get_the_names_that_stand_beside_them(file, beside):
    rows = [{"row_idx": i, "row": row} for i, row in enumerate([*NUMBERED, {"text": "no class at all", "label": -1}])]
    table = read(file(json.dumps({**beside, "rows": rows})))
    assert table.labels == LABELS and table.skipped == {"no label": 1}


@pytest.mark.parametrize(("text", "label", "names"), [
    ("data", "target", "target_names"), ("text", "label", "label_names"), ("texts", "labels", "classes"),
])  # fmt: skip
def test_columns_beside_the_names_of_their_classes(file, text, label, names):
    content = {text: TEXTS, label: [NAMES.index(one) for one in LABELS], names: NAMES}
    table = read(file(json.dumps(content)))
    assert (table.texts, table.labels) == (TEXTS, LABELS)


def test_records_within_records_are_columns_with_dotted_names(file):
    rows = [
        {"message": {"text": text, "by": {"id": i % 3}}, "label": {"name": label, "id": len(label)}}
        for i, (text, label) in enumerate(PAIRS)
    ]
    table = read(file(json.dumps(rows)))
    assert (table.texts, table.labels) == (TEXTS, LABELS)
    assert table.all_columns == ["message.text", "message.by.id", "label", "label.id"]
    deep = {"text": "some words", "label": "a", "deep": {}}
    at = deep["deep"]
    for _ in range(300):
        at["on"] = {}
        at = at["on"]
    at["end"] = 1
    assert all(name.count(".") <= 5 for name in read(file("\n".join([json.dumps(deep)] * 4))).all_columns)


def test_labels_that_are_lists(file):
    labels = [
        ["spam"],
        [],
        ["spam", "urgent"],
        [3],
        [True],
        None,
        [{"name": "spam"}],
        ["a \u00e9", 'q"'],
        "ham",
        2.0,
        [0, 1],
    ]
    rows = [{"text": f"some words of text {i}", "label": label} for i, label in enumerate(labels)]
    table = read(file(json.dumps(rows)), Options(label="label", text="text", several_labels="leave_out"))
    assert table.labels == ["spam", "3", "true", "spam", "ham", "2.0"]
    assert table.skipped == {"no label": 2, "several labels": 3}


def test_a_list_that_is_cut_off_keeps_its_whole_rows_and_says_so(file):
    whole = json.dumps(ROWS)
    table = read(file(whole[:-100]))
    assert len(table.texts) == 58 and table.skipped == {"cut off at the end of the file": 1}
    table = read(file(SHAPES["lines"][:-10]))
    assert len(table.texts) == 59 and table.skipped == {"not a JSON object": 1}


PRETTY = json.dumps({"data": ROWS}, indent=1)


@pytest.mark.parametrize(
    "content, what, do",
    [
        (PRETTY[:-200], "begins as JSON and ends in the middle", "again"),
        (PRETTY.replace('"label": "ham"\n', '"label": "ham",\n', 1), "line 5 is not JSON", "comma before }"),
        (PRETTY.replace("[", "[ // rows", 1), "line 2 is not JSON", "no comments"),
        (PRETTY.replace('"', "'"), "line 2 is not JSON", "Python"),
        (str(ROWS), "line 1 is not JSON", "Python"),
        ("\n".join(map(str, ROWS)), "line 1 is not JSON", "Python"),
        (json.dumps(ROWS, indent=1).replace('label": "ham"', 'label": ham"', 1), "line 4 is not JSON", "Fix"),
        ('{"a":' * 100_000, "nested too deeply", ""),
        ("[" * 100_000, "nested too deeply", ""),
        ("[]", "holds no rows", ""),
        ("{}", "holds no rows", ""),
    ],
)
def test_what_begins_as_json_and_is_none_gets_a_sentence(file, content, what, do):
    with pytest.raises(BadData, match=what) as error:
        read(file(content))
    assert do in error.value.do and error.value.do


@pytest.mark.parametrize(
    "content",
    [
        "".join(f"[{i}] as was said by {label} before,{label}\n" for i, (_, label) in enumerate(PAIRS)),
        "".join(f"{{{{name}}}} said {i} words,{label}\n" for i, (_, label) in enumerate(PAIRS)),
        "".join(f'{{"id": {i}}}\t{text}\t{label}\n' for i, (text, label) in enumerate(PAIRS)),
        "".join(f"[URGENT] {text.replace(',', '')},{label}\n" for text, label in PAIRS),
    ],
)
def test_what_only_begins_with_a_bracket_is_no_json(file, content):
    table = read(file(content))
    assert table.labels == LABELS and "separated" in table.format


def test_numbers_that_are_none_line_breaks_in_strings_and_large_numbers(file):
    content = json.dumps([{**row, "score": float("nan"), "id": 10**30} for row in ROWS], indent=1)
    assert read(file(content.replace("station at", "station\nat"))).texts[0].startswith("see you at the station\nat")


def test_many_keys_are_read_in_linear_time_and_bounded(file):
    rows = [{**row, **{f"key{i}-{j}": j for j in range(400)}} for i, row in enumerate(ROWS)]
    table = read(file(json.dumps(rows)))
    assert len(table.all_columns) == 1000 and table.labels == LABELS
    assert "The 1,000 most frequent of 24,002 columns are read." in table.notes


@pytest.mark.parametrize("form", first(1, ["lines", "list", "objects"]))
def test_large_files_are_streamed(file, form, monkeypatch):
    rows = [json.dumps({"text": f"{text} {i}", "label": label}) for i in range(400) for text, label in PAIRS]
    content = {"lines": "\n".join(rows), "list": f"[{', '.join(rows)}]", "objects": "\n".join(rows).replace("{", "{\n")}
    path = file(content[form])
    assert path.stat().st_size > 1 << 20
    monkeypatch.setattr("core.memory.free", lambda: path.stat().st_size // 4)  # too little to read it whole
    heard = []
    table = read(path, progress=lambda *report: heard.append(report))
    assert len(table.texts) == 24_000 and table.texts[-1] == f"{TEXTS[-1]} 399"
    done = [done for name, done, _, _ in heard if name == "read"]
    assert done == sorted(done) and len(done) > 10 and done[-1] == path.stat().st_size


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(st.lists(VALUES, max_size=8), st.integers(1, 20), st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=200, deadline=None)
@pytest.mark.more
def test_values_are_the_same_wherever_the_text_is_cut(values, length, indent, ascii_only):
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only)
    parts = [text[i : i + length] for i in range(0, len(text), length)]
    assert [*streamed("x", True, iter(parts))] == values


def test_a_value_longer_than_what_is_read_at_a_time(file):
    rows = [{"text": "a" * 3_000_000, "label": "long"}, {"text": "some words", "label": "short"}]
    assert [len(text) for text in read(file(json.dumps(rows * 2))).texts] == [3_000_000, 10] * 2


def test_an_object_too_large_for_memory_is_refused(file, monkeypatch):
    monkeypatch.setattr("core.memory.free", lambda: 1000)
    with pytest.raises(BadData, match="memory") as error:
        read(file(PRETTY))
    assert "JSON lines" in error.value.do
