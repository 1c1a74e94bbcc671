"""`workbench predict --out FOLDER/`: parts that are whole, are gone on with after a kill, and make one."""

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cases import first
from core import files
from core.evaluate import answers, parts
from core.evaluate.predict import open_predictor
from core.recipe import load
from core.runs.folder import RunFolder
from core.runs.predictions import PLACES
from core.runs.root import create_run
from core.train.control_source import ControlSource
from core.worker.counting import attempt
from workbench.cli import main

ROWS, CHUNKS = 7, 3  # in a chunk and in a part: few rows make many parts
SMALL = f"from core.evaluate import answers, parts; answers.ROWS, parts.CHUNKS = {ROWS}, {CHUNKS}"
START = f"{SMALL}; import sys; from workbench.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> Path:
    """The folder of a run that counts words, of texts in a column with a name of its own."""
    return count_words(tmp_path_factory.mktemp("parts"), 90)


def count_words(folder: Path, n: int) -> Path:
    folder.mkdir(exist_ok=True)
    rows = [f"{'spam,win a prize' if i % 3 == 0 else 'ham,see you later'} {i}" for i in range(n)]
    (folder / "data.csv").write_text("\n".join(["label,words", *rows]) + "\n")
    data = {"path": str(folder / "data.csv"), "text": "words", "label": "label"}
    run = create_run(folder / "runs", load({"data": data, "model": {"name": "tfidf"}}))
    list(attempt(run, lambda *_: None, ControlSource(lambda: False), False))
    return run.path


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(answers, "ROWS", ROWS)
    monkeypatch.setattr(parts, "CHUNKS", CHUNKS)


@pytest.fixture
def say(capsys):
    def said(run, *argv):
        code = main.main(["predict", str(run), *map(str, argv)])
        return code, *capsys.readouterr()

    return said


def texts(n: int, seed: int = 0) -> list[str]:
    """Of differing lengths, some of two lines or none."""
    pick = random.Random(seed)
    some = ["win", "a", "prize,", "see", "you", "later", '"soon"', "two\nlines", "£5"]
    return ["" if i % 31 == 30 else " ".join(pick.choices(some, k=pick.randint(1, 30))) for i in range(n)]


