import builtins
import gzip
import json
from collections import Counter

import pytest

from core.data.read import read
from core.data.sources.source import Options
from core.errors import BadData

REAL = {
    "sms/SMSSpamCollection": ("tab-separated, no header", "UTF-8", "none", 5574, 5574, "1", "0"),
    "agnews/test.csv": ("comma-separated, no header", "UTF-8", "csv", 7600, 7600, "2", "0"),
    "agnews/test_named_labels.csv": (
        *("comma-separated, with header", "UTF-8", "csv", 7600, 7600, "description", "class"),
    ),
    "agnews/small_train.noheader.csv": ("comma-separated, no header", "UTF-8", "csv", 5000, 5000, "0", "1"),
    "banking77/train.csv": ("comma-separated, with header", "UTF-8", "csv", 10003, 10003, "text", "category"),
    "trec/train_5500.label": ("label:finer label, space, text", "Windows-1252", "auto", 5452, 5452, "2", "0"),
    "chinese/ChnSentiCorp_htl_all.csv": (
        *("comma-separated, with header", "UTF-8", "csv", 7766, 7765, "review", "label"),
    ),
    "nasty/kaggle_spam_v1v2.latin1.csv": (
        *("comma-separated, with header", "Windows-1252", "csv", 5572, 5572, "v2", "v1"),
    ),
    "nasty/financial_phrasebank.bom.at_separated.txt": (
        *("at-sign-separated, no header", "UTF-8 with BOM", "none", 4846, 4846, "0", "1"),
    ),
    "nasty/amazon_alexa.tsv": (
        *("tab-separated, with header", "UTF-8", "csv", 3150, 3071, "verified_reviews", "feedback"),
    ),
    "nasty/airline_tweets.csv": (
        *("comma-separated, with header", "UTF-8", "csv", 14640, 14640, "text", "airline_sentiment"),
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_as_they_are(shared, name):
    form, encoding, quoting, n_rows, usable, text, label = REAL[name]
    table = read(shared / name)
    assert (table.format, table.encoding, table.options.quoting) == (form, encoding, quoting)
    assert (table.n_rows, len(table.texts)) == (n_rows, usable)
    assert table.columns == {"text": text, "label": label}


def test_sms_with_and_without_quoting(shared):
    path = shared / "sms/SMSSpamCollection"
    assert Counter(read(path, Options(quoting="csv")).labels) == {"ham": 4825, "spam": 747}
    assert Counter(read(path).labels) == {"ham": 4827, "spam": 747}


@pytest.mark.parametrize(
    "name, separator, header, encoding",
    [
        ("sms/SMSSpamCollection", "\t", None, "utf-8"),
        ("nasty/airline_tweets.csv", ",", 0, "utf-8"),
        ("nasty/kaggle_spam_v1v2.latin1.csv", ",", 0, "cp1252"),
        ("nasty/amazon_alexa.tsv", "\t", 0, "utf-8"),
        ("chinese/ChnSentiCorp_htl_all.csv", ",", 0, "utf-8"),
    ],
)
def test_quoted_files_are_read_as_pandas_reads_them(shared, name, separator, header, encoding):
    import pandas as pd

    frame = pd.read_csv(
        *(shared / name,), sep=separator, header=header, encoding=encoding, dtype=str, keep_default_na=False
    )
    frame.columns = frame.columns.map(str)
    table = read(shared / name, Options(quoting="csv"))
    assert table.n_rows == len(frame)
    assert table.texts == frame[table.columns["text"]].iloc[table.rows].tolist()
    assert table.labels == frame[table.columns["label"]].iloc[table.rows].str.strip().tolist()


def test_what_real_files_leave_unsure_is_said(shared):
    table = read(shared / "nasty/amazon_alexa.tsv")
    (doubt,) = table.doubts
    assert doubt.text == "Column feedback is read as the label. It could also be rating." and doubt.asks == "label"
    assert table.skipped == {"no text": 79}
    assert set(read(shared / "nasty/amazon_alexa.tsv", Options(label="rating")).labels) == set("12345")
    assert len(set(read(shared / "trec/train_5500.label").labels)) == 6
    assert len(set(read(shared / "trec/train_5500.label", Options(label="1")).labels)) > 40


def test_a_title_beside_the_text_is_named_and_taken_too(shared):
    (doubt,) = read(shared / "agnews/test.csv").doubts
    assert doubt.text == "Column 2 alone is read as the text. Column 1 holds text too."
    assert doubt.do == "--text '{1}. {2}' takes both."
    both = read(shared / "agnews/test.csv", Options(text="{1}. {2}"))
    assert both.n_rows == 7600 and both.texts[0].startswith("Fears for T N pension after talks. Unions representing")
    assert not both.doubts


@pytest.mark.parametrize(
    "name, what",
    [
        ("mushroom/mushrooms.csv", "has no column of text"),
        ("arena/small_train.csv", "response_a, holds lists or objects in JSON"),
        ("arena/test.csv", "looks like a label"),
        ("agnews/classes.txt", "has no columns"),
    ],
)
def test_real_files_that_are_no_labelled_texts_are_refused_helpfully(shared, name, what):
    with pytest.raises(BadData, match=what) as error:
        read(shared / name)
    assert error.value.do


def test_one_column_of_several_can_be_named_all_the_same(shared):
    assert set(read(shared / "arena/small_train.csv", Options(text="prompt", label="winner_tie")).labels) == {"0", "1"}
    table = read(shared / "arena/small_train.csv", Options(text="prompt"))
    assert set(table.labels) == {"winner_model_a", "winner_model_b", "winner_tie"} and not table.skipped


@pytest.mark.more
def test_gzip(shared):
    table = read(shared / "imdb/test.csv.gz")
    assert (table.n_rows, table.columns) == (25000, {"text": "text", "label": "label"})


SPAM = [("win a free phone now", "spam"), ("see you at the station", "ham"), ("call me when home", "ham")] * 4


@pytest.mark.parametrize("mark", ["\t", ",", ";", "|"])
@pytest.mark.parametrize("header", [True, False])
def test_separators(file, mark, header):
    lines = [f"{label}{mark}{text}" for text, label in SPAM]
    table = read(file("\r\n".join([f"label{mark}text"] * header + lines)))
    assert [*zip(table.texts, table.labels, strict=True)] == SPAM
    assert table.rows == list(range(12))


@pytest.mark.parametrize("form", ["lines", "list"])
def test_json(file, form):
    records = [{"id": i, "message": text, "label": label == "spam"} for i, (text, label) in enumerate(SPAM)]
    content = json.dumps(records, indent=1) if form == "list" else "\n".join(map(json.dumps, records))
    table = read(file(content, "data.json"))
    assert table.format == f"JSON {form}"
    assert table.texts == [text for text, _ in SPAM]
    assert table.labels[:2] == ["true", "false"]


def test_json_lines_that_are_none_are_counted(file):
    lines = [json.dumps({"text": text, "label": label}) for text, label in SPAM]
    lines[0:0] = ["{broken"]
    lines[2:2] = ["", "[1, 2]", '{"text": "no label"}', '{"text": null, "label": "ham"}']
    table = read(file("\n".join(lines), "data.jsonl"))
    assert table.skipped == {"not a JSON object": 2, "no label": 1, "no text": 1}
    assert (table.n_rows, len(table.texts), table.rows[:2]) == (16, 12, [1, 5])


def test_lone_surrogates_and_control_characters_do_no_harm(file):
    lines = ['{"text": "bad \\ud800 one \\u0000\\u0007\\u001b[31m", "label": "a"}'] * 2
    lines += ['{"text": "pair \\ud83d\\ude00", "label": "b"}'] * 2
    table = read(file("\n".join(lines), "data.jsonl"))
    assert table.texts[0] == "bad \ufffd one \x00\x07\x1b[31m"
    assert table.texts[2] == "pair \U0001f600"
    table = read(file("a\tding \x07\x0b\x0c\x1c\u2028\x85 dong\nb\tsome other text\n" * 3))
    assert table.texts[0] == "ding \x07\x0b\x0c\x1c\u2028\x85 dong"


def test_words_that_mean_missing_elsewhere_are_text(file):
    table = read(file("text,label\nnan,None\nNA,null\nsome text,None\nother text,null\n"))
    assert table.texts[:2] == ["nan", "NA"] and table.labels[:2] == ["None", "null"]


def test_rows_that_cannot_be_used_are_counted_and_keep_their_numbers(file):
    table = read(
        file(
            'label,text\nham,hello there friend\n\nspam\n,no label here\nspam,  \nham,"one, two"\n'
            "spam,too,many\nspam,free money,\n ham ,see you\n"
        )
    )
    assert table.skipped == {"too few columns": 1, "no label": 1, "no text": 1, "too many columns": 1}
    assert table.rows == [0, 4, 6, 7] and table.n_rows == 8
    assert table.texts == ["hello there friend", "one, two", "free money", "see you"]
    assert table.labels == ["ham", "ham", "spam", "ham"]


def test_quotes_that_enclose_and_quotes_that_are_text(file):
    quoted = "label,text\n" + 'a,"He said ""no"", twice"\nb,"two\nlines"\n' * 3
    assert read(file(quoted)).texts[:2] == ['He said "no", twice', "two\nlines"]
    text = 'ham\t"Yes, he said\nham\tno" is no answer\nspam\t"win" it\n' * 3
    assert read(file(text)).texts[:3] == ['"Yes, he said', 'no" is no answer', '"win" it']
    assert read(file(text)).options.quoting == "none"
    assert read(file(text), Options(quoting="csv")).n_rows < 9


@pytest.mark.parametrize(
    "content, encoding, text",
    [
        ("caf\u00e9 here".encode("cp1252"), "Windows-1252", "caf\u00e9 here"),
        (b"quote \x93so\x94 and \x81", "Windows-1252", "quote \u201cso\u201d and \x81"),
        (
            "caf\u00e9 \u4f60\u597d ".encode() + b"\xff here",
            "UTF-8, damaged",
            "caf\u00e9 \u4f60\u597d \ufffd here",
        ),
    ],
)
def test_bytes_that_are_not_utf8(file, content, encoding, text):
    table = read(file((b"a\t" + content + b"\nb\tplain text\n") * 2))
    assert (table.encoding, table.texts[0]) == (encoding, text)


@pytest.mark.parametrize("encoding, said", [("utf-8-sig", "UTF-8 with BOM"), ("utf-16", "UTF-16")])
def test_byte_order_marks(file, encoding, said):
    table = read(file(("label,text\n" + "a,\u00fcber all\nb,some text\n" * 3).encode(encoding)))
    assert (table.encoding, table.all_columns, table.texts[0]) == (said, ["label", "text"], "\u00fcber all")


@pytest.mark.more
def test_a_text_of_five_megabytes(file):
    long = "a" * 5_000_000
    table = read(file(f"ham\t{long}\nspam\twin now\n" + "ham\tshort text\nspam\twin more\n" * 5))
    assert len(table.texts) == 12 and table.texts[0] == long


def test_header_names(file):
    table = read(file("label,,text,text\n" + "a,1,some longer text,x\nb,2,other longer text,y\n" * 3))
    assert table.all_columns == ["label", "1", "text", "text.1"]
    assert table.columns == {"text": "text", "label": "label"}


def test_columns_by_name_and_number(file):
    path = file("who,what,said\n" + "ann,a,hello there\nbob,b,see you later\n" * 3)
    assert read(path, Options(text="said", label="what")).columns == {"text": "said", "label": "what"}
    assert read(path, Options(text="2", label="0")).columns == {"text": "said", "label": "who"}
    with pytest.raises(BadData, match="no column mood") as error:
        read(path, Options(label="mood"))
    assert "who, what, said" in error.value.do
    with pytest.raises(BadData, match="both text and label"):
        read(path, Options(text="said", label="2"))


def test_a_label_column_that_is_mostly_empty_or_says_one_thing_is_still_the_label(file):
    table = read(file("text,source,label\n" + "some text,a,ham\nother text,b,\nthird text,b,\n" * 4))
    assert table.columns["label"] == "label" and table.skipped == {"no label": 8}
    assert set(read(file("ham\thello you\nham\tsee you later\nham\tbye now\n")).labels) == {"ham"}


@pytest.mark.parametrize(
    "content, what",
    [
        (b"", "is empty"),
        (b" \n\n ", "is empty"),
        (b"PK\x03\x04" + bytes(100), "damaged"),
        (bytes(range(256)) * 20, "not text"),
        (b"\x1f\x8b\x08 broken", "damaged"),
        (b"just one line of words", "has no columns"),
        (b"text,label\n", "header and no rows"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"text": "a"}\n{"text": "b"}\n', "looks like a label"),
    ],
)
def test_files_that_hold_nothing_to_learn_from(file, content, what):
    with pytest.raises(BadData, match=what) as error:
        read(file(content))
    assert error.value.do and error.value.what.endswith(".")


def test_paths_that_lead_nowhere(tmp_path):
    for path, what in (
        (tmp_path / "gone.csv", "There is no file"),
        (tmp_path, "holds no file"),
    ):
        with pytest.raises(BadData, match=what):
            read(path)
    whole = gzip.compress(b"a\tsome text\nb\tother text\n" * 50)
    (tmp_path / "cut.gz").write_bytes(whole[:-10])
    with pytest.raises(BadData, match="cannot be decompressed"):
        read(tmp_path / "cut.gz")


def test_an_unreadable_file_is_said_to_be_so(file, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = file("a,b\n")
    monkeypatch.setattr(builtins, "open", refuse)  # permissions do not stop root, who may run the tests
    with pytest.raises(BadData, match="Permission denied"):
        read(path)


def test_progress_goes_from_the_beginning_to_the_end_and_may_cancel(file):
    heard = []
    path = file("ham\thello there\nspam\twin a prize\n" * 20000)
    read(path, progress=lambda *report: heard.append(report))
    total = path.stat().st_size
    assert heard[-1] == ("read", total, total, "bytes")
    for phase in ("columns", "read"):
        done = [done for name, done, _, _ in heard if name == phase]
        assert done == sorted(done) and len(done) > 3

    def enough(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(path, progress=enough)
