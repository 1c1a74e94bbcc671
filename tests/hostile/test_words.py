"""Words from outside that would act on a terminal, turn text round or hide: no command and no screen sends them."""

import csv
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from textual.color import Color

from core.recipe import load
from core.runs import events as e
from core.runs.classifiers import Asked
from core.runs.folder import RunFolder
from core.runs.root import create_run
from core.wording import UNSAFE, on_one_line
from workbench.app import WorkbenchApp
from workbench.cli import main
from workbench.cli.printing import print_json, tabulate, with_tabs
from workbench.output_filter import OutputFilter
from workbench.screens.play.run_dialog import RunDialog
from workbench.screens.runs.label_dialog import LabelDialog
from workbench.screens.save_dialog import SaveDialog
from workbench.screens.train.errors_screen import ErrorsScreen
from workbench.screens.train.worker_log import WorkerLogScreen
from workbench.session.exporting import export_of

_file = Path(__file__).parents[1] / "workbench" / "terminal.py"
_spec = importlib.util.spec_from_file_location("terminal_of_words", _file)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
Terminal = _module.Terminal

WORDS = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202ecod\u200bing\U000e0041\u3164"
ESCAPED = r"\x1b]0;owned\x07\x1b[2J\x9b31m\u202ecod\u200bing\U000e0041\u3164"
# what else acts, hides, turns or is markup; in JSON a surrogate, too
MORE = (
    "\x1b[?1337h\x1b]8;;http://e.vil\x1b\\\x1bP1337\x1b\\\x1bc\b\b\a"
    + "".join(map(chr, range(0x80, 0xA0)))
    + "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0x200B, 0x2010), 0x61C, 0xFEFF, 0xAD]))
    + "\U000e0001\U000e0061\U000e007f\ufff9\u2028\u2029\x0b\x0c\x1c\x85"
    + "[red]r[/red][link=http://e.vil]l[/link][@click=app.quit]c[/]:smile: a"
    + "\u0301\u0489" * 40
)
LABELS = ["ham", f"spam{WORDS}"]


@pytest.fixture
def data(tmp_path) -> Path:
    path = tmp_path / "data.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow([f"label{WORDS}", f"text{WORDS}", f"other{WORDS}"])
        out.writerows([LABELS[i % 3 == 0], f"a message of number {i} {WORDS}\rmore{MORE}", ""] for i in range(60))
    return path


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / f"runs{WORDS}"


@pytest.fixture
def run(root) -> RunFolder:
    """A run that says such words wherever it can, and has ended well."""
    recipe = load({"data": {"path": f"data{WORDS}.csv", "text": f"text{WORDS}"}, "train": {"follow": [WORDS]}})
    made = create_run(root, recipe)
    run = RunFolder(made.path.rename(root / f"r1{WORDS}"))
    run.label_file.write_text(json.dumps({"name": f"a name{WORDS}", "note": f"a note{MORE}{WORDS}"}))
    split = {"accuracy": 0.9, "low": 0.8, "high": 1.0, "rows": 10}
    each = {"precision": 0.9, "recall": 0.9, "f1": 0.9, "rows": 5}
    test = split | {
        "correct": 9, "clean": 0.9, "clean_rows": 10, "baseline": 0.9, "majority": 0.5, "loss": 0.1,
        "per_class": dict.fromkeys(LABELS, each), "confusion": [[5, 0], [1, 4]],
        "sure": {label: [9, 10] for label in LABELS},
    }  # fmt: skip
    result = {"run": str(run.path), "name": run.name, "checkpoint": 3, "labels": LABELS, "test": test}
    result |= {"train": split, "validation": split, "seconds": {"read": 0.1, "learn": 1.0, "total": 2.0}}
    run.result_file.write_bytes(msgspec.json.encode(result))
    with open(run.predictions_file, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["row", "text", "label", "predicted", "probability", "leak", *(f"p_{label}" for label in LABELS)])
        said_of = [(LABELS[i % 2], LABELS[i < 9 and i % 2]) for i in range(10)]
        out.writerows([i, f"text {i} {WORDS}{MORE}", *said_of[i], 0.9, 0, 0.5, 0.5] for i in range(10))
    log(run, e.Ended(state="done", why=f"It is done{WORDS}.", do=f"Look{MORE}{WORDS}.", result=result))
    return run


