"""`workbench predict --file`: what is read, what is printed, and the table that is written."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cases import first
from core.data.read import read
from core.data.sources.source import Options
from core.evaluate import answers
from core.evaluate.predict import open_predictor
from core.export.card import card
from core.recipe import load
from core.runs import classifiers
from core.runs.folder import RunFolder
from core.runs.root import create_run
from core.train.control_source import ControlSource
from core.worker.counting import attempt
from workbench.cli import main
from workbench.screens.play.your_text import YourText

DEADLINE = 90
TEXTS = [
    "see you, at eight",
    "a second\nline, of the same prize",
    'he said "win"',
    "café – £5",
    "lone\rreturn",
    "plain",
]


@pytest.fixture(scope="session")
def counted(tmp_path_factory) -> Path:
    """The folder of a run that counts words, of texts in a column with a name of its own."""
    folder = tmp_path_factory.mktemp("predict")
    rows = [
        f"{'spam' if i % 3 == 0 else 'ham'},{'win a prize' if i % 3 == 0 else 'see you later'} {i}" for i in range(90)
    ]
    (folder / "data.csv").write_text("\n".join(["label,words", *rows]) + "\n")
    data = {"path": str(folder / "data.csv"), "text": "words", "label": "label"}
    run = create_run(folder / "runs", load({"data": data, "model": {"name": "tfidf"}}))
    list(attempt(run, lambda *_: None, ControlSource(lambda: False), False))
    return run.path


@pytest.fixture
def say(counted, capsys):
    """A function that runs `predict`: its exit code, and what it prints."""

    def said(*argv):
        code = main.main(["predict", str(counted), *map(str, argv)])
        return code, *capsys.readouterr()

    return said


def table(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in file]
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def write(path: Path, n: int, packed=False, encoding="utf-8") -> list[list[str]]:
    """Rows of number, text and a remark, as the ending of a file's name says."""
    rows = [[f"{i:03}", f"{TEXTS[i % len(TEXTS)]} {i}", f" of {i} "] for i in range(n)]
    if path.suffix == ".jsonl":
        data = "".join(json.dumps(dict(zip(["id", "words", "x"], row, strict=True))) + "\n" for row in rows)
    else:
        out = io.StringIO()
        csv.writer(out, delimiter="\t" if path.suffix == ".tsv" else ",").writerows([["id", "words", "x"], *rows])
        data = out.getvalue()
    path.write_bytes(gzip.compress(data.encode(encoding)) if packed else data.encode(encoding))
    return rows


@pytest.mark.parametrize("source", [".csv", ".tsv", ".jsonl"])
@pytest.mark.parametrize("out", first(1, [".csv", ".tsv", ".jsonl"]))
@pytest.mark.parametrize("n", first(1, [3, 10_000]))
def test_columns_and_order_are_kept(say, tmp_path, counted, source, out, n):
    rows, path = write(tmp_path / f"ask{source}", n), tmp_path / f"out{out}"
    code, printed, err = say("--file", tmp_path / f"ask{source}", "--out", path)
    assert (code, printed) == (0, "") and f"{n:,} rows in {path}." in err and "the text is column words" in err
    found = table(path)
    assert [[row["id"], row["words"], row["x"]] for row in found] == rows
    assert list(found[0]) == ["id", "words", "x", "label", "probability", "note"]
    expected = open_predictor(RunFolder(counted)).predict([row[1] for row in rows])
    assert [row["label"] for row in found] == [one.label for one in expected]
    assert [float(row["probability"]) for row in found] == pytest.approx(
        [one.probability for one in expected], abs=1e-6
    )


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_packed_and_in_other_encodings(say, tmp_path, encoding):
    rows = write(tmp_path / "ask.csv", 6, packed=True, encoding=encoding)
    assert say("--file", tmp_path / "ask.csv", "--out", tmp_path / "out.csv")[0] == 0
    assert [row["words"] for row in table(tmp_path / "out.csv")] == [row[1] for row in rows]


def test_what_was_written_is_read_again_as_the_same_texts(say, tmp_path):
    write(tmp_path / "ask.csv", 600)
    before = [row["words"] for row in table(tmp_path / "ask.csv")]
    for out in ("out.csv", "out.tsv", "out.jsonl"):
        assert say("--file", tmp_path / "ask.csv", "--out", tmp_path / out)[0] == 0
        again = read(tmp_path / out, Options(text="words", label="label"))
        assert again.texts == before and set(again.labels) == {"ham", "spam"}


