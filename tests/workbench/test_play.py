"""Play, with the helper process and a run that a worker has trained."""

import asyncio
import json
import shutil
import time
from pathlib import Path

import pytest
from textual.events import Paste
from textual.widgets import TextArea

from core.recipe import load
from core.runs import classifiers
from core.runs import events as e
from core.runs.folder import RunFolder
from core.runs.predictions import AnsweredText, Prediction
from workbench.app import WorkbenchApp
from workbench.cli.main import main
from workbench.screens.play import token_curve
from workbench.screens.play.kept import Kept
from workbench.screens.play.run_dialog import Checkpoints
from workbench.screens.play.screen import HAM_OR_SPAM
from workbench.screens.play.verdict import Verdict
from workbench.screens.play.your_text import MOST, YourText
from workbench.widgets.panel import Panel

SIXTEEN = "of all that one two three four five six seven eight nine ten something morning together"
DUE = 60  # seconds in which anything here happens, on a busy machine too


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of it, whole wherever it lies, that may be damaged."""
    folder = tmp_path / "runs" / "r1"
    shutil.copytree(trained.path, folder)
    return RunFolder(folder)


def save_another(run: RunFolder, step: int) -> None:
    """A checkpoint like the last one, as its worker would announce it."""
    shutil.copytree(run.checkpoint("last"), run.checkpoints / str(step))
    (run.checkpoints / "best").write_text(str(step))
    with open(run.events_file, "ab") as file:
        file.write(e.encode(e.Checkpointed(name=str(step), best=True, step=step, attempt=1)))


async def opened(app, pilot):
    """Play, once it has answered, or has said why it does not."""
    await pilot.press("4")
    await until(pilot, lambda: app.screen.query(Verdict))
    await until(pilot, lambda: "Loading" not in said(app) and said(app))
    return app.screen


async def until(pilot, condition):
    end = time.monotonic() + DUE
    while not condition():
        assert time.monotonic() < end, said(pilot.app)
        await pilot.pause(0.02)


def said(app) -> str:
    """What stands in the Verdict panel."""
    return app.screen.query_one(Verdict).render().plain


def subtitle(app) -> str:
    return app.screen.query_one("#verdict", Panel).subtitle


def field(app) -> TextArea:
    return app.screen.query_one(TextArea)


def kept(app) -> list[str]:
    lines = app.screen.query_one(Kept)
    return [lines.line(i, 100).plain for i in range(lines.count)]


async def test_the_verdict_is_what_predict_says_of_what_is_typed(trained, capsys):
    long = "prize " * 40
    main(["predict", str(trained.path), "Free [b]prize[/b]", "", long, "--json"])
    free, empty, cut = json.loads(capsys.readouterr().out)
    app = WorkbenchApp(load(), trained.path.parent)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, pilot)
        assert "the answer to an empty text" in said(app) and f"This is {empty['label']}." in said(app)
        assert field(app).has_focus
        await pilot.press(*"Free ", "left_square_bracket", "b", "right_square_bracket")
        await pilot.press(*"prize", "left_square_bracket", "slash", "b", "right_square_bracket")
        assert field(app).text == "Free [b]prize[/b]"
        await until(pilot, lambda: shows(app, free))
        assert "r1 best, step" in subtitle(app) and subtitle(app).endswith(" ms · from random weights")
        assert "on the test set" in said(app).lower()
        field(app).text = long
        await until(pilot, lambda: shows(app, cut))
        assert "Only its first 16 tokens are read." in said(app)

        field(app).text = ""
        began = time.monotonic()
        app.post_message(Paste("a long line of words " * 5_000))
        await until(pilot, lambda: len(field(app).text) == MOST)
        await pilot.press("x")
        assert time.monotonic() - began < 5
        assert "no more fit" in app.screen.query_one("#text", Panel).subtitle
        field(app).text = ""
        app.post_message(Paste("one\r\ntwo \x1b[31m\ud800"))
        await until(pilot, lambda: field(app).text == "one\ntwo �[31m�")
        await until(pilot, lambda: "This is" in said(app))


def shows(app, prediction: dict) -> bool:
    shares = app.screen.query_one(Verdict)._answer.probabilities
    return shares == pytest.approx(prediction["probabilities"], abs=1e-5)


async def test_the_verdict_at_every_token_follows_what_is_typed_and_the_screens_size(trained, shown, capsys):
    main(["predict", str(trained.path), "free", "free prize", "--json"])
    shares = [answer["probabilities"]["spam"] for answer in json.loads(capsys.readouterr().out)]
    app = WorkbenchApp(load(), trained.path.parent)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(app, pilot)
        assert "spam %, after each token" in shown(app) and token_curve.HINT in shown(app)
        await type_and_wait(app, pilot, "free prize")
        assert under(shown(app), 2).split() == ["free", "prize"]
        assert under(shown(app), 5).split() == [token_curve.whole_percent(share) for share in shares]
        await type_and_wait(app, pilot, "[b]日本😀\n\t x")
        assert under(shown(app), 2).split() == ["[", "b", "]", "日", "本", "😀", "⏎", "⇥", "x"]
        percents = under(shown(app), 5)
        assert percents.index(percents.split()[4]) == 2 + 4 * 4  # 本 takes four cells with its gap, as the others do
        before = where(app, "#kept")
        await type_and_wait(app, pilot, "a" * 400)
        assert where(app, "#kept") == before
        assert len(app.screen.query_one(token_curve.Columns)._columns) <= 16 and "first 16 tokens" in said(app)

        await type_and_wait(app, pilot, SIXTEEN)
        assert under(shown(app), 2).split() == SIXTEEN.split() and " tokens ─" not in shown(app)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: under(shown(app), 1).rstrip().endswith("together"))
        row = under(shown(app), 1).split()
        assert row == SIXTEEN.split()[-len(row) :] and f"after {16 - len(row)} tokens ─" in shown(app)
        field(app).move_cursor((0, 0))
        await until(pilot, lambda: under(shown(app), 1).split()[0] == "of")
        assert f"{16 - len(under(shown(app), 1).split())} more ─" in shown(app)
        await pilot.press(*["right"] * 42)
        await until(pilot, lambda: "eight" in under(shown(app), 1).split())
        field(app).move_cursor(field(app).document.end)
        await until(pilot, lambda: under(shown(app), 1).split() == row)
        assert where(app, "#kept").bottom == 23
        await pilot.resize_terminal(80, 18)
        await until(pilot, lambda: not app.screen.query_one("#kept").display)
        assert " Kept " in shown(app) and "after each token" in shown(app)

        field(app).text = "free"
        app.screen._keep()
        field(app).text = "lunch"  # before there is an answer
        await until(pilot, lambda: kept(app) and "%" in kept(app)[0] and kept(app)[0].lstrip().startswith("free"))


async def test_another_readout_says_why_it_has_no_verdict_at_every_token(copied, shown):
    recipe = copied.recipe_file.read_text()
    copied.recipe_file.write_text(recipe.replace('readout = "last_real"', 'readout = "first"'))
    for manifest in copied.checkpoints.glob("*/manifest.json"):  # as if it had been trained so
        manifest.write_text(manifest.read_text().replace('"model.readout": "last_real"', '"model.readout": "first"'))
    app = WorkbenchApp(load(), copied.path.parent)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await type_and_wait(app, pilot, "free")
        assert "needs the readout last_real or mean, not first." in said(app)
        assert "after each token" not in shown(app)


async def type_and_wait(app, pilot, text: str) -> None:
    """Put a text into the field, and wait for its verdict."""
    field(app).show(text)  # with the cursor at its end
    await until(pilot, lambda: app.screen.query_one(Verdict)._answer.text == text)
    await pilot.pause()


def under(screen: str, below: int) -> str:
    """The line so far below the title of the verdicts at every token."""
    lines = screen.splitlines()
    return lines[next(i for i, line in enumerate(lines) if "after each token" in line) + below]


def where(app, query: str):
    return app.screen.query_one(query).region


async def test_examples_fit_the_classifier_before_it_is_loaded(trained):
    app = WorkbenchApp(load(), trained.path.parent)
    async with app.run_test(size=(80, 24)) as pilot:
        loads, ask = asyncio.Event(), app.session.model_helper.ask

        async def later(question, *args, **more):
            if question == "open":  # however fast a model is loaded, this one is not yet
                await loads.wait()
            return await ask(question, *args, **more)

        app.session.model_helper.ask = later
        await pilot.press("4")
        await until(pilot, lambda: app.screen.query(YourText) and field(app).earlier)
        assert field(app).earlier == list(HAM_OR_SPAM) and "Loading" in said(app)
        loads.set()
        await until(pilot, lambda: field(app).has_focus)
        await pilot.press("x", "enter")
        await until(pilot, lambda: field(app).earlier == ["x", *HAM_OR_SPAM])


@pytest.mark.more
async def test_sentences_are_kept_and_recalled(trained):
    app = WorkbenchApp(load(), trained.path.parent)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        await pilot.press("enter")
        assert kept(app) == []  # nothing but white space is not kept
        for example in HAM_OR_SPAM:
            await pilot.press("up")
            assert field(app).text == example
        await pilot.press("up", "down", "down", "down")
        assert field(app).text == ""

        await pilot.press(*"see", "ctrl+j", *"you", "enter")
        await until(pilot, lambda: kept(app) and "%" in kept(app)[0])
        assert kept(app)[0].lstrip().startswith("see you") and "r1, step" in kept(app)[0]
        await pilot.press(*"free", "enter", "enter")
        await until(pilot, lambda: len(kept(app)) == 2 and all("%" in line for line in kept(app)))
        assert app.session.draft.recipe.train.follow == ("see\nyou", "free")  # by the next run
        await pilot.press(*"and", "up")
        assert field(app).text == "free"
        await pilot.press("up")
        assert field(app).text == "see\nyou"
        await pilot.press("up", "down", "down", "down")
        assert field(app).text == "and"

        await pilot.press("1")
        assert field(app).text == "and1"
        await pilot.press("escape")
        assert app.screen.focused is None and field(app).text == "and1"
        await pilot.press("tab", "tab", "down", "y")
        assert app.clipboard == "see\nyou"
        await pilot.press("enter")
        assert field(app).has_focus and field(app).text == "see\nyou"
        await pilot.press("escape", "1")
        assert app.current_mode == "data"
        await pilot.press("4")
        await until(pilot, lambda: app.current_mode == "play" and field(app).has_focus)
        assert field(app).text == "see\nyou" and len(kept(app)) == 2


@pytest.mark.more
async def test_what_becomes_of_a_run_is_said_and_typing_goes_on(copied):
    weights = copied.checkpoint("best") / "weights.safetensors"
    whole, step = weights.read_bytes(), copied.checkpoint("best").name
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    app = WorkbenchApp(load(), copied.path.parent)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(app, pilot)
        assert "is damaged" in said(app) and "train again" in said(app)
        weights.write_bytes(whole)
        await pilot.press("a")
        await until(pilot, lambda: "This is" in said(app) and f"best, step {step}" in subtitle(app))

        save_another(copied, 999)
        await until(pilot, lambda: "best, step 999" in subtitle(app) and " ms" in subtitle(app))
        assert f"the test was of step {step}" in said(app)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.screen.query(Checkpoints) and app.screen.query_one(Checkpoints).count == 2)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.screen.query(Verdict) and f"last, step {step}" in subtitle(app))

        app.session.model_helper._process.kill()
        await pilot.press("b")
        await until(pilot, lambda: "helper ended without an answer" in said(app))
        await pilot.press("c")
        await until(pilot, lambda: "This is" in said(app))

        shutil.rmtree(copied.path)
        await pilot.press("d")
        await until(pilot, lambda: "✕" in said(app) or "No classifier yet" in said(app))
        await pilot.press("e")
        await until(pilot, lambda: "No classifier yet" in said(app))
        assert field(app).text == "abcde" and not field(app).disabled


async def test_without_a_run_t_trains_one(tmp_path):
    app = WorkbenchApp(load({"data": {"path": "gone.csv"}}), tmp_path / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert said(app) == "No classifier yet. t trains one."
        assert not app.screen.query_one("#text").display
        await until(pilot, lambda: app.session.draft.problem is not None)
        await pilot.press("t")
        await until(pilot, lambda: len(app._notifications))
        assert "There is no file" in next(iter(app._notifications)).title


async def test_who_has_left_the_text_is_not_put_back_into_it_by_a_dialog_but_by_coming_again(tmp_path):
    app = WorkbenchApp(load({"data": {"path": "gone.csv"}}), tmp_path / "runs")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        field(app).disabled = False
        field(app).load_text("with a text it stays open")
        field(app).focus()
        await pilot.press("escape", "ctrl+p", "escape")
        await until(pilot, lambda: app.screen.query(Verdict))
        assert not field(app).has_focus
        await pilot.press("1")
        for key in ("4", "x"):  # in one packet
            app.simulate_key(key)
        await until(pilot, lambda: app.screen.query(Verdict) and field(app).has_focus)
        await until(pilot, lambda: "x" in field(app).text)


async def test_a_run_without_a_checkpoint_says_when_it_can_be_asked(runs):
    run = runs.write("running", upto=40)
    with runs.held(run):
        app = WorkbenchApp(load(), runs.root)
        async with app.run_test(size=(80, 24)) as pilot:
            await opened(app, pilot)
            await until(pilot, lambda: "r1 can be asked once" in said(app))


def test_how_often_it_was_right_when_this_sure():
    tested = classifiers.Tested(
        7,
        [
            AnsweredText(i, "", label if right else "", label, probability, False)
            for i, (label, probability, right) in enumerate(
                [("spam", 0.9, True), ("spam", 0.912345, False), ("spam", 0.99, True), ("ham", 0.6, True)]
            )
        ],
    )
    assert tested.times("spam", 0.95) == (1, 1)
    assert tested.times("spam", 0.9123451) == (1, 2)  # written to six places
    assert tested.times("spam", 0.5) == (2, 3)
    assert tested.times("spam", 0.999) == (0, 0)
    assert tested.times("other", 0.5) == (0, 0)

    def said(label: str, probability: float) -> str:
        asked = classifiers.Opened(classifiers.Asked(Path("r1")), 7, "best", [], 16, False, tested, "", None)
        return classifiers.on_the_test(asked, Prediction("", label, {label: probability}, False))

    assert said("spam", 0.5) == "When this sure on the test set, it was right 2 of 3 times."
    assert said("spam", 0.95) == "On the test set it was this sure of spam once, and that was right."
    assert said("spam", 0.999) == "On the test set it was never this sure of spam."
    tested.step = 6
    assert said("spam", 0.5) == "Not tested: the test was of step 6."


@pytest.mark.parametrize("room", [7, 20, 76])
def test_one_row_scrolls_by_half_of_it_and_shows_the_end(room):
    widths = [3 + i % 5 for i in range(60)]
    starts = []
    for n in range(1, len(widths) + 1):
        (row,) = token_curve.scrolled(widths[:n], room, n - 1)
        shown = widths[row]
        assert row.stop == n and sum(shown) + len(shown) - 1 <= room
        starts.append(row.start)
    assert starts == sorted(starts) and (room < 20 or len(set(starts)) < len(widths) / 2)
    assert not list(token_curve.scrolled([], room, 0)) and not list(token_curve.wrapped([], room))


def test_one_row_shows_what_the_cursor_stands_at():
    widths = [5] * 60
    for at in range(60):
        (row,) = token_curve.scrolled(widths, 29, at)
        assert row.start <= at < row.stop and row.stop - row.start >= 3
        assert sum(widths[row]) + row.stop - row.start - 1 <= 29
    (row,) = token_curve.scrolled(widths, 29, 0)
    assert row == slice(0, 5)


def test_rows_are_as_wide_as_there_is_room_and_hold_every_column_once():
    widths = [3 + i % 5 for i in range(60)] + [40]
    rows = list(token_curve.wrapped(widths, 30))
    assert [i for row in rows for i in range(row.start, row.stop)] == list(range(61))
    assert all(sum(widths[row]) + row.stop - row.start - 1 <= 30 for row in rows[:-1])


def test_shares_as_percentages_and_bars():
    shares = (0, 0.004, 0.007, 0.5, 0.994, 0.996, 1)
    assert [token_curve.whole_percent(share) for share in shares] == ["<1", "<1", "1", "50", "99", ">99", ">99"]
    assert "".join(token_curve.level(share, 1, 0) for share in (0, 0.5, 1)) == "▁▄█"
    assert ["".join(token_curve.level(share, 2, line) for line in (0, 1)) for share in (0, 0.3, 0.75, 1)] == [
        " ▁",
        " ▅",
        "▄█",
        "██",
    ]


def test_two_labels_have_the_curve_of_the_one_that_is_rarer_in_the_test_else_of_the_second(runs):
    # 149 texts of ham in the test, 151 of spam
    assert classifiers._sought(runs.write("done"), ["ham", "spam"]) == "ham"
    assert classifiers._sought(runs.write("stopped"), ["ham", "spam"]) == "spam"