@pytest.fixture
def failed(root) -> RunFolder:
    run = create_run(root, load({"data": {"path": "sample"}}))
    log(run, e.Ended(state="failed", why=f"It broke{WORDS}.", do=f"Mend it{WORDS}.{MORE}"))
    return run


def log(run: RunFolder, end: e.Ended) -> None:
    started = e.Started(
        pid=1, n_steps=3, epochs=1, rows={"train": 40, "validation": 10, "test": 10}, labels=LABELS, majority=0.5,
        learns=1, parameters=2, device="cpu", threads=1,
    )  # fmt: skip
    steps = e.Steps(loss=[0.5] * 3, lr=[1e-3] * 3, tokens=9, seconds=0.1, rss=1, n_steps=3, step=3)
    seen = e.Evaluated(split="validation", rows=10, loss=0.5, accuracy=0.9, whole=True, step=3)
    phase = e.Phase(name=f"read{WORDS}", done=1, total=1)
    events = [phase, started, steps, seen, e.Noted(text=f"A note{WORDS}{MORE}", step=3), end]
    for event in events:
        event.t, event.attempt = time.time(), 1
    end.step = 3
    run.events_file.write_bytes(b"".join(map(e.encode, events)))


def said(capsys, *argv) -> tuple[int, str]:
    """What a command comes to, and all that it prints, in which nothing is unsafe."""
    try:
        code = main.main(list(map(str, argv)))
    except SystemExit as ended:
        code = ended.code
    out, err = capsys.readouterr()
    assert not UNSAFE.search((out + err).replace("\n", "").replace("\t", "")), (argv, ascii(out + err))
    return code, out + err


def test_data(data, capsys):
    code, out = said(capsys, "data", data, "--text", f"text{WORDS}", "--label", f"label{WORDS}")
    assert code == 0 and f"spam{ESCAPED}\t20" in out and f"of label{ESCAPED}, text{ESCAPED}, other{ESCAPED}" in out
    code, out = said(capsys, "data", data, "--text", f"text{WORDS}", "--label", f"label{WORDS}", "--json")
    document = json.loads(out)
    assert code == 0 and list(document["labels"]) == LABELS and document["columns"]["text"] == f"text{WORDS}"
    code, out = said(capsys, "data", data, "--text", f"none{WORDS}")
    assert code != 0 and f"none{ESCAPED}" in out


def test_runs_and_show(run, failed, root, capsys):
    code, out = said(capsys, "runs", "--runs", root)
    assert code == 0 and f"r1{ESCAPED}\t{on_one_line(run.label().name)}\tdone" in out
    assert f"It broke{ESCAPED}. Mend it{ESCAPED}." in out
    code, out = said(capsys, "show", run.path)
    assert code == 0 and on_one_line(run.label().note) in out
    assert f"spam{ESCAPED}\t90.0 %" in out and f"data{ESCAPED}.csv" in out
    code, out = said(capsys, "show", failed.path)
    assert code == 0 and f"It broke{ESCAPED}." in out
    listed = json.loads(said(capsys, "runs", "--runs", root, "--json")[1])
    assert {row["name"] for row in listed} == {run.name, failed.name}
    assert json.loads(said(capsys, "show", run.path, "--json")[1])["result"]["labels"] == LABELS


def test_compare_name_queue_ctl(run, failed, root, capsys):
    code, out = said(capsys, "compare", run.path, run.path)
    assert code == 0 and f"r1{ESCAPED}" in out
    assert said(capsys, "compare", run.path, failed.path)[0] == main.FAILED
    assert json.loads(said(capsys, "compare", run.path, run.path, "--json")[1])["run"]["name"] == run.name
    assert said(capsys, "name", failed.path, f"new{WORDS}", "--note", f"note{WORDS}")[0] == 0
    assert said(capsys, "name", run.path, "") == (0, f"r1{ESCAPED} has no name.\n")
    assert json.loads(said(capsys, "name", run.path, "", "--json")[1])["name"] == run.name
    assert f"r1{ESCAPED} is not running" in said(capsys, "ctl", run.path, "pause")[1]
    assert "takes a number" in said(capsys, "ctl", run.path, "step", WORDS)[1]
    run.queued_file.touch()
    assert f"r1{ESCAPED} is not running: it waits" in said(capsys, "ctl", run.path, "pause")[1]
    assert f"r1{ESCAPED} is out of the queue." in said(capsys, "ctl", run.path, "stop")[1]


