"""Train after a step that was asked for: its texts, what the model had made of them, and how they come and go."""

import gzip
import time
from contextlib import asynccontextmanager

import msgspec
import pytest

from cases import first
from core.recipe import load
from core.runs import events as e
from core.runs.describe import describe
from core.runs.history import History
from core.runs.kept_rows import Row, texts_at
from workbench.app import WorkbenchApp
from workbench.screens.train.step_texts import StepPanel

SIZES = [(120, 36), (80, 24)]
TEXTS = [
    ("ham", "see you at home"),
    ("spam", "win [b]cash[/b] now,\tclaim"),
    ("ham", "我们明天三点在老地方见面,记得带上免费的入场券"),
    ("spam", "free entry"),
]


@pytest.fixture
def paused(runs, until):
    """`async with paused(size) as (run, pilot)` follows a run that stands after step 400."""

    @asynccontextmanager
    async def follow(size):
        run = runs.write("running", upto=400)
        write_rows(run)
        runs.append(run, now(e.Paused, 400))
        with runs.held(run):
            app = WorkbenchApp(load({"data": {"path": "SMSSpamCollection"}}), runs.root)
            async with app.run_test(size=size, notifications=True) as pilot:
                app.action_mode("train")  # a file that is named opens on Data
                await until(pilot, lambda: app.current_mode == "train" and app.session.followed.status is not None)
                yield run, pilot

    return follow


def write_rows(run):
    lines = (Row(i, text, label, "train") for i, (label, text) in enumerate(TEXTS))
    run.data_file.write_bytes(gzip.compress(b"".join(msgspec.json.encode(line) + b"\n" for line in lines)))


def now(kind, step, **kwargs):
    return kind(t=time.time(), attempt=1, step=step, **kwargs)


def step(number, rows=(1, 0, 2), loss=(1.5, 0.125, None)):
    """Such a step as its events: of three texts one is wrong, and one is left out."""
    labels = [("ham", "spam").index(TEXTS[row][0]) for row in rows]
    learned = {
        "rows": list(rows),
        "labels": labels,
        "answers": [0] * len(rows),
        "probabilities": [0.777, 0.882, 0.5][: len(rows)],
    }
    return [
        now(e.StepExamples, number, **learned, loss=list(loss)),
        now(e.Steps, number, loss=[0.7], lr=[5e-5], tokens=9, seconds=0.1, rss=1, n_steps=650),
        now(e.Paused, number),
    ]


def below(app, words):
    """The lines from the one that holds the words on."""
    lines = app.split("\n")
    return lines[next(i for i, line in enumerate(lines) if words in line) :]


@pytest.mark.parametrize("size", first(1, SIZES))
async def test_the_texts_of_a_step_stand_there_until_the_next(paused, runs, shown, until, size):
    async with paused(size) as (run, pilot):
        app, panel = pilot.app, pilot.app.screen.query_one(StepPanel)
        await until(pilot, lambda: "paused at step 400" in shown(app))
        assert not panel.display
        runs.append(run, *step(401))
        await until(pilot, lambda: "Step 401 learned from 3 texts" in shown(app))
        title, headings, *lines = below(shown(app), "Step 401")[:5]
        assert "1 wrong before it · highest loss first" in title and headings.split() == [
            "loss",
            "said",
            "label",
            "text",
        ]
        assert lines[0].split()[1:] == [
            "1.500",
            "✕",
            "wrong",
            "ham",
            "77.7",
            "%",
            "spam",
            "win",
            "[b]cash[/b]",
            "now,",
            "claim",
        ]
        assert lines[1].split() == ["0.125", "ham", "88.2", "%", "ham", "see", "you", "at", "home"]
        assert lines[2].split()[:5] == ["–", "ignored", "ham", "50.0", "%"]
        assert ("我们明天" in lines[2]) and ("…" in lines[2]) == (size == SIZES[1])
        assert app.screen.query_one("#loss").display
        assert panel in app.focused.ancestors
        runs.append(run, now(e.Continued, 401), *step(402, (3, 0), (0.7, 0.2)))
        await until(pilot, lambda: "Step 402 learned from 2 texts" in shown(app) and "free entry" in shown(app))
        await pilot.press("z")
        await until(pilot, lambda: not app.screen.query_one("#loss").display)
        assert "free entry" in shown(app) and panel.size.height > 15
        runs.append(run, now(e.Continued, 402), step(403)[1])
        await until(pilot, lambda: app.screen.query_one("#loss").display and "Step 402" not in shown(app))
        assert not panel.display and " Weight change " in shown(app)


@pytest.mark.more
async def test_in_a_small_window_the_log_has_its_turn_beside_a_step(paused, runs, shown, until):
    async with paused(SIZES[1]) as (run, pilot):
        log = pilot.app.screen.query_one("#log")
        runs.append(run, *step(401))
        await until(pilot, lambda: "Step 401" in shown(pilot.app) and not log.display)
        await pilot.press("ctrl+o", "g")
        await until(pilot, lambda: log.display and not pilot.app.screen.query_one("#loss").display)
        assert "learned from 3 texts, of which it had 1 wrong" in shown(pilot.app)


@pytest.mark.more
async def test_the_texts_of_a_step_come_beside_a_panel_that_was_enlarged(paused, runs, shown, until):
    async with paused(SIZES[0]) as (run, pilot):
        await pilot.press("z")
        await until(pilot, lambda: not pilot.app.screen.query_one("#weights").display)
        runs.append(run, *step(401))
        await until(pilot, lambda: "Step 401" in shown(pilot.app) and pilot.app.screen.query_one("#loss").display)
        await until(pilot, lambda: pilot.app.screen.query_one(StepPanel) in pilot.app.focused.ancestors)


async def test_rows_that_cannot_be_read_are_said_once(paused, runs, shown, until):
    async with paused(SIZES[0]) as (run, pilot):
        for harm, words in (
            (lambda: run.data_file.write_bytes(b"no rows"), "data.jsonl.gz is damaged."),
            (run.data_file.unlink, "data.jsonl.gz is missing."),
        ):
            harm()
            runs.append(run, *step(pilot.app.session.followed.history.step + 1))
            await until(pilot, lambda words=words: any(words in note.title for note in pilot.app._notifications))
        assert not pilot.app.screen.query_one(StepPanel).display


def test_only_the_lines_asked_for_are_read(runs):
    run = runs.write("stopped")
    write_rows(run)
    assert texts_at(run, [3, 0]) == {3: "free entry", 0: "see you at home"} and texts_at(run, []) == {}


def test_a_resume_forgets_the_step(runs):
    history = History()
    for event in step(401):
        history.apply(event)
    examples = history.step_examples
    assert examples.step == 401 and describe(examples) == "learned from 3 texts, of which it had 1 wrong"
    history.apply(now(e.Resumed, 400, from_step=400))
    assert history.step_examples is None