def write(path: Path, n: int) -> Path:
    """Rows of a number, a text, and nothing or a remark, in the format that a file's name says."""
    rows = [{"id": i, "words": text, "x": None if i % 4 else f"of {i}"} for i, text in enumerate(texts(n))]
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        types = pa.schema([("id", pa.int16()), ("words", pa.large_string()), ("x", pa.string())])
        pq.write_table(pa.Table.from_pylist(rows, schema=types), path, row_group_size=50)
    else:
        with open(path, "w", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writerows([list(rows[0]), *(row.values() for row in rows)])
    return path


def joined(folder: Path, ending: str):
    """What all parts hold together, as `--out FILE` would have written it; of Parquet the table."""
    found = sorted(folder.glob(f"part-*{ending}"))
    if ending == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        return pa.concat_tables([pq.read_table(path) for path in found])
    heads = 0 if ending == ".jsonl" else 1
    lines = [path.read_bytes().splitlines(keepends=True) for path in found]
    return b"".join(b"".join(part[heads * (i > 0) :]) for i, part in enumerate(lines))


def whole(path: Path):
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return pq.read_table(path)
    return path.read_bytes()


@pytest.fixture(params=["counts", "network"])
def run(request, counted, trained):
    """The folder of a run of either kind."""
    return counted if request.param == "counts" else trained.path


@pytest.mark.parametrize("ending", first(2, [".csv", ".parquet", ".tsv", ".jsonl"]))
def test_parts_joined_are_what_one_file_holds(say, run, tmp_path, ending):
    source = write(tmp_path / f"in{ending}", 100)
    asked = ["--file", source, "--text", "words", "--probabilities"]
    assert say(run, *asked, "--out", tmp_path / f"one{ending}")[0] == 0
    code, out, err = say(run, *asked, "--out", f"{tmp_path}/out/")
    assert code == 0 and out == "", err
    folder = tmp_path / "out"
    names = [path.name for path in sorted(folder.iterdir())]
    assert names == ["_manifest.json", *(f"part-0000{i}{ending}" for i in range(5))]  # 21 rows each
    assert joined(folder, ending) == whole(tmp_path / f"one{ending}")
    assert "All 100 rows in 5 parts" in err and "Join them with: " in err and "texts/s" in err
    assert json.loads((folder / "_manifest.json").read_text())["whole"] == {"rows": 100, "parts": 5}
    if ending == ".parquet":
        assert [str(kind) for kind in joined(folder, ending).schema.types[:3]] == ["int16", "large_string", "string"]
        assert joined(folder, ending).select(["id", "words", "x"]) == whole(source)
    else:
        command = err.split("Join them with: ")[1].strip().replace("> answers", f"> {tmp_path}/joined")
        subprocess.run(["sh", "-c", command], check=True)
        assert (tmp_path / f"joined{ending}").read_bytes() == whole(tmp_path / f"one{ending}")


@pytest.mark.more
def test_shards_make_together_what_one_makes(say, run, tmp_path):
    source = write(tmp_path / "in.csv", 150)
    assert say(run, "--file", source, "--out", tmp_path / "one.csv")[0] == 0
    for i in (2, 3, 1):
        code, _, err = say(run, "--file", source, "--out", f"{tmp_path}/s{i}/", "--shard", f"{i}/3")
        assert code == 0 and "other shards" in err
    (tmp_path / "all").mkdir()
    for path in tmp_path.glob("s?/part-*"):
        os.rename(path, tmp_path / "all" / path.name)
    assert joined(tmp_path / "all", ".csv") == whole(tmp_path / "one.csv")
    # one folder that several machines share
    for i in (1, 2, 3):
        code, _, err = say(run, "--file", source, "--out", f"{tmp_path}/shared/", "--shard", f"{i}/3")
        assert code == 0 and ("All 150 rows" in err) == (i == 3)
    assert joined(tmp_path / "shared", ".csv") == whole(tmp_path / "one.csv")


def test_figures_are_those_of_the_one_function(say, run, tmp_path):
    source = write(tmp_path / "in.jsonl", 50)
    asked = ["--file", source, "--text", "words", "--probabilities", "--out", f"{tmp_path}/out/"]
    assert say(run, *asked)[0] == 0
    found = [json.loads(line) for line in joined(tmp_path / "out", ".jsonl").splitlines()]
    assert [(row["id"], row["words"]) for row in found] == list(enumerate(texts(50)))
    predictor = open_predictor(RunFolder(run))
    for start in range(0, 50, ROWS):  # asked for as many at once, to the last bit of what is written
        some = [row for row in found[start : start + ROWS] if row["words"]]
        for row, said in zip(some, predictor.predict([row["words"] for row in some]), strict=True):
            assert row["label"] == said.label
            assert row["probability"] == round(said.probability, PLACES)
            assert {name: row[f"p_{name}"] for name in predictor.names} == {
                name: round(p, PLACES) for name, p in said.probabilities.items()
            }


def start(run: Path, source: Path, folder: Path, *more: str) -> subprocess.Popen:
    argv = ["predict", str(run), "--file", str(source), "--out", f"{folder}/", *more]
    return subprocess.Popen([sys.executable, "-c", START, *argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.more
@pytest.mark.timeout(300)
def test_a_killed_one_is_gone_on_with_and_loses_and_doubles_nothing(say, counted, tmp_path, wait):
    source, folder = write(tmp_path / "in.csv", 6000), tmp_path / "out"
    assert say(counted, "--file", source, "--out", tmp_path / "one.csv")[0] == 0
    # what stays once it is there, so that no moment is missed; the next part is being written then
    moments = [folder.exists, *((folder / f"part-{n:05}.csv").exists for n in (3, 40, 120))]
    kills = 0
    for moment in moments:
        process = start(counted, source, folder)
        wait(moment, process)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        before = {path.name: path.stat().st_mtime_ns for path in folder.glob("part-*")}
        for path in before:  # each is whole: a header, and as many rows as belong into it
            with open(folder / path, newline="") as file:
                assert len(list(csv.reader(file))) == 1 + ROWS * CHUNKS
    assert kills == len(moments)
    code, _, err = say(counted, "--file", source, "--out", f"{folder}/")
    assert code == 0 and "All 6,000 rows in 286 parts" in err
    assert joined(folder, ".csv") == whole(tmp_path / "one.csv")
    assert all((folder / name).stat().st_mtime_ns == time for name, time in before.items()) and before
    assert {path.name for path in folder.iterdir() if path.name.startswith(".")} == set()
    code, _, err = say(counted, "--file", source, "--out", f"{folder}/")  # there is nothing left to do
    assert code == 0 and "All 6,000 rows" in err and "texts/s" not in err


@pytest.mark.more
def test_shards_that_begin_at_the_same_time_share_a_folder(say, counted, tmp_path):
    source, folder = write(tmp_path / "in.csv", 600), tmp_path / "out"
    assert say(counted, "--file", source, "--out", tmp_path / "one.csv")[0] == 0
    both = [start(counted, source, folder, "--shard", shard) for shard in ("1/2", "2/2")]
    assert [process.wait() for process in both] == [0, 0]
    assert joined(folder, ".csv") == whole(tmp_path / "one.csv")
    code, _, err = say(counted, "--file", source, "--out", f"{folder}/")
    assert code == 0 and "All 600 rows in 29 parts" in err and "texts/s" not in err
    assert not [*folder.glob(".*")]


@pytest.mark.more
def test_of_two_that_begin_with_other_files_one_is_refused(counted, tmp_path):
    sources, folder = [write(tmp_path / "a.csv", 300), write(tmp_path / "b.csv", 400)], tmp_path / "out"
    both = [start(counted, source, folder) for source in sources]
    assert sorted(process.wait() for process in both) == [0, 1]
    n = {"a.csv": 300, "b.csv": 400}[json.loads((folder / "_manifest.json").read_text())["asked"]["file"]]
    assert len(list(csv.reader(joined(folder, ".csv").decode().splitlines(keepends=True)))) == 1 + n


def test_something_else_is_refused_in_a_sentence(say, counted, trained, tmp_path):
    source, folder = write(tmp_path / "in.csv", 50), f"{tmp_path}/out/"
    assert say(counted, "--file", source, "--out", folder)[0] == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    other = write(tmp_path / "other.csv", 40)

    def refused(run, *argv) -> str:
        code, out, err = say(run, "--out", folder, *argv)
        assert code == 1 and out == "" and "Traceback" not in err
        return err

    assert "answers of" in refused(trained.path, "--file", source)
    other_run = count_words(tmp_path / "again", 60)
    assert other_run.name == counted.name and "had other weights then" in refused(other_run, "--file", source)
    assert "answers for in.csv, and now it is other.csv" in refused(counted, "--file", other)
    assert "--probabilities was not given then" in refused(counted, "--file", source, "--probabilities")
    assert "read with another data.text" in refused(counted, "--file", source, "--text", "words")
    source.write_text(source.read_text().replace("win", "won"))
    assert "in.csv has changed since then" in refused(counted, "--file", source)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    (tmp_path / "out" / "_manifest.json").write_text("{")
    assert "damaged" in refused(counted, "--file", source)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("keep me")
    code, _, err = say(counted, "--file", source, "--out", tmp_path / "mine")
    assert code == 1 and "is not empty" in err and os.listdir(tmp_path / "mine") == ["note.txt"]
    code, _, err = say(counted, "--file", source, "--out", f"{tmp_path}/no/such/")
    assert code == 1 and "There is no folder" in err


@pytest.mark.parametrize("ending", first(2, [".csv", ".parquet", ".tsv", ".jsonl"]))
def test_what_answers_are_worth_is_said_of_all_parts_that_are_there(say, counted, tmp_path, ending):
    source = tmp_path / f"in{ending}"
    rows = [{"label": ("ham", "spam", "eggs", "")[i % 4], "words": text} for i, text in enumerate(texts(100))]
    if ending == ".parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.Table.from_pylist(rows), source)
    elif ending == ".jsonl":
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with open(source, "w", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if ending == ".tsv" else ",")
            writer.writerows([["label", "words"], *(row.values() for row in rows)])

    def worth(*argv) -> list[str]:
        code, _, err = say(counted, "--file", source, *argv)
        assert code == 0, err
        return [line for line in err.splitlines() if line.startswith(("Column label", "By the labels", "None of them"))]

    one, folder = worth("--out", tmp_path / f"one{ending}"), tmp_path / "out"
    assert len(one) == 3 and "eggs" in one[0] and " rows are right" in one[1]
    assert worth("--out", f"{folder}/") == one
    assert worth("--out", f"{folder}/") == one  # all of them read, and none made
    for number in (0, 3):
        (folder / f"part-0000{number}{ending}").unlink()
    assert worth("--out", f"{folder}/") == one
    shard = worth("--out", f"{tmp_path}/shard/", "--shard", "2/2")
    assert shard[0].startswith(f"Column label of 2 of 5 parts of in{ending} has")
    assert shard[1].startswith("By the labels in column label, in 2 of 5 parts, ") and " of 21 rows are" in shard[1]
    assert worth("--out", f"{tmp_path}/shard/", "--shard", "1/2") == one


def test_a_part_that_is_not_what_was_written_is_not_compared(say, counted, tmp_path):
    source, folder = tmp_path / "in.csv", tmp_path / "out"
    source.write_text("label,words\n" + "ham,see you\n" * 50)
    asked = ["--file", source, "--out", f"{folder}/"]
    assert say(counted, *asked)[0] == 0
    part = folder / "part-00001.csv"
    whole = part.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole.replace(b"predicted_label", b"another"), b"\xff" + whole, b""):
        part.write_bytes(damaged)
        code, _, err = say(counted, *asked)
        assert code == 1 and "part-00001.csv is not what was written: " in err and "Remove it" in err
    part.unlink()
    assert say(counted, *asked)[0] == 0 and part.read_bytes() == whole


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--file", "in.csv", "--out", "a.csv", "--shard", "1/2"], "--shard: goes with --out FOLDER/"),
        (["--file", "in.csv", "--fast"], "--fast: goes with --out FOLDER/"),
        (["--file", "in.csv", "--out", "a/", "--shard", "3/2"], "3/2 is not I/N"),
        (["--file", "in.csv", "--out", "a/", "--shard", "0/2"], "0/2 is not I/N"),
        (["--file", "in.csv", "--out", "a/", "--force"], "replaces a file"),
        (["--file", "in.csv", "--out", "a/", "--fast"], "a model that counts is fast"),
        (["--out", "a/"], "one file, which can be read again"),
        (["--file", "-", "--out", "a/"], "one file, which can be read again"),
        (["a text", "--file", "in.csv", "--out", "a/"], "one file, which can be read again"),
    ],
)
def test_what_does_not_go_together(say, counted, tmp_path, monkeypatch, argv, words):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in.csv", 50)
    code, out, err = say(counted, *argv)
    assert code in (main.USAGE, main.FAILED) and out == "" and words in err
    assert os.listdir(tmp_path) == ["in.csv"]


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_columns_that_change_in_the_middle_end_in_a_sentence(say, counted, tmp_path, ending):
    source = tmp_path / f"in{ending}"
    if ending == ".csv":
        one, other = [f'{i},"see, you",x' for i in range(300)], [f"win a prize {i}" for i in range(60)]
        source.write_text("\n".join(["id,words,x", *one, *other]) + "\n")
    else:
        rows = [{"id": i, "words": "see you"} for i in range(300)] + [{"id": i, "body": "win"} for i in range(60)]
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, _, err = say(counted, "--file", source, "--out", f"{tmp_path}/out/", "--text", "words")
    assert code == 1 and f"The columns of in{ending} change near row 302: " in err, err
    assert "14 whole parts of answers are kept" in err and "Cut the file in two" in err
    assert len([*(tmp_path / "out").glob("part-*")]) == 14 and not [*(tmp_path / "out").glob(".*")]


