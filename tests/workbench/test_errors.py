"""From every number to its texts, and back; what can be copied and exported there."""

import csv
import io
import stat
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from cases import first
from core.recipe import load
from core.runs.result import parsed
from workbench.app import WorkbenchApp
from workbench.formatting import name_width, named
from workbench.screens.data.rows import Rows
from workbench.screens.play.screen import PlayScreen
from workbench.screens.play.your_text import YourText
from workbench.screens.save_dialog import SaveDialog
from workbench.screens.train.errors_screen import ErrorsScreen
from workbench.session import copying
from workbench.widgets.errors import Errors
from workbench.widgets.footer import Footer
from workbench.widgets.panel import Panel
from workbench.widgets.per_class import PerClass


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """A terminal that takes a text for its clipboard."""
    for name in ("TMUX", "STY", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def opened(runs, until):
    @asynccontextmanager
    async def open_train(run, size=(120, 36), data="SMSSpamCollection"):
        app = WorkbenchApp(load({"data": {"path": str(data)}}), runs.root)
        async with app.run_test(size=size, notifications=True) as pilot:
            app.action_mode("train")
            await until(pilot, lambda: app.session.followed.status is not None and app.screen.has_class("-done"))
            await pilot.pause()
            yield pilot

    return open_train


def texts(app) -> list[str]:
    return [one.text.split()[0] for one in app.screen.query_one(Errors).items]


def rule(app) -> str:
    return app.screen.query_one("#mistakes", Panel).subtitle


async def errors_of(pilot, until):
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, ErrorsScreen) and pilot.app.screen.query(Errors))
    await until(pilot, lambda: pilot.app.screen.query_one(Errors).mistakes is not None)
    return pilot.app.screen.query_one(Errors)


@pytest.mark.parametrize("size", first(1, [(120, 36), (80, 24)]))
async def test_errors_are_searched_filtered_and_sorted(opened, runs, until, size):
    async with opened(runs.write("done"), size) as pilot:
        app = pilot.app
        await errors_of(pilot, until)
        assert texts(app) == ["Hello", "Did", "2/2", "我们明天三点在老地方见面,记得带上免费的入场券"]
        await pilot.press("f")
        assert rule(app).startswith("ham taken for spam, 2 of 4 errors") and texts(app)[0] == "Hello"
        await pilot.press("f")
        assert rule(app).startswith("spam taken for ham, 2 of 4 errors") and texts(app) == ["Did", "2/2"]
        await pilot.press("f")
        assert rule(app).startswith("ham taken for others, 2 of 4")
        await pilot.press("escape", "c")
        assert rule(app).startswith("surer than 90 %, 2 of 4") and texts(app) == ["Hello", "Did"]
        await pilot.press("escape", "o", "O")
        assert rule(app) == "4 errors, by row, last first" and texts(app)[-1] == "Hello"
        await pilot.press("slash", *"divorce", "enter")
        assert texts(app) == ["Did"] and "“divorce”" in rule(app)
        await pilot.press("escape")
        assert len(texts(app)) == 4 and isinstance(app.screen, ErrorsScreen)
        await pilot.press("escape")
        assert not isinstance(app.screen, ErrorsScreen)


async def test_an_error_leads_to_play_and_back_to_where_one_was(opened, runs, until):
    run = runs.write("done")
    async with opened(run) as pilot:
        app = pilot.app
        await errors_of(pilot, until)
        await pilot.press("f", "j", "enter")
        await until(pilot, lambda: isinstance(app.screen, PlayScreen) and app.screen.query(YourText))
        await until(pilot, lambda: app.screen.query_one(YourText).text.startswith("我们明天"))
        assert app.screen._chosen == (run.path, "650")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ErrorsScreen))
        assert rule(app).startswith("ham taken for spam") and app.screen.query_one(Errors).cursor == 1
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlayScreen))
        await pilot.press("x", "escape")  # which has been written in, so that esc leaves the field first
        assert isinstance(app.screen, PlayScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ErrorsScreen))


@pytest.mark.more
async def test_an_error_leads_to_its_row_on_data_where_that_is_the_file(opened, runs, messages, until):
    run = runs.write("done", data={"path": str(messages)})
    runs.write_predictions(run, [("ham", "spam", 0.9, f"some words of number {i}") for i in range(40)])
    async with opened(run, data=messages) as pilot:
        app = pilot.app
        await until(pilot, lambda: app.session.draft.profile is not None)
        errors = await errors_of(pilot, until)
        errors.cursor = 33
        await pilot.press("D")
        await until(pilot, lambda: app.current_mode == "data" and app.screen.query(Rows))
        await until(pilot, lambda: (row := app.screen.query_one(Rows).row) is not None and row.row == 33)
        assert app.screen.query_one(Rows).total == 60
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ErrorsScreen) and app.screen.query_one(Errors).cursor == 33)


@pytest.mark.more
async def test_where_data_shows_another_file_a_sentence_says_so(opened, runs, messages, shown, until):
    async with opened(runs.write("done"), data=messages) as pilot:
        await errors_of(pilot, until)
        await pilot.press("D")
        await until(pilot, lambda: "not the file of r1." in shown(pilot.app))
        assert isinstance(pilot.app.screen, ErrorsScreen)


async def test_a_class_and_a_cell_lead_to_their_errors(opened, runs, until):
    async with opened(runs.write("done")) as pilot:
        app, labels = pilot.app, pilot.app.screen.query_one(PerClass)
        labels.focus()
        for keys, words in ((["j"], "spam taken for others"), (["k", "right", "right"], "ham taken for spam")):
            await pilot.press(*keys, "enter")
            await until(pilot, lambda: isinstance(app.screen, ErrorsScreen) and rule(app))
            assert rule(app).startswith(f"{words}, 2 of 4")
            await pilot.press("escape")
            assert app.screen.query_one(PerClass).has_focus