def test_names_that_are_taken_and_a_column_for_each_label(say, tmp_path):
    (tmp_path / "ask.csv").write_text("label,words,p_ham\nham,win a prize,1\nspam,see you,2\n")
    assert say("--file", tmp_path / "ask.csv", "--out", tmp_path / "out.csv", "--probabilities")[0] == 0
    found = table(tmp_path / "out.csv")
    names = ["label", "words", "p_ham", "predicted_label", "probability", "predicted_p_ham", "p_spam", "note"]
    assert list(found[0]) == names and [row["p_ham"] for row in found] == ["1", "2"]
    assert [row["predicted_label"] for row in found] == ["spam", "ham"]
    assert all(float(row["predicted_p_ham"]) + float(row["p_spam"]) == pytest.approx(1) for row in found)


def test_a_row_without_a_text_has_no_answer_and_says_why(say, tmp_path):
    (tmp_path / "ask.csv").write_text("id,words\n1,win a prize\n2,\n3\n4,see you\n")
    code, out, _ = say("--file", tmp_path / "ask.csv")
    lines = out.splitlines()
    assert code == 0 and len(lines) == 4 and lines[1:3] == ["\t\t  (no text)", "\t\t  (too few columns)"]
    code, _, err = say("--file", tmp_path / "ask.csv", "--out", tmp_path / "out.jsonl")
    found = table(tmp_path / "out.jsonl")
    assert [row["label"] for row in found] == ["spam", None, None, "ham"] and [row["id"] for row in found] == [*"1234"]
    assert [row["note"] for row in found] == ["", "no text", "too few columns", ""]
    assert "1 row without an answer: no text." in err and "1 row without an answer: too few columns." in err
    said = json.loads(say("--file", tmp_path / "ask.csv", "--json")[1])
    assert [one["label"] for one in said] == ["spam", None, None, "ham"] and said[1]["problem"] == "no text"


def test_sentences_stay_lines_and_a_table_is_said_to_be_one(say, tmp_path):
    path = tmp_path / "ask.txt"
    path.write_text("win, a prize\nsee, you\n\nbye, me\n")
    code, out, err = say("--file", path)
    assert code == 0 and [line.split("\t")[2] for line in out.splitlines()] == [
        "win, a prize",
        "see, you",
        "",
        "bye, me",
    ]
    assert err == "ask.txt: a text a line, UTF-8. --text COLUMN or --lines reads it otherwise.\n"
    path.write_text("id,words\n1,win a prize\n2,see you\n")
    code, out, err = say("--file", path)
    assert out.count("\n") == 2 and "comma-separated, with header, UTF-8; the text is column words." in err
    assert say("--file", path, "--lines")[1].count("\n") == 3
    assert [line.split("\t")[2] for line in say("--file", path, "--text", "id")[1].splitlines()] == ["1", "2"]


def test_typed_texts_stand_before_those_of_the_file(say, tmp_path):
    (tmp_path / "ask.csv").write_text("id,words\n1,see you\n")
    assert [one["text"] for one in json.loads(say("typed", "--file", tmp_path / "ask.csv", "--json")[1])] == [
        "typed",
        "see you",
    ]
    assert say("typed", "--file", tmp_path / "ask.csv", "--out", tmp_path / "out.csv")[0] == 0
    assert [(row["id"], row["words"]) for row in table(tmp_path / "out.csv")] == [("", "typed"), ("1", "see you")]


VALUES = [
    {"words": "see you", "n": 3, "x": 1.5, "big": 2**70, "yes": True, "no": None, "empty": ""},
    {"words": "win a prize", "n": "3", "tags": ["a", 1, None], "label": {"id": 1, "deep": {"a": [{}]}}},
    {"words": "", "one": ["a"], "none": [], "object": {}, "text": "\u2028 é \u0085"},
]


@pytest.mark.parametrize("form", ["lines", "list", "within"])
def test_what_json_holds_comes_out_of_json_lines_as_it_was(say, tmp_path, form):
    path, out = tmp_path / "ask.json", tmp_path / "out.jsonl"
    lists = {"lines": "\n".join(map(json.dumps, VALUES)), "list": VALUES, "within": {"n": 1, "data": VALUES}}
    path.write_text(lists[form] if form == "lines" else json.dumps(lists[form]))
    assert say("--file", path, "--out", out)[0] == 0
    found = [json.loads(line) for line in out.read_text().split("\n")[:-1]]
    assert [
        {key: row[key] for key in row if key in values} for row, values in zip(found, VALUES, strict=True)
    ] == VALUES
    assert [row["predicted_label"] for row in found] == ["ham", "spam", None]  # a column of the file holds `label`
    assert say("--file", path, "--out", tmp_path / "out.csv")[0] == 0
    (first, second, _) = table(tmp_path / "out.csv")
    assert (first["n"], first["x"], first["yes"], first["no"]) == ("3", "1.5", "true", "")
    assert (second["tags"], second["label.id"]) == ('["a", 1, null]', "1")