def test_a_file_that_changes_while_it_is_read_is_refused(say, counted, tmp_path, monkeypatch):
    source, answered = write(tmp_path / "in.csv", 100), answers.answered

    def touched(predictor, chunk):
        if int(chunk[0].cells[0]) == 49:
            os.utime(source, (1, 1))
        return answered(predictor, chunk)

    monkeypatch.setattr(answers, "answered", touched)
    code, _, err = say(counted, "--file", source, "--out", f"{tmp_path}/out/")
    assert code == 1 and "was changed while it was read" in err and len([*(tmp_path / "out").glob("part-*")]) == 2


def test_two_at_once_do_not_do_the_same(say, counted, tmp_path):
    source, folder = write(tmp_path / "in.csv", 100), tmp_path / "out"
    asked = ["--file", source, "--out", f"{folder}/"]
    assert say(counted, *asked, "--shard", "1/2")[0] == 0
    with files.alone(folder / ".2-of-2.lock", lambda: None):
        for shard in ("2/2", "1/1", "1/3"):  # the last two would write some of the same parts
            code, _, err = say(counted, *asked, "--shard", shard)
            assert code == 1 and "Another process writes parts of shard 2/2" in err
        assert say(counted, *asked, "--shard", "1/2")[0] == 0
    (folder / ".2-of-2.lock").write_text("")  # of one that was killed
    code, _, err = say(counted, *asked)
    assert code == 0 and "All 100 rows" in err and not [*folder.glob(".*")]