async def test_headings_stand_over_their_figures_whatever_the_list_shows(opened, runs, shown, until):
    run = runs.write("done")
    async with opened(run) as pilot:
        labels = pilot.app.screen.query_one(PerClass)
        for names in (["a_longer_name", "another_name"], ["ham", "spam"]):
            document = runs.result(run)
            document["labels"] = names
            figures = document["test"]["per_class"].values()
            document["test"]["per_class"] = dict(zip(names, figures, strict=True))
            labels.show(parsed(document))
            await until(pilot, lambda names=names: names[0] in shown(pilot.app))
            headings = labels.headings(labels.scrollable_content_region.width).plain
            assert headings.rstrip() in shown(pilot.app)


async def test_errors_are_copied_and_exported_and_no_file_is_replaced_unasked(opened, runs, tmp_path, until):
    async with opened(runs.write("done")) as pilot:
        app = pilot.app
        await errors_of(pilot, until)
        await pilot.press("f", "y")
        assert app.clipboard.startswith("Hello darling")
        path = tmp_path / "errors.csv"
        path.write_text("mine")
        await pilot.press("x")
        assert isinstance(app.screen, SaveDialog) and app.screen.query_one(Input).value == "r1-errors.csv"
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        assert path.read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ErrorsScreen))
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
        assert [(row["row"], row["label"], row["predicted"]) for row in rows] == [
            ("0", "ham", "spam"),
            ("3", "ham", "spam"),
        ]


@pytest.mark.more
async def test_curves_result_and_picture_are_written(opened, runs, tmp_path, until):
    async with opened(runs.write("done")) as pilot:
        app = pilot.app
        app.screen.query_one("#loss", Panel).enter()
        for key, start in (("x", "curve,step,value"), ("X", "# r1"), ("f8", "<svg")):
            await pilot.press(key)
            assert isinstance(app.screen, SaveDialog)
            path = tmp_path / f"file-{key}"
            app.screen.query_one(Input).value = str(path)
            await pilot.press("enter")
            await until(pilot, lambda path=path: path.is_file() and not isinstance(app.screen, SaveDialog))
            assert path.read_text().startswith(start)


@pytest.mark.more
async def test_runs_copy_their_command(opened, runs, until):
    async with opened(runs.write("done")) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: pilot.app.screen.has_class("-some"))
        await pilot.press("y")
        assert pilot.app.clipboard == f"workbench show r1 --runs {runs.root}"


@pytest.mark.parametrize(
    ("env", "text", "why"),
    [({"TERM": "linux"}, "a text", "takes no text"), ({}, "x" * 60_000, "too long"), ({"TMUX": "x"}, "a", "tmux")],
)
async def test_what_no_clipboard_takes_is_in_a_file_of_the_person_alone(
    opened, runs, monkeypatch, tmp_path, shown, until, env, text, why
):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    if "TMUX" in env:
        monkeypatch.setenv("PATH", str(tmp_path))  # without tmux
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    async with opened(runs.write("done")) as pilot:
        await copying.copy(pilot.app, text)
        path = tmp_path / "cache" / "copied" / "copied.txt"
        assert path.read_text() == text and stat.S_IMODE(path.stat().st_mode) == 0o600
        await until(pilot, lambda: "Written to a file" in shown(pilot.app) and why in shown(pilot.app))
        assert pilot.app.clipboard == ""


@pytest.mark.more
async def test_in_tmux_a_text_goes_to_tmux(opened, runs, monkeypatch, tmp_path, shown, until):
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\n/bin/cat > {tmp_path}/got\n')
    tmux.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TMUX", "x")
    async with opened(runs.write("done")) as pilot:
        await copying.copy(pilot.app, "免费 text")
        assert (tmp_path / "got").read_text() == "免费 text"
        assert (tmp_path / "said").read_text().split() == ["load-buffer", "-w", "-"]
        await until(pilot, lambda: "Copied into tmux" in shown(pilot.app))


def test_names_with_the_same_beginning_differ_where_they_are_cut():
    names = ["balance_not_updated_after_bank_transfer", "balance_not_updated_after_cheque_or_cash_deposit", "我们" * 30]
    for width in range(1, 60):
        shown = [named(name, width) for name in names]
        assert [cell_len(each) for each in shown] == [width] * 3
        assert shown[0] != shown[1] or width < 6
    assert named("a\tb", 9, fill=False) == "a b"
    assert name_width(names[:2], 20) == 20 and name_width(["ham"], 20) == 5


@pytest.mark.more
async def test_keys_that_need_an_error_are_not_offered_where_every_text_is_right(opened, runs, until):
    run = runs.write("done")
    runs.write_predictions(run, [("ham", "ham", 0.9, "some words")])
    async with opened(run) as pilot:
        app = pilot.app
        errors = await errors_of(pilot, until)
        assert errors.nothing() == "Every test text is right."
        hints = app.screen.query_one(Footer).render().plain
        assert not any(word in hints for word in ("try it", "find", "filter", "sort", "how sure", "row"))
        await pilot.press("x", "slash", "f", "o", "c", "D")
        assert errors.has_focus and isinstance(app.screen, ErrorsScreen)
        assert app.screen.query_one(Footer).hint == "Every test text is right."


@pytest.mark.more
async def test_a_key_of_train_leads_back_there_from_its_errors(opened, runs, until):
    async with opened(runs.write("done")) as pilot:
        await errors_of(pilot, until)
        await pilot.press("L")
        assert pilot.app.screen.query_one(Footer).hint == "L works in Train: esc"