@pytest.mark.parametrize(
    "argv",
    [
        [WORDS],
        ["show", WORDS],
        ["predict", WORDS, "a text"],
        ["train", WORDS],
        ["train", f"{WORDS}.toml"],
        ["train", "--model", WORDS],
        ["train", "--trainable", WORDS],
        ["train", "--data.text", "same", "--data.label", "same", WORDS],
        ["runs", f"--{WORDS}"],
        ["runs", WORDS],
        ["ctl", "last", WORDS],
        ["models", "ask", WORDS],
        ["import", WORDS, "--model", WORDS],
        ["import", WORDS],
        ["export", WORDS, WORDS],
        ["pretrain", WORDS],
        ["resume", WORDS],
        ["recipes", "--model", WORDS],
        ["queue", "--runs", f"/dev/null/{WORDS}"],
    ],
)
def test_errors(argv, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_RUNS", str(tmp_path / f"runs{WORDS}"))
    code, _ = said(capsys, *argv)
    assert code != 0 or argv[0] == "queue"


def test_train_and_predict(data, root):
    """As it is used: processes of their own, and everything that they print."""
    columns = ["--text", f"text{WORDS}", "--label", f"label{WORDS}"]
    quick = ["--trainable", "head", "--epochs", "1", "--model", "nano", "--context", "16", "--threads", "1"]
    quick += ["--follow", f"a{WORDS}"]
    commands = [
        ["train", "--data", str(data), *columns, *quick, "--runs", str(root)],
        ["predict", "last", f"a text{WORDS}", "--runs", str(root)],
        ["predict", "last", f"a text{WORDS}", "--runs", str(root), "--json"],
        ["show", "last", "--runs", str(root), "--code"],
        ["show", "last", "--runs", str(root), "--code", "--json"],
    ]
    for argv in commands:
        done = subprocess.run([sys.executable, "-m", "workbench", *argv], capture_output=True, timeout=90, check=False)
        out = (done.stdout + done.stderr).decode()
        assert done.returncode == 0, out
        assert not UNSAFE.search(out.replace("\n", "").replace("\t", "")), ascii(out)
        if "--json" in argv:
            json.loads(done.stdout)
    assert compile(json.loads(done.stdout)["code"], "train.py", "exec")


# what Rich and Textual send: colours and the cursor, the title, the pointer's shape, modes
SEQUENCE = re.compile(r"\x1b\[[0-9;:?<=>]*[ -/]*[@-~]|\x1b\]2;[^\x07\x1b]*\x07|\x1b\]22;[a-z]*\x07|\x1b[=>78]")


def harmless(terminal: Terminal) -> str:
    """All that reached a terminal; nothing is in it that acts on one, but what colours, draws, or is the title."""
    painted = terminal.output.decode()
    for word in ("1337", "\x1b]0;", "\x1b]8;", "\x1bc", "2;owned"):
        assert f"\x1b[?{word}" not in painted and (word == "1337" or word not in painted), ascii(word)
    rest = SEQUENCE.sub("", painted)
    bad = UNSAFE.search(re.sub(r"[\r\n\t]", "", rest))
    assert not bad, ascii(rest[max(0, bad.start() - 80) : bad.start() + 80])
    return rest


@pytest.mark.more
def test_on_a_terminal(run, failed, root, data):
    """Where there is one, what is printed has colours and bars of its own, and none of those words."""
    of_runs = ["--runs", str(root)]
    data.write_text(data.read_text(encoding="utf-8").replace("spam", f"spam{MORE}"), encoding="utf-8", newline="")
    quick = ["--model", "tfidf", "--text", "1", "--label", "0"]
    for argv in (
        ["runs", *of_runs],
        ["show", str(run.path)],
        ["show", str(failed.path)],
        ["compare", str(run.path), str(run.path)],
        ["data", str(data), "--text", "1", "--label", "0"],
        ["data", str(data), "--text", f"none{WORDS}"],
        ["train", str(data), *quick, *of_runs],
        ["predict", "last", f"a text{WORDS}", *of_runs],
        ["predict", "last", "--file", str(data), *of_runs],
        ["name", "last", f"a name{WORDS}", *of_runs],
        ["ctl", str(run.path), "pause"],
        ["export", str(run.path), WORDS],
        [f"{WORDS}"],
        ["models", "ask", f"hub:{WORDS}/x", "text"],
    ):
        terminal = Terminal(*argv, columns=200)
        terminal.close(90)
        rest = harmless(terminal)
        assert "Traceback" not in rest
        if argv[0] in ("runs", "show", "data"):
            assert r"\x1b]0;owned" in "".join(rest.split())


@pytest.mark.more
def test_the_app_on_a_terminal(run, failed, root, data):
    """As it is used: every screen, with a run that failed and one that ended, and their data."""
    with Terminal(str(data), "--runs", str(root), columns=160, rows=50) as terminal:
        terminal.until("a message of number")
        screens = [("5", ESCAPED[:10]), ("3", "[red]"), ("2", "LoRA"), ("1", "tokens in one character"), ("4", "Play")]
        for key, word in screens:  # Play comes last: it takes all keys for a text
            painted = len(terminal.output)
            terminal.send(key)
            terminal.until(word, since=painted)
        terminal.send("\x11")
        terminal.close()
    rest = harmless(terminal)
    assert "Traceback" not in rest and "[red]" in rest and r"\x1b]0;owned" in rest


def test_json_read_again_is_the_same(capsys):
    document = {"a": WORDS, "b": ["日本語", "\ud800", "\x7f\x00\n\t\\", None, 1.5], WORDS: {}}
    print_json(document)
    out = capsys.readouterr().out
    assert json.loads(out) == document and "日本語" in out
    assert not UNSAFE.search(out.replace("\n", ""))


def test_json_has_no_number_that_is_none(capsys):
    print_json({"a": [float("nan"), float("inf"), 1.5], "b": WORDS})
    out = capsys.readouterr().out
    assert json.loads(out, parse_constant=pytest.fail) == {"a": [None, None, 1.5], "b": WORDS}
    assert not UNSAFE.search(out.replace("\n", ""))


def test_what_a_process_writes_to_its_log_is_written_out(root, program):
    for module, folder in (("core.worker", root / f"none{WORDS}"), ("core.runs.queue", f"/dev/null/{WORDS}")):
        ended = program(module, folder)
        assert ended.returncode != 0 and not UNSAFE.search(ended.stderr.replace("\n", "")), ascii(ended.stderr)
        assert ESCAPED in ended.stderr
    code = "import sys; from core.wording import ShownStream; sys.stderr = ShownStream(sys.stderr); "
    fault = f"import warnings; warnings.warn({WORDS + MORE!r}); raise ValueError({MORE + WORDS!r})"
    command = [sys.executable, "-c", code + fault]
    said = subprocess.run(command, capture_output=True, timeout=60, check=False).stderr.decode()
    assert "Traceback" in said and ESCAPED in said and not UNSAFE.search(said.replace("\n", "")), ascii(said)


def test_a_fault_s_traceback_is_written_out(monkeypatch, capsys):
    def broken(given):
        raise LookupError(WORDS + MORE)

    monkeypatch.setattr("workbench.cli.models.execute", broken)
    with pytest.raises(LookupError) as fault:
        main.main(["models"])
    sys.excepthook(fault.type, fault.value, fault.tb)
    said = capsys.readouterr().err
    assert "Traceback" in said and ESCAPED in said and not UNSAFE.search(said.replace("\n", ""))


def test_an_event_log_has_them_as_json_escapes():
    note = e.Noted(text=f"A note{WORDS}{MORE}", step=3)
    line = e.encode(note)
    assert not UNSAFE.search(line.decode().rstrip("\n")) and list(e.decode(line)) == [note]


def test_json_goes_where_not_every_character_does():
    code = "from workbench.cli.printing import print_json; print_json({'a': '日本語'}, None)"
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == {"a": "日本語"}


def test_a_cell_is_one_cell(capsys):
    tabulate(["a\tb", "c"], [["d\ne", " f\r"], [WORDS, ""]])
    assert capsys.readouterr().out == f"a b\tc\nd e\tf\n{ESCAPED}\t\n"
    assert with_tabs(["a\tb", WORDS]) == f"a b\t{ESCAPED}"


class Window:
    """What an app writes to its terminal beside what its widgets draw."""

    def __init__(self, app, monkeypatch):
        self.written: list[str] = []
        monkeypatch.setattr(app._driver, "write", self.written.append)


def drawn(app) -> str:
    """Every character that the widgets of the screen send."""
    strips = [strip for widget in app.screen.walk_children() for strip in widget.render_lines(widget.size.region)]
    return "\n".join(segment.text for strip in strips for segment in strip if not segment.control)


def whole(app) -> None:
    """Nothing unsafe is sent, and nothing had to be taken out of what a widget drew."""
    assert not UNSAFE.search(drawn(app).replace("\n", "")) and "�" not in drawn(app), app.screen


async def until(pilot, predicate) -> None:
    end = time.monotonic() + 60
    while not predicate():
        assert time.monotonic() < end, drawn(pilot.app)
        await pilot.pause(0.02)
    await pilot.pause()


@pytest.mark.more
async def test_the_app_shows_them_escaped(data, run, failed, root, monkeypatch):
    """Every screen, a label and an error among what it shows; the title of the window; what a person is told."""
    recipe = load({"data": {"path": str(data), "text": f"text{WORDS}", "label": f"label{WORDS}"}})
    app = WorkbenchApp(recipe, root)
    async with app.run_test(size=(200, 60), notifications=True) as pilot:
        window = Window(app, monkeypatch)
        await until(pilot, lambda: r"spam\x1b]0;owned\x07" in drawn(app))
        for mode in ("data", "model", "train", "play", "runs"):
            app.action_mode(mode)
            await until(pilot, lambda mode=mode: app.current_mode == mode)
            whole(app)
        await until(pilot, lambda: "It broke" in drawn(app))
        for shown in (run, failed):
            app.session.followed.follow(shown)
            app.action_mode("train")
            await until(pilot, lambda: app.current_mode == "train" and app.session.followed.status is not None)
            await pilot.pause(0.1)
            whole(app)
        await until(pilot, lambda: r"It broke\x1b]0;owned\x07" in drawn(app))
        titles = "".join(text for text in window.written if text.startswith("\x1b]2;"))
        assert r"2;r1\x1b]0;owned" in titles and not UNSAFE.search(titles.replace("\x1b]2;", "").replace("\x07", ""))
        app.session.followed.follow(run)
        await until(
            pilot, lambda: app.session.followed.status is not None and app.session.followed.status.state == "done"
        )
        over = ErrorsScreen(run), WorkerLogScreen(run)
        saved = SaveDialog(export_of(WORDS, f"{WORDS}.csv", str))
        for dialog in (*over, LabelDialog(run), RunDialog(root, Asked(run.path)), saved):
            app.push_screen(dialog)
            await until(pilot, lambda dialog=dialog: app.screen is dialog)
            await pilot.pause(0.1)
            whole(app)
            app.pop_screen()
        app.notify(f"a message{WORDS}", title=f"a title{WORDS}", markup=False)
        await until(pilot, lambda: any(told.message.startswith("a message") for told in app._notifications))
        told = list(app._notifications)[-1]
        assert (told.message, told.title) == (f"a message{ESCAPED}", f"a title{ESCAPED}")


def test_what_no_widget_escapes_is_not_sent():
    from rich.segment import Segment

    segments = [Segment(f"a{WORDS}b"), Segment("plain"), Segment("👩\u200d💻")]
    texts = [segment.text for segment in OutputFilter().apply(segments, Color(0, 0, 0))]
    assert not UNSAFE.search(texts[0]) and texts[0].startswith("a") and texts[0].endswith("b")
    assert texts[1:] == ["plain", "👩\u200d💻"] and on_one_line(texts[0]) == texts[0]