@pytest.mark.parametrize("ending", first(1, [".csv", ".jsonl", ".parquet"]))
def test_a_full_disk_is_called_so_and_with_room_it_goes_on(say, counted, tmp_path, small_disk, ending):
    source, folder = write(tmp_path / f"in{ending}", 600), small_disk / "out"
    asked = ["--file", source, "--text", "words", "--out"]
    assert say(counted, *asked, f"{tmp_path}/whole/")[0] == 0
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - 90_000))
    code, out, err = say(counted, *asked, f"{folder}/")
    assert code == 1 and out == "" and "the disk is full" in err and "Traceback" not in err, err
    assert 0 < len([*folder.glob("part-*")]) < 29 and not [*folder.glob(".*")]
    (small_disk / "filler").unlink()
    assert say(counted, *asked, f"{folder}/")[0] == 0
    assert joined(folder, ending) == joined(tmp_path / "whole", ending)


def test_parquet_keeps_the_types_of_objects_and_says_what_is_not_read(say, counted, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [{"words": "win a prize", "of": {"n": 1, "tags": ["x"]}, "kind": "a", "emb": [0.5]}, {"words": "see you"}]
    types = pa.schema(
        [
            ("words", pa.string()),
            ("of", pa.struct([("n", pa.int8()), ("tags", pa.list_(pa.string()))])),
            ("kind", pa.dictionary(pa.int32(), pa.string())),
            ("emb", pa.list_(pa.float32())),
        ]
    )
    table = pa.Table.from_pylist(rows, schema=types)
    pq.write_table(table, tmp_path / "in.parquet")
    code, _, err = say(counted, "--file", tmp_path / "in.parquet", "--out", f"{tmp_path}/out/")
    assert code == 0 and "Not read, because it is no text: emb." in err
    kept = ["words", "of", "kind"]
    assert joined(tmp_path / "out", ".parquet").select(kept).equals(table.select(kept))


@pytest.mark.more
@pytest.mark.parametrize("precision", first(1, ["bf16", "fp32"]))
def test_fast_says_what_differs_and_a_second_start_keeps_to_it(say, trained, tmp_path, monkeypatch, precision):
    from core.evaluate import fast

    monkeypatch.setattr(fast, "precision", lambda device: precision)
    source, folder = write(tmp_path / "in.csv", 60), tmp_path / "out"
    asked = ["--file", source, "--out", f"{folder}/", "--probabilities", "--fast"]
    code, _, err = say(trained.path, *asked)
    assert code == 0 and ("answers in bf16. Of a sample of" in err) == (precision == "bf16")
    found, exact = json.loads((folder / "_manifest.json").read_text()), tmp_path / "exact.csv"
    assert found["precision"] == precision and (found["sample"] is None) == (precision == "fp32")
    assert say(trained.path, "--file", source, "--out", exact, "--probabilities")[0] == 0
    assert (joined(folder, ".csv") == whole(exact)) == (precision == "fp32")
    before = joined(folder, ".csv")
    (folder / "part-00001.csv").unlink()
    monkeypatch.setattr(fast, "precision", lambda device: "fp32")
    assert say(trained.path, *asked)[0] == 0
    assert joined(folder, ".csv") == before
    if precision == "bf16":
        with open(exact, newline="") as file:
            rows = list(csv.DictReader(file))
        found_rows = list(csv.DictReader(before.decode().splitlines(keepends=True)))
        worst = max(
            abs(float(a["p_ham"]) - float(b["p_ham"])) for a, b in zip(rows, found_rows, strict=True) if a["p_ham"]
        )
        assert worst <= found["sample"]["most"] + 2e-6


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_rows_killed_twice(say, counted, tmp_path, wait, monkeypatch):
    monkeypatch.setattr(answers, "ROWS", 2000)
    monkeypatch.setattr(parts, "CHUNKS", 5)
    start_whole = START.replace(SMALL, "from core.evaluate import parts; parts.CHUNKS = 5")
    source, folder = write(tmp_path / "in.csv", 100_000), tmp_path / "out"
    assert say(counted, "--file", source, "--out", tmp_path / "one.csv")[0] == 0
    argv = ["predict", str(counted), "--file", str(source), "--out", f"{folder}/"]
    for there in ("part-00002.csv", "part-00006.csv"):
        process = subprocess.Popen([sys.executable, "-c", start_whole, *argv], stderr=subprocess.DEVNULL)
        wait((folder / there).exists, process)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    code, _, err = say(counted, "--file", source, "--out", f"{folder}/")
    assert code == 0 and "All 100,000 rows in 10 parts" in err
    assert joined(folder, ".csv") == whole(tmp_path / "one.csv")
