"""Run folders of which a file is damaged in any way: the other runs are listed, and this one with its reason."""

import copy
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import each
from core import toml
from core.errors import WorkbenchError
from core.recipe import load
from core.runs import classifiers, last_visit, log_reader, queue, turns
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.listing import Listing
from core.runs.root import create_run
from workbench.app import WorkbenchApp
from workbench.charts import curves
from workbench.cli import main
from workbench.screens.play.run_dialog import choices
from workbench.screens.runs.run_table import RunTable, in_columns

DEEP, LONG = 100_000, b"9" * 5000
WHOLE = {
    "empty": b"",
    "a number": b"5",
    "a list": b"[]",
    "a string": b'"a"',
    "null": b"null",
    "an object": b"{}",
    "blank": b"\n" * 5000,
    "zeros": bytes(5000),
    "not UTF-8": b"\xff\xfe{",
    "nested lists": b"[" * DEEP,
    "nested objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a long number": LONG,
    "an object with a long number": b'{"step":' + LONG + b"}\n",
    "TOML with a long number": b"seed = " + LONG,
    "TOML of nested lists": b"a = " + b"[" * DEEP,
    "TOML of nested tables": b"a = " + b"{a = " * DEEP,
    "TOML with a key of many parts": b"a" + b".a" * 5000 + b" = 1",
    "TOML with many keys": b"\n".join(b"k%d = 1" % i for i in range(5000)),
}
KINDS = (*WHOLE, "missing", "a link to itself", "a link to nothing", "a pipe", "a folder")
LISTED = ("recipe.toml", "events.jsonl", "result.json")  # without which a run is not what it was
OTHERS = (
    "label.json", "group.json", "base.json", "baselines.json", "split.csv", "data.jsonl.gz", "tokens.tiktoken.xz",
    "lock", "heartbeat", "queued", "control.jsonl", "worker.log", "config.json", "checkpoints/last", "checkpoints",
)  # fmt: skip
FILES = tuple(name for name in LISTED + OTHERS if name != "queued")  # what waits is started by `workbench queue`
DEADLINE = 240  # seconds


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A run that is done, as a worker has left it."""
    folder = tmp_path_factory.mktemp("finished")
    lines = [f"{'spam' if i % 3 else 'ham'}\t{'win a prize' if i % 3 else 'see you soon'} {i}" for i in range(60)]
    (folder / "messages.tsv").write_text("\n".join(lines))
    recipe = {
        "data": {"path": str(folder / "messages.tsv"), "probe": "off"},
        "model": {"weights": "random"},
        "freeze": {"trainable": "head"},
        "train": {"epochs": 1},
        "speed": {"threads": 1, "device": "cpu", "precision": "fp32"},
    }
    run = create_run(folder / "runs", load(recipe))
    done = subprocess.run([sys.executable, "-P", "-m", "core.worker", str(run.path)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    run.label_file.write_text('{"name": "mine", "note": "a note"}')
    return run.path


def copied(finished: Path, folder: Path) -> RunFolder:
    """A copy of a run, in which what is large is the same file."""
    ignored = shutil.ignore_patterns("*.safetensors")
    shutil.copytree(finished, folder, ignore=ignored)
    for path in finished.rglob("*.safetensors"):
        os.link(path, folder / path.relative_to(finished))
    return RunFolder(folder)


def put(path: Path, kind: str) -> None:
    """Put something of a kind in the place of a file of a run."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    match kind:
        case "missing":
            pass
        case "a link to itself":
            path.symlink_to(path)
        case "a link to nothing":
            path.symlink_to(path.with_name("nothing"))
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
        case _:
            path.write_bytes(WHOLE[kind])


