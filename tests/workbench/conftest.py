"""Run folders as a worker leaves them, in every state, with curves like those of real runs."""

import asyncio
import csv
import fcntl
import itertools
import math
import random
import time
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from textual.css.stylesheet import Stylesheet

from core import files
from core.recipe import load
from core.runs import events as e
from core.runs import group as groups
from core.runs.folder import RunFolder
from core.runs.group import Group
from core.runs.result import BaselineResult
from core.runs.root import create_run
from core.runs.sweep import Plan
from workbench.app import WorkbenchApp
from workbench.screens.model.backbone import Backbone
from workbench.screens.runs.run_table import RunTable
from workbench.widgets.choice import Choice
from workbench.widgets.layers import Layers


@pytest.fixture(scope="session", autouse=True)
def parsed_once():
    """What a style sheet says is parsed once in all apps together: each reads the same sheets, several times over."""
    parse_rules, known = Stylesheet._parse_rules, {}

    def parse_once(sheet, *given, **named):
        key = given, tuple(named.items()), tuple(sheet._variables.items())
        if key not in known:
            known[key] = parse_rules(sheet, *given, **named)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def unwarmed():
    """No app starts the helper of models before it is asked: few tests ask it, and it takes a process in each app."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.app.WARM_AFTER", 3600)
        yield


LABELS = ["ham", "spam"]
PARTS = {"head": 0.38, "norm": 0.004, "blocks.5.mlp": 0.009, "blocks.5.attn": 0.007}
TEXTS = [
    (
        "ham",
        "spam",
        0.981,
        "Hello darling how are you today? I would love to have a chat, why dont you tell me about it",
    ),
    ("spam", "ham", 0.954, "Did you hear about the new [b]Divorce Barbie[/b]? It comes with all of Ken's stuff!"),
    ("spam", "ham", 0.71, "2/2 146tf150p"),
    ("ham", "spam", 0.62, "我们明天三点在老地方见面,记得带上免费的入场券"),
    ("spam", "spam", 0.999, "URGENT! You have won a 1 week FREE membership in our prize jackpot!"),
]


def beside(correct: int, **more: float) -> dict:
    """A baseline's figures."""
    return msgspec.to_builtins(BaselineResult.of(correct, 300, **more))


def result(run: RunFolder, seconds: float = 55.0) -> dict:
    """A result document."""
    return {
        "run": str(run.path),
        "name": run.name,
        "checkpoint": 650,
        "labels": LABELS,
        "test": {
            "accuracy": 0.9833,
            "low": 0.9616,
            "high": 0.9929,
            "rows": 300,
            "correct": 295,
            "clean": 0.981,
            "clean_rows": 263,
            "baselines": {
                "tfidf": beside(291, validation=0.966, half=0.94, seconds=0.4, won=9, lost=5),
                "probe": beside(281, validation=0.953, seconds=1.2, won=18, lost=4),
                "majority": beside(151, validation=0.503, seconds=0.0, won=146, lost=2),
            },
            "strongest": "tfidf",
            "verdict": "even",
            "loss": 0.061,
            "per_class": {
                "ham": {"precision": 0.98, "recall": 0.987, "f1": 0.983, "rows": 149},
                "spam": {"precision": 0.987, "recall": 0.98, "f1": 0.984, "rows": 151},
            },
            "confusion": [[147, 2], [3, 148]],
            "sure": {"ham": [147, 150], "spam": [148, 150]},
        },
        "train": {"accuracy": 0.998, "low": 0.993, "high": 0.9995, "rows": 1045},
        "validation": {"accuracy": 0.973, "low": 0.933, "high": 0.989, "rows": 149},
        "advice": ["TF-IDF is as good here, and learns in seconds: take the model tfidf."],
        "seconds": {"read": 0.3, "learn": seconds - 3, "total": seconds},
    }