def test_numbers_that_json_has_not_and_broken_lines(say, tmp_path):
    path, out = tmp_path / "ask.jsonl", tmp_path / "out.jsonl"
    lines = ['{"words": "see you NaN", "n": NaN, "x": [1e999, 2]}', '{"words": "half', '{"words": "\\ud83d"}']
    path.write_text("\n".join(lines * 2) + "\n")
    assert say("typed", "--file", path, "--out", out)[0] == 0

    def refuse(word):
        raise AssertionError(word)

    found = [json.loads(line, parse_constant=refuse) for line in out.read_text().splitlines()]
    assert found[0] == {
        "words": "typed",
        "label": found[0]["label"],
        "probability": found[0]["probability"],
        "note": "",
    }
    assert (found[1]["words"], found[1]["n"], found[1]["x"]) == ("see you NaN", None, [None, 2])
    assert found[2] == {"label": None, "probability": None, "note": "not a JSON object"}
    assert found[3]["words"] == "\ufffd"


def test_rows_that_are_lists_and_tables_in_an_archive_keep_their_values(say, tmp_path):
    out = tmp_path / "out.jsonl"
    rows = [["words", "n", "on"], ["see you", 1, True], ["win a prize", 2.5, None], ["bye", [3], {"a": 1}]]
    (tmp_path / "ask.json").write_text(json.dumps(rows))
    assert say("--file", tmp_path / "ask.json", "--out", out)[0] == 0
    assert [[row["words"], row["n"], row["on"]] for row in table(out)] == rows[1:]
    with zipfile.ZipFile(tmp_path / "ask.zip", "w") as archive:
        for part in ("train", "test"):
            archive.writestr(f"{part}.jsonl", "\n".join(json.dumps({"words": f"see {part}", "n": i}) for i in range(9)))
    assert say("--file", tmp_path / "ask.zip", "--out", out, "--force")[0] == 0
    assert {(row["n"], row["split"]) for row in table(out)} == {
        (i, part) for i in range(9) for part in ("train", "test")
    }


def test_numbers_of_parquet_and_excel_stay_numbers(say, tmp_path):
    openpyxl, parquet = pytest.importorskip("openpyxl"), pytest.importorskip("pyarrow.parquet")
    import pyarrow

    day = datetime(2024, 5, 6)
    values = {"words": "see you", "n": 3, "x": 2.5, "on": True, "day": day, "none": None}
    book, out = openpyxl.Workbook(), tmp_path / "out.jsonl"
    book.active.append(["A list of sentences"])
    book.active.append([*values])
    for i in range(5):
        book.active.append([*{**values, "n": i}.values()])
    book.save(tmp_path / "ask.csv")  # its name does not decide
    assert say("--file", tmp_path / "ask.csv", "--out", out)[0] == 0
    row = table(out)[3]
    assert (row["n"], row["x"], row["on"], row["day"]) == (3, 2.5, True, "2024-05-06")
    more = {"list": [1, 2], "object": {"a": 1, "b": float("nan")}, "price": Decimal("1.5"), "raw": b"caf\xc3\xa9"}
    parquet.write_table(pyarrow.Table.from_pylist([values | more] * 3), tmp_path / "ask.parquet")
    assert say("--file", tmp_path / "ask.parquet", "--out", out, "--force")[0] == 0
    row = table(out)[0]
    assert {key: row[key] for key in values} == values | {"day": "2024-05-06 00:00:00"}
    assert (row["list"], row["object"], row["price"], row["raw"]) == ([1, 2], {"a": 1, "b": None}, 1.5, "café")


@pytest.mark.parametrize("argv", first(1, [["--json"], []]))
def test_answers_are_kept_in_a_file_while_a_terminal_shows_how_far_it_is(counted, tmp_path, argv):
    (tmp_path / "ask.csv").write_text("id,words\n1,win a prize\n2,see you\n")
    near, far = os.openpty()
    with open(tmp_path / "found", "wb") as found:
        command = [sys.executable, "-m", "workbench", "predict", str(counted), "--file", str(tmp_path / "ask.csv")]
        process = subprocess.Popen([*command, *argv], stdout=found, stderr=far, env=os.environ | {"TERM": "xterm"})
    os.close(far)
    shown = b""
    with suppress(OSError):  # Linux' way to say that the other end is closed
        while some := os.read(near, 1 << 16):
            shown += some
    os.close(near)
    assert process.wait() == 0 and b"predict" in shown and b"win a prize" not in shown
    words = (tmp_path / "found").read_text()
    assert "win a prize" in words and "see you" in words
    assert not argv or [row["text"] for row in json.loads(words)] == ["win a prize", "see you"]