def said(*argv: object) -> tuple[int, str]:
    """What a command comes to and prints; whatever it is given, it ends in a sentence."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        try:
            code = main.main(list(map(str, argv)))
        except SystemExit as ended:
            code = int(ended.code or 0)
    return code, out.getvalue()


def looked_at(run: RunFolder, whole: RunFolder) -> list[str]:
    """Every look at a run ends, and shows the one beside it; the states of all runs, by `runs`."""
    root = run.path.parent
    code, out = said("runs", "--runs", root, "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code == 0 and rows[whole.name]["state"] == "done" and rows[whole.name]["test"]
    assert run.name in rows and said("runs", "--runs", root)[0] == 0
    for argv in (["show", run.path], ["show", run.path, "--json"], ["compare", whole.path, run.path]):
        assert said(*argv, "--runs", root)[0] in (main.FAILED, 0), argv
    assert said("show", whole.path)[0] == 0 and queue.served(root) is False
    assert all(turn.place == place for place, (_, turn) in enumerate(queue.turns(root), 1))
    assert classifiers.find(None, run, root) is not None and any(it.run.path == whole.path for it, _ in choices(root))
    in_columns(Listing(root).look())
    last_visit.ended_meanwhile(root)
    last_visit.in_words(run, 0.0)
    classifiers.labels(run)
    status, history, _ = turns.opened(run)
    curves.loss(history), curves.accuracy(history), curves.side_by_side({"it": history}, {"it": ""})
    assert history.seconds_left is None or history.seconds_left >= 0
    [history.phase_left(name) for name in history.phases]
    assert (history.settings, history.marks, history.cache_savings) and status.state in state_names()
    try:
        classifiers.opened(classifiers.Asked(run.path), 1, ["ham", "spam"], 1024)
    except WorkbenchError as error:
        assert error.what
    return [rows[run.name]["state"], f"{rows[run.name]['why']} {rows[run.name]['do']}"]


def state_names() -> set[str]:
    return {"queued", "starting", "running", "paused", "done", "stopped", "failed", "vanished", "damaged"}


@pytest.fixture(scope="module")
def damaged(finished, tmp_path_factory) -> dict[tuple[str, str], RunFolder]:
    """Under one root, a run for each file and each kind of damage to it, and one that is whole."""
    root = tmp_path_factory.mktemp("damaged") / "runs"
    made = {("nothing", ""): copied(finished, root / "r1")}
    for n, (name, kind) in enumerate(((name, kind) for name in FILES for kind in KINDS), 2):
        made[name, kind] = run = copied(finished, root / f"r{n}")
        put(run.path / name, kind)
    return made


@pytest.mark.more
@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a link to itself", "a link to nothing"])
def test_what_is_no_file_makes_no_run_wait_for_ever(finished, tmp_path, kind):
    run = copied(finished, tmp_path / "runs" / "r1")
    put(run.queued_file, kind)
    assert queue.waiting(run.path.parent) == [] and not queue.start(run.path.parent)
    assert run.status().state == "damaged" and "queued is a" in run.status().why


@pytest.mark.timeout(DEADLINE)
@pytest.mark.more
def test_runs_lists_all_of_them_and_says_what_is_damaged(damaged, program):
    root = damaged["nothing", ""].path.parent
    listed = program("workbench", "runs", "--runs", root, "--json")
    assert listed.returncode == 0 and not listed.stderr, listed.stderr
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    assert len(rows) == len(damaged)
    for (name, kind), run in damaged.items():
        row = rows[run.name]
        about = name, kind, row["state"], row["why"]
        if name not in LISTED and (kind.startswith("a link") or kind == "a pipe" or kind == "a folder"):
            is_folder = name == "checkpoints" and kind == "a folder"
            assert row["state"] == ("done" if is_folder else "damaged"), about
            assert is_folder or "of its own" in row["why"], about
        elif name == "checkpoints" and kind in WHOLE:
            assert row["state"] == "damaged" and "of its own" in row["why"], about
        elif name not in LISTED:
            assert row["state"] == "done" and row["test"], about
        elif (name, kind) != ("result.json", "an object"):  # which is what one that was brought in has
            assert row["state"] in ("damaged", "vanished"), about
        if name in LISTED and row["state"] != "done":
            assert "damaged" in f"{row['state']} {row['why']}" and len(row["why"]) < 1100, about
            assert name in row["why"] or "log" in row["why"] or "recipe" in row["why"], about
    assert rows["r1"]["state"] == "done" and rows["r1"]["why"] == ""
    for command in (["runs"], ["queue"]):
        done = program("workbench", *command, "--runs", root)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr


@pytest.mark.timeout(DEADLINE)
@pytest.mark.parametrize("name", each(5, LISTED + OTHERS))
def test_whatever_lies_in_the_place_of_a_file_every_look_ends_in_a_sentence(finished, tmp_path, name):
    whole = copied(finished, tmp_path / "runs" / "r1")
    for n, kind in enumerate(KINDS, 2):
        run = copied(finished, tmp_path / "runs" / f"r{n}")
        put(run.path / name, kind)
        looked_at(run, whole)
        shutil.rmtree(run.path)


@pytest.mark.more
async def test_the_screen_shows_all_of_them(damaged):
    root = damaged["nothing", ""].path.parent
    app = WorkbenchApp(load({"data": {"path": "sample"}}), root)
    async with app.run_test(size=(160, 50)) as pilot:
        app.action_mode("runs")
        end = time.monotonic() + 90
        while not (tables := list(app.screen.query(RunTable))) or len(tables[0].items) < len(damaged):
            assert time.monotonic() < end
            await pilot.pause(0.05)
        (table,) = tables
        lines = {entry.run.name: table.line(i, 160).plain for i, entry in enumerate(table.items)}
        assert "✓" in lines["r1"] and "%" in lines["r1"]
        for (name, kind), run in damaged.items():
            if name == "recipe.toml":
                assert "✕" in lines[run.name] and "damaged: " in lines[run.name], (kind, lines[run.name])
        for _ in range(3):  # the cursor stands on one after the other
            await pilot.press("down")
            await pilot.pause(0.2)


ODD = st.sampled_from(
    [
        *(None, True, -1, 0, 1.5, 1e308, -1e308, 10**30, -(10**18), 10**9, 2**63, 2**53 + 1),
        *("", "x", "x" * 5000, "\0\x1b[2J", "done", "NaN"),
        *([], {}, [[]], [None], {"": None}, [1] * 300, [0.5, 0.5], ["ham"] * 9),
    ]
)


def places(document: object, at: tuple = ()) -> list[tuple]:
    """Where a document has something, at any depth."""
    inside = document.items() if isinstance(document, dict) else ()
    inside = enumerate(document[:9]) if isinstance(document, list) else inside
    return [at, *(place for key, value in inside for place in places(value, (*at, key)))]


def changed(document: object, place: tuple, how: str, value: object) -> object:
    """A document of which what stands in a place is left out, is something else, or has something added."""
    if not place:
        return value if how != "add" or not isinstance(document, dict) else {**document, "later": value}
    document = copy.deepcopy(document)
    inside = document
    for key in place[:-1]:
        inside = inside[key]
    if how == "remove":
        del inside[place[-1]]
    elif how == "add" and isinstance(inside[place[-1]], dict):
        inside[place[-1]]["later"] = value
    else:
        inside[place[-1]] = value
    return document


def lines_of(path: Path) -> list[bytes]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    return content.splitlines() if path.suffix in (".gz", ".jsonl") else [content]


def damage(draw, path: Path) -> None:
    """Change a JSON or TOML file in one place, at any depth; or cut it, or change some bytes of it."""
    if draw(st.integers(0, 9)) == 0:
        content = bytearray(path.read_bytes())
        for at in draw(st.lists(st.integers(0, len(content) - 1), max_size=9)):
            content[at] = draw(st.integers(0, 255))
        path.write_bytes(content[: draw(st.integers(0, len(content)))])
        return
    lines = lines_of(path)
    n = draw(st.integers(0, len(lines) - 1))
    document = toml.parsed(lines[n].decode()) if path.suffix == ".toml" else json.loads(lines[n])
    place = draw(st.sampled_from(places(document)))
    document = changed(document, place, draw(st.sampled_from(["remove", "add", "put", "put"])), draw(ODD))
    try:
        lines[n] = (tomli_w.dumps(document) if path.suffix == ".toml" else json.dumps(document)).encode()
    except (TypeError, AttributeError, ValueError):  # TOML has no null, and no list of tables in some places
        return
    content = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


FORMED = (
    "recipe.toml", "recipe.toml", "events.jsonl", "events.jsonl", "events.jsonl", "result.json", "result.json",
    "label.json", "base.json", "baselines.json", "data.jsonl.gz", "checkpoints/*/manifest.json",
    "checkpoints/*/state.json",
)  # fmt: skip


@pytest.fixture(scope="module")
def pair(finished, tmp_path_factory) -> tuple[RunFolder, RunFolder]:
    """A whole run, and one beside it to be damaged."""
    root = tmp_path_factory.mktemp("pair") / "runs"
    return copied(finished, root / "r1"), copied(finished, root / "r2")


@pytest.mark.timeout(DEADLINE)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
@pytest.mark.more
def test_any_damage_to_any_document_ends_in_a_sentence(pair, data):
    fuzz(*pair, data)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_damage_many_times(pair, data):
    fuzz(*pair, data)


def fuzz(whole: RunFolder, run: RunFolder, data) -> None:
    (path,) = run.path.glob(data.draw(st.sampled_from(FORMED)))
    before = path.read_bytes()
    try:
        damage(data.draw, path)
        state, _ = looked_at(run, whole)
        assert state in state_names() - {"running", "starting", "paused"}
        if path.name in ("manifest.json", "base.json", "recipe.toml"):
            assert said("predict", run.path, "win a prize")[0] in (main.FAILED, main.USAGE, 0)
    finally:
        path.write_bytes(before)


def test_a_run_of_a_later_version_is_listed_and_can_be_asked(finished, tmp_path, program):
    """With options, values, fields and events that this version does not know."""
    run = copied(finished, tmp_path / "runs" / "r1")
    text = re.sub(r'schedule = ".*"', 'schedule = "spiral"', run.recipe_file.read_text())
    text = text.replace("[model]", "[model]\nwings = 4\n").replace("[train]", "[train]\nfeathers = true\n")
    run.recipe_file.write_text(text + '\n[flight]\nheight = "high"\n')
    (manifest,) = run.checkpoints.glob("*/manifest.json")
    known = json.loads(manifest.read_text())
    known["made_of"]["recipe"] |= {"train.schedule": "spiral", "model.wings": 4}
    manifest.write_text(json.dumps(known | {"later": [1]}))
    for file in (run.base_file, run.label_file, run.result_file):
        file.write_text(json.dumps(json.loads(file.read_text()) | {"later": {"a": [1]}}))
    lines = run.events_file.read_bytes().splitlines()
    later = [json.dumps(json.loads(line) | {"later": 1}).encode() for line in lines]
    run.events_file.write_bytes(b"\n".join([*later[:-1], b'{"type":"flown","t":1,"height":"high"}', later[-1], b""]))
    sums = known["made_of"]["sha256"]
    sums["base.json"] = hashlib.sha256(run.base_file.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(known))
    asked = [program("workbench", "predict", folder, "win a prize", "--json") for folder in (finished, run.path)]
    assert asked[1].returncode == 0, asked[1].stderr
    assert json.loads(asked[0].stdout) == json.loads(asked[1].stdout)
    listed = program("workbench", "runs", "--runs", run.path.parent, "--json")
    (row,) = json.loads(listed.stdout)
    assert row["state"] == "done" and row["test"] and row["label"]["name"] == "mine"
    for word in ("model.wings", "train.feathers", "flight", "train.schedule"):
        assert word in row["why"]
    run.events_file.write_bytes(b"\n".join([*later[:-1], b""]))
    resumed = program("workbench", "resume", run.path)
    assert resumed.returncode == 1 and "model.wings" in resumed.stderr and "Traceback" not in resumed.stderr
    assert program("workbench", "compare", run.path, run.path).returncode == 0


def test_one_whose_model_is_not_known_is_not_asked(finished, tmp_path, program):
    run = copied(finished, tmp_path / "runs" / "r1")
    for name, value in (("name", "phoenix"), ("readout", "everywhere")):
        text = (finished / "recipe.toml").read_text()
        run.recipe_file.write_text("".join(f'{name} = "{value}"\n' if line.startswith(f"{name} = ") else line
                                           for line in text.splitlines(keepends=True)))  # fmt: skip
        asked = program("workbench", "predict", run.path, "win a prize")
        assert asked.returncode == 1 and value in asked.stderr and "Traceback" not in asked.stderr
        (row,) = json.loads(program("workbench", "runs", "--runs", run.path.parent, "--json").stdout)
        assert row["state"] == "damaged" and value in row["why"]


def test_an_end_that_this_version_does_not_know_is_not_taken_for_none(finished, tmp_path):
    run = copied(finished, tmp_path / "runs" / "r1")
    lines = run.events_file.read_bytes().splitlines(keepends=True)
    run.events_file.write_bytes(b"".join(lines[:-1]) + lines[-1].replace(b'"done"', b'"exhausted"'))
    (entry,) = Listing(run.path.parent).look()
    assert "damaged, or of a later version" in entry.status.why


def measured(*argv: object) -> tuple[subprocess.CompletedProcess, float]:
    """A process of the program, and how much memory it held at most, in MB."""
    # what getrusage says begins with what the process held that started this one
    code = "import sys; from workbench.cli.main import main; code = main(sys.argv[1:]); "
    code += "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM')); "
    code += "print(peak.split()[1], file=sys.stderr); sys.exit(code)"
    command = [sys.executable, "-P", "-c", code, *map(str, argv)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE)
    return done, int(done.stderr.split()[-1]) / 1e3


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read there")
@pytest.mark.timeout(DEADLINE)
@pytest.mark.parametrize(
    "content",
    [
        b"[",
        b'{"type":"steps"}\n',
        *(pytest.param(one, marks=pytest.mark.slow) for one in (b"\0", b"\n", b"{", b"# a\n")),
    ],
)
def test_files_of_hundreds_of_megabytes_are_not_read(finished, tmp_path, executed, content):
    whole = copied(finished, tmp_path / "runs" / "r1")
    for n, name in enumerate(("recipe.toml", "events.jsonl", "result.json", "label.json", "base.json"), 2):
        run = copied(finished, tmp_path / "runs" / f"r{n}")
        with open(run.path / name, "wb") as file:
            file.write(content * ((1 << 22) // len(content)))
            file.truncate(200 << 20)
    listed, most = measured("runs", "--runs", whole.path.parent)
    assert listed.returncode == 0 and most < 500, listed.stderr
    assert [line.split("\t")[2] for line in listed.stdout.splitlines()[1:]][-1] == "done"


@pytest.mark.timeout(DEADLINE)
@pytest.mark.more
def test_what_does_not_fit_into_memory_is_a_sentence(finished, tmp_path, executed):
    run = copied(finished, tmp_path / "runs" / "r1")
    run.result_file.write_bytes(b'{"test": {"confusion": [' + b"[]," * (10 << 20) + b"[]]}}")
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20)); "
    code += "import sys; from workbench.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-P", "-c", code, "runs", "--runs", str(run.path.parent)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 0 and "result.json of r1 is damaged: it does not fit into memory" in done.stdout, (
        done.stderr
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read there")
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_log_of_500_megabytes_is_opened(finished, tmp_path, executed):
    run = copied(finished, tmp_path / "runs" / "r1")
    lines = run.events_file.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith(b'{"type":"steps"'))
    step = json.loads(lines[at])
    with open(run.events_file, "wb") as file:
        file.writelines(lines[:at])
        while file.tell() < 500e6:
            step["step"] += len(step["loss"])
            file.write(json.dumps(step).encode() + b"\n")
        file.writelines(lines[at + 1 :])
    shown, most = measured("show", run.path)
    assert shown.returncode == 0 and most < 1500, (most, shown.stderr)


def test_a_history_is_the_same_read_in_pieces(finished, monkeypatch):
    run = RunFolder(finished)
    whole = History.of(run.events()[0])
    for size in (1, 7, 100, 1000):
        monkeypatch.setattr(log_reader, "CHUNK", size)
        pieces, _ = run.events()
        assert pieces == run.events()[0] and History.of(pieces).losses == whole.losses
        assert list(run.log()) == pieces and len(pieces) > 9