def events(run: RunFolder, n_steps: int, upto: int, attempt: int = 1, start: int = 0, parts=PARTS) -> list[e.Event]:
    """An attempt from `start` to step `upto`, without an end."""
    dice = random.Random(n_steps)
    t0 = time.time() - 60
    out: list[e.Event] = []

    def add(event: e.Event, t: float) -> None:
        event.t, event.attempt = t0 + t, attempt
        out.append(event)

    if attempt > 1:
        add(e.Resumed(from_step=start, step=start), 0.0)
    for name, total, unit, began, took in [
        ("read", 5572, "rows", 0.0, 0.3),
        ("tokens", 1494, "texts", 0.3, 0.2),
        ("baseline", 2, "", 0.5, 0.4),
        ("weights", 1, "", 0.9, 0.6),
    ]:
        add(e.Phase(name=name, done=0, total=total, unit=unit), began)
        add(e.Phase(name=name, done=total, total=total, unit=unit), began + took)
        if name == "baseline":
            add(e.Baseline(name="tfidf", validation=0.966, test=0.97, seconds=0.4), began + took)
            add(e.Baseline(name="probe", validation=0.953, test=0.937, seconds=1.2), began + took)
            add(e.Baseline(name="majority", validation=0.503, test=0.503), began + took)
    rows = {"train": 1045, "validation": 149, "test": 300}
    add(
        e.Started(
            pid=1, n_steps=n_steps, epochs=5, rows=rows, labels=LABELS, majority=0.503,
            learns=790_000, parameters=17_700_000, device="cpu", threads=2, step=start,
        ),
        1.6,
    )  # fmt: skip
    add(e.Phase(name="learn", done=start, total=n_steps, unit="steps", step=start), 1.7)
    for step in range(start, upto + 1, 10):
        t = 2 + step / 12
        fit = 1 - math.exp(-step / n_steps * 4)
        if step > start:
            losses = [
                max(0.01, 2.1 * math.exp(-s / n_steps * 8) + 0.08 + dice.gauss(0, 0.12 * math.exp(-s / n_steps * 2)))
                for s in range(step - 9, step + 1)
            ]
            add(e.Steps(step=step, loss=losses, lr=[5e-5] * 10, tokens=2430, seconds=0.17, rss=1_100_000_000), t)
        if step % 50 == 0:
            for split, gap in (("train", 0.0), ("validation", 0.02)):
                accuracy = min(1.0, 0.5 + 0.49 * fit - gap + dice.uniform(-0.02, 0.01))
                loss = 2.1 * (1 - fit) ** 2 + 0.06 + gap + dice.uniform(0, 0.04)
                add(e.Evaluated(step=step, split=split, rows=40, loss=loss, accuracy=accuracy, whole=False), t)
            add(e.Changed(step=step, parts={part: most * fit for part, most in parts.items()}), t)
        if step > start and step % (n_steps // 5) == 0:
            accuracy = 0.49 + 0.48 * fit
            add(e.Evaluated(step=step, split="validation", rows=149, loss=0.2, accuracy=accuracy, whole=True), t)
            add(e.Checkpointed(step=step, name=str(step), best=True), t)
    return out


def append(run: RunFolder, *some: e.Event) -> None:
    """Add events as the worker would."""
    with open(run.events_file, "ab") as file:
        file.writelines(e.encode(event) for event in some)


def write_predictions(run: RunFolder, texts=TEXTS) -> None:
    with open(run.predictions_file, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["row", "text", "label", "predicted", "probability", "leak", "p_ham", "p_spam"])
        for row, (label, predicted, probability, text) in enumerate(texts):
            of = {predicted: probability, LABELS[LABELS.index(predicted) - 1]: 1 - probability}
            out.writerow([row, text, label, predicted, probability, 0, of["ham"], of["spam"]])


def write_run(root: Path, state: str = "done", *, n_steps: int = 650, upto: int | None = None, **layers) -> RunFolder:
    """A run in one of the states of `Status`; `running` and `starting` want the lock held."""
    plain = {
        "data": {"path": "SMSSpamCollection"},
        "model": {"readout": "last_real"},
        "freeze": {"trainable": "last_block"},
    }
    return fill_run(create_run(root, load(plain, layers)), state, n_steps, upto)


def fill_run(run: RunFolder, state: str, n_steps: int = 650, upto: int | None = None) -> RunFolder:
    """What a worker leaves in a run that it took to a state."""
    last = upto if upto is not None else {"done": n_steps, "starting": 0}.get(state, 400)
    all_of_it = events(run, n_steps, last)
    if state == "starting":
        all_of_it = all_of_it[:3]
    append(run, *all_of_it)
    run.log_file.write_text("a warning of some library\n")
    end = {"t": time.time(), "attempt": 1, "step": last}
    if state == "done":
        append(run, e.Phase(name="test", done=300, total=300, unit="texts", **end))
        write_predictions(run)
        run.result_file.write_bytes(msgspec.json.encode(result(run)))
        append(run, e.Ended(state="done", result=result(run), **end))
    elif state == "stopped":
        append(run, e.Checkpointed(name=str(last), best=False, **end))
        append(
            run,
            e.Ended(state="stopped", why=f"Stopped at step {last}, as asked.", do="resume continues it.", **end),
        )
    elif state == "failed":
        why = f"Loss stopped being a number at step {last}."
        append(run, e.Ended(state="failed", why=why, do="Try a tenth of the learning rate.", **end))
    return run


def write_group(
    root: Path,
    name: str,
    varied: dict[str, list],
    right: list[int],
    *,
    seeds: int = 2,
    exercise: str = "",
    done: int = 99,
) -> list[RunFolder]:
    """A group of which so many runs are `done` and the others wait; of 300 test texts each setting has so many
    `right`, one fewer with every further seed, and of as many seconds.
    """
    group = groups.keep(root, Group(name=name, plan=Plan(base={}, varied=varied, seeds=seeds), exercise=exercise))
    runs = []
    for number, (member, recipe) in enumerate(group.plan.planned(name)):
        run = create_run(root, recipe, member)
        runs.append(run)
        if number >= done:
            files.write(run.queued_file, b"")
            continue
        finish(run, right[member.setting] - member.seed, seconds=float(right[member.setting]))
    return runs


def finish(run: RunFolder, correct: int, seconds: float = 55.0) -> None:
    """Take a run to its end, with so many of 300 test texts right."""
    run.queued_file.unlink(missing_ok=True)
    fill_run(run, "done")
    found = result(run, seconds)
    found["test"] |= {"accuracy": correct / 300, "correct": correct}
    found["validation"] |= {"accuracy": correct / 300, "rows": 300, "correct": correct}
    run.result_file.write_bytes(msgspec.json.encode(found))
    write_predictions(run, [("ham", "spam" if i >= correct else "ham", 0.9, f"text {i}") for i in range(300)])


@contextmanager
def held(run: RunFolder):
    """The run's lock, as its worker holds it, and a fresh heartbeat."""
    run.heartbeat_file.touch()
    with open(run.lock_file, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Run folders under one root: `write`, `append`, `held`, `events`, `result`, `write_predictions`.

    Their data is named after the folder where the test works, not after that of this checkout, which may be long.
    """
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    class Runs:
        root = tmp_path / "runs"

        def write(self, state="done", **kwargs):
            return write_run(self.root, state, **kwargs)

        def group(self, name, varied, right, **kwargs):
            return write_group(self.root, name, varied, right, **kwargs)

    for function in (append, held, events, result, write_predictions, finish):
        setattr(Runs, function.__name__, staticmethod(function))
    return Runs()


@pytest.fixture
def shown():
    """The text on the screen, line by line."""
    return shown_by


def shown_by(app) -> str:
    # what app.export_screenshot would make a picture of, which takes many times as long
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    lines = []
    for strips in update.strips:
        line, at = "", 0
        for text, _, _ in itertools.chain.from_iterable(strips):
            if text.strip(" "):
                line = line.ljust(at) + text
            at += cell_len(text)
        lines.append(line.replace("\xa0", " ").rstrip())
    return "\n".join(lines)


DEADLINE = 60  # seconds; waiting ends as soon as what is waited for is there


@pytest.fixture
def until():
    """`await until(pilot, predicate)` lets the app work until the predicate holds."""

    async def until(pilot, predicate, seconds: float = DEADLINE) -> None:
        end = time.monotonic() + seconds
        while not predicate():
            assert time.monotonic() < end, f"what was waited for has not come; there is:\n{shown_by(pilot.app)}"
            await asyncio.sleep(0.05)  # the app works meanwhile; a pause would have every widget answer
        await pilot.pause()

    return until


@pytest.fixture
def messages(tmp_path) -> Path:
    """Sixty labelled texts without a header; two are copies of the first, one has a text of its own length."""
    path = tmp_path / "messages.tsv"
    rows = [f"{'spam' if i % 3 == 0 else 'ham'}\tsome words of number {i}\n" for i in range(57)]
    rows += [rows[0], rows[0], "ham\t距离川沙公路较近 [bold]but not markup[/bold]\n"]
    path.write_text("".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def asks(messages, tmp_path, until):
    """A function: `async with asks(Dialog, name, size, **model) as pilot` has asked for a dialog on Model."""

    @asynccontextmanager
    async def asks(dialog, name="nano", size=(80, 24), **model):
        recipe = load({"data": {"path": str(messages)}, "model": {"name": name} | model})
        app = WorkbenchApp(recipe, tmp_path / "runs")
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: bool(app.session.draft.models))
            await pilot.press("2")
            await until(pilot, lambda: app.screen.query(Layers) and app.screen.query_one(Layers).has_focus)
            await pilot.press("A")
            assert not isinstance(app.screen, dialog)  # the key belongs to the Backbone panel
            await pilot.press("shift+tab")
            await until(pilot, lambda: app.screen.query_one(Backbone).has_focus)
            await pilot.press("A")
            await until(pilot, lambda: isinstance(app.screen, dialog) and app.screen.query(Choice))
            yield pilot

    return asks


@pytest.fixture
def on_runs(runs, until):
    """A function: `async with on_runs(size, data) as pilot` is the app on Runs, once its table has something."""

    @asynccontextmanager
    async def on_runs(size=(80, 24), data="SMSSpamCollection"):
        app = WorkbenchApp(load({"data": {"path": data}}), runs.root)
        async with app.run_test(size=size, notifications=True) as pilot:
            app.action_mode("runs")
            await until(pilot, lambda: app.current_mode == "runs" and app.screen.query(RunTable))
            await until(pilot, lambda: app.screen.query_one(RunTable).items)
            yield pilot

    return on_runs