def test_answers_in_json_are_printed_as_they_come(say, tmp_path, capsys, monkeypatch):
    write(tmp_path / "ask.csv", 25)
    monkeypatch.setattr(answers, "ROWS", 10)
    printed, whole = [], answers.answers

    def watched(predictor, rows):
        for chunk in whole(predictor, rows):
            printed.append(capsys.readouterr().out)
            yield chunk

    with monkeypatch.context() as patched:
        patched.setattr(answers, "answers", watched)
        code, rest, _ = say("--file", tmp_path / "ask.csv", "--json")
    assert code == 0 and printed[0] == "" and printed[1].count('"label"') == printed[2].count('"label"') == 10
    document = json.loads("".join(printed) + rest)
    assert len(document) == 25 and [*document[0]] == ["text", "label", "probabilities", "cut"]
    assert "".join(printed) + rest == json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "argv, words",
    [
        (["--file", "ask.csv", "--out", "ask.csv", "--force"], "is the file that is read"),
        (
            ["--file", "ask.csv", "--out", "there.csv"],
            "is there already. Name another one, or replace it with --force.",
        ),
        (["--file", "ask.csv", "--out", "device.csv", "--force"], "/dev/null is a device, not a file"),
        (["--file", "device.csv"], "/dev/null is a device, not a file"),
        (
            ["--file", "ask.csv", "--out", "out.xls"],
            "End its name in .csv, .tsv, .jsonl or .parquet, or in / for a folder of parts.",
        ),
        (["--file", "ask.csv", "--out", "none/out.csv"], "There is no folder"),
        (["--file", "ask.csv", "--text", "body"], "has no column body. Its columns are id, words."),
        (["--file", "none.csv"], "There is no file"),
        (["--file", "empty.csv"], "empty.csv is empty"),
        (["--file", "header.csv"], "holds a header and no rows"),
        (["--file", "ask.csv", "--probabilities"], "goes with --out"),
        (["--file", "ask.csv", "--lines", "--text", "words"], "Leave one out"),
        (["--file", "ask.csv", "--data.quoting", "odd"], "csv, backslash, single"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(say, tmp_path, monkeypatch, argv, words):
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "ask.csv": "id,words\n1,see you\n",
        "there.csv": "x",
        "empty.csv": "",
        "header.csv": "id,words\n",
    }.items():
        Path(name).write_text(content)
    Path("device.csv").symlink_to("/dev/null")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    code, out, err = say(*argv)
    assert code in (main.FAILED, main.USAGE) and out == "" and words in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_file_is_replaced_with_force_and_stays_where_writing_breaks_off(say, tmp_path, monkeypatch):
    write(tmp_path / "ask.csv", 30)
    out = tmp_path / "out.csv"
    out.write_text("before")
    monkeypatch.setattr(answers, "ROWS", 10)
    whole = answers.answers

    def broken(predictor, rows):
        found = whole(predictor, rows)
        yield next(found)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(answers, "answers", broken)
        assert say("--file", tmp_path / "ask.csv", "--out", out, "--force")[0] == main.INTERRUPTED
    assert out.read_text() == "before" and {path.name for path in tmp_path.glob("*.csv")} == {"ask.csv", "out.csv"}
    assert not [*tmp_path.glob(".*.tmp")]
    assert say("--file", tmp_path / "ask.csv", "--out", out, "--force", "--json")[0] == 0 and len(table(out)) == 30


@pytest.mark.parametrize(
    "data", ["win £5\nsee, you\n\nbye".encode("cp1252"), "win £5\r\nsee, you\r\n\r\nbye\r\n".encode("utf-16")]
)
@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_lines_in_any_encoding(counted, data, packed):
    done = ask(counted, gzip.compress(data) if packed else data)
    assert done.returncode == 0 and done.stderr == b""
    assert [line.split("\t")[2] for line in done.stdout.decode().splitlines()] == ["win £5", "see, you", "", "bye"]


def test_standard_input_is_a_table_where_that_is_said(counted):
    data = b'id,words\n1,"win a prize,\nnow"\n2,see you\n'
    for argv in (["--file", "-"], ["-"], ["--text", "words"]):
        done = ask(counted, data, *argv)
        assert done.returncode == 0 and done.stdout.count(b"\n") == 2 and b"\x1b" not in done.stderr
    assert b"standard input: comma-separated" in ask(counted, data, "--file", "-").stderr
    done = ask(counted, b"")
    assert done.returncode == 1 and b"standard input is empty" in done.stderr and b"Traceback" not in done.stderr


def ask(run, data, *argv):
    command = [sys.executable, "-m", "workbench", "predict", str(run), *argv]
    return subprocess.run(command, input=data, capture_output=True, timeout=DEADLINE)


def test_files_that_people_have(say):
    folder = Path(__file__).parents[3] / "../shared/cases/12_predict_file_encodings"
    if not folder.is_dir():
        pytest.skip("the cases are not here")
    lines = ["Win £1000 cash – call now", "See you at the café at eight", "It’s €5 only"]
    for name in ("ask.txt.gz", "ask_cp1252.txt", "ask_utf16.txt"):
        assert [one["text"] for one in json.loads(say("--file", folder / name, "--json")[1])] == lines
    found = json.loads(say("--file", folder / "ask.csv", "--json")[1])
    assert [one["text"] for one in found] == [f"{line}\nsecond line, same text" for line in lines]


@pytest.mark.more
def test_a_text_made_of_columns_is_described_wherever_the_run_is_used(tmp_path, capsys):
    said = "Title: {title}\n\nBody: {body:.200} " + "and so on " * 10
    path = tmp_path / "news.csv"
    rows = (f"{'ab'[i % 2]},{'free prize' if i % 2 else 'see you'} {i},words {i}" for i in range(60))
    path.write_text("\n".join(["class,title,body", *rows]) + "\n")
    recipe = load({"data": {"path": str(path), "text": said}, "model": {"name": "tfidf"}})
    run = create_run(tmp_path / "runs", recipe)
    list(attempt(run, lambda *_: None, ControlSource(lambda: False), False))
    assert main.main(["predict", str(run.path), "--file", str(path)]) == 0
    out, errors = capsys.readouterr()
    assert "the text is Title: {title} Body: {body:.200}" in errors.splitlines()[0]
    assert "Title: see you 0" in out and len(out.splitlines()) == 60
    assert "in this form: `Title: {title}" in card(run, open_predictor(run), "onnx")
    field = YourText()
    field.expect(classifiers.made_of(run))
    assert "of this form: Title: {title}" in field.placeholder and "\n" not in field.placeholder
    (run.path / "recipe.toml").write_text("damaged")
    assert classifiers.made_of(run) == ""
    assert main.main(["data", str(path), "--text", said]) == 0
    assert "{body:.200} a" in capsys.readouterr().out.splitlines()[2]


def test_how_rows_are_split_is_no_question_to_a_file_of_texts(say, tmp_path, capsys):
    for option in ("--group", "--time", "--split", "--swap"):
        with pytest.raises(SystemExit, match="2"):
            say("--file", tmp_path / "any.csv", option, "x")
        errors = capsys.readouterr().err
        assert "is no option of workbench predict" in errors


def test_a_file_that_has_the_labels_says_what_the_answers_are_worth(say, tmp_path):
    """Beside the answers, which stay as they are; with and without texts that the run learned from."""
    rows = [
        f"{'spam' if i % 3 == 0 else 'ham'},{'win a prize' if i % 3 == 0 else 'see you later'} {i}" for i in range(90)
    ]
    path = tmp_path / "labelled.csv"
    path.write_text("\n".join(["label,message", *rows, "ham,win a prize now", "eggs,other"]) + "\n")
    code, out, err = say("--file", path)
    assert code == 0 and len(out.splitlines()) == 92
    assert "has labels in 1 row that" in err and "has not learned: eggs." in err
    assert "of 91 rows are right" in err and "also stand word for word in what it learned from" in err
    assert "By the labels" in say("--file", path, "--out", tmp_path / "o.csv")[2]
    assert "By the labels" not in say("--file", path, "--lines")[2]
    renamed = tmp_path / "renamed.csv"
    renamed.write_text(path.read_text().replace("label,", "truth,", 1))
    assert "By the labels" not in say("--file", renamed)[2]
    assert "By the labels in column truth, " in say("--file", renamed, "--label", "truth")[2]
    code, _, err = say("--file", renamed, "--label", "label")
    assert code == main.USAGE and "names label, which is no column beside the text." in err
    assert "By the labels in column truth, " in say("--file", renamed, "--label", "truth", "--out", f"{tmp_path}/p/")[2]
