"""Model: options that take several values, questions that several runs answer, and what starts them."""

from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input

from core.recipe import load
from core.runs import group as groups
from core.runs import queue
from workbench.app import WorkbenchApp
from workbench.screens.command_dialog import CommandDialog
from workbench.screens.confirm_dialog import ConfirmDialog
from workbench.screens.model.folds_dialog import FoldsDialog
from workbench.screens.model.questions_dialog import Questions, QuestionsDialog
from workbench.screens.model.recipe_form import Options
from workbench.screens.model.vary_dialog import VaryDialog
from workbench.screens.runs.run_table import RunTable

SIZES = [(80, 24), pytest.param((120, 36), marks=pytest.mark.more)]


@pytest.fixture
def opened(runs, until, messages):
    """The app on Model beside a run that trains, so that nothing else begins; what waits at the end is taken out."""

    @asynccontextmanager
    async def look(size=(80, 24), **layers):
        busy = runs.write("running")
        with runs.held(busy):
            app = WorkbenchApp(load({"data": {"path": str(messages)}}, layers), runs.root)
            async with app.run_test(size=size, notifications=True) as pilot:
                app.action_mode("model")
                await until(pilot, lambda: app.current_mode == "model" and app.screen.query(Options))
                await until(pilot, lambda: app.session.draft.profile is not None and app.session.draft.models)
                yield pilot
            for run in queue.waiting(runs.root):
                queue.take_out(run)

    return look


@pytest.fixture
def vary(until):
    """Have an option take several values, as a person types them."""

    async def vary(pilot, name: str, words: str) -> None:
        app = pilot.app
        app.screen.action_show_option(name)
        await until(pilot, lambda: isinstance(app.screen.focused, Options) and app.screen.focused.option.name == name)
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.screen, VaryDialog))
        app.screen.query_one("#values", Input).value = words
        await pilot.press("enter")
        await pilot.pause()

    return vary


def shown_whole(app) -> str:
    """The command line that is on show."""
    return "".join(str(each.render()) for each in app.screen.query("#command"))


async def on_model(pilot, until) -> None:
    await until(pilot, lambda: not isinstance(pilot.app.screen, VaryDialog))


@pytest.mark.parametrize("size", SIZES)
async def test_two_options_that_vary_become_a_group_once_one_has_agreed(opened, vary, runs, shown, until, size):
    async with opened(size) as pilot:
        app = pilot.app
        await vary(pilot, "train.lr", "1e-4, 3e-4")
        await on_model(pilot, until)
        await vary(pilot, "train.batch", "8|16")
        await on_model(pilot, until)
        await until(pilot, lambda: "8 | 16" in shown(app) and "1e-4 | 3e-4" in shown(app))
        words = "all runs 12, about" if size[1] > 30 else "12 runs, about"
        assert words in shown(app) and "4 settings × 3 seeds" in shown(app)
        app.screen.action_command_line()
        await until(pilot, lambda: "--set 'train.lr=1e-4|3e-4' --set 'train.batch=8|16' --seeds 3" in shown_whole(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, CommandDialog))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        words = shown(app)
        assert "Start 12 runs" in words and "train.lr: 1e-4 | 3e-4" in words and "after r1, which trains now" in words
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
        assert groups.names(runs.root) == []
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "runs" and "0 of 12 done" in shown(app))
        table = app.screen.query_one(RunTable)
        await until(pilot, lambda: table.fold is not None and table.fold.name == "sweep-1")
        assert len(queue.waiting(runs.root)) == 12 and not app.session.sweep.varied
        recipes = {(run.recipe().train.lr, run.recipe().train.batch) for run in queue.waiting(runs.root)}
        assert recipes == {(1e-4, 8), (1e-4, 16), (3e-4, 8), (3e-4, 16)}


@pytest.mark.more
@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("1e-4,banana", "train.lr: cannot be 'banana'"),
        ("1e-4,", "has an empty value"),
        ("1e-4,1e-4", "has 1e-4 twice"),
        ("-1,-2", "train.lr:"),
        (",".join(f"{i}e-9" for i in range(1, 3400)), "10,000 are the most"),
    ],
)
async def test_values_that_make_no_recipe_are_said_before_anything_starts(opened, vary, shown, until, words, says):
    async with opened() as pilot:
        app = pilot.app
        await vary(pilot, "train.lr", words)
        await until(pilot, lambda: says in " ".join(shown(app).split()))
        assert isinstance(app.screen, VaryDialog) and not app.session.sweep.varied
        app.screen.query_one("#values", Input).value = ""
        await pilot.press("enter")
        await on_model(pilot, until)
        assert not app.session.sweep.varied


async def test_seeds_that_are_none_are_said(opened, shown, until):
    async with opened() as pilot:
        app = pilot.app
        for typed, says in (("x", "Seeds are a number"), ("0", "seeds: cannot be 0"), ("", "Seeds are a number")):
            app.screen.action_vary("train.lr")
            await until(pilot, lambda: isinstance(app.screen, VaryDialog) and app.screen.query("#seeds"))
            app.screen.query_one("#values", Input).value = "1e-4,1e-3"
            app.screen.query_one("#seeds", Input).value = typed
            await pilot.press("enter")
            await until(pilot, lambda says=says: says in shown(app))
            await pilot.press("escape")
            await on_model(pilot, until)


async def test_what_no_longer_goes_with_the_recipe_is_said_at_its_option(opened, vary, runs, shown, until):
    async with opened((120, 36), train={"warmup": 0.1}) as pilot:
        app = pilot.app
        await vary(pilot, "model.context", "64, 512")
        await on_model(pilot, until)
        app.session.draft.start_from("tfidf")
        app.session.draft.start_from("gpt2")
        app.session.sweep.varied = {"model.context": ["64", "4096"]}
        await pilot.press("t")
        await until(pilot, lambda: app.session.sweep.problems)
        await until(pilot, lambda: "✕ 64 | 4096" in shown(app))
        assert not isinstance(app.screen, ConfirmDialog) and groups.names(runs.root) == []
        await pilot.press("escape")
        await until(pilot, lambda: "✕ 64 | 4096" not in shown(app))


@pytest.mark.more
async def test_models_and_layers_vary_from_their_own_panels(opened, shown, until):
    async with opened((120, 36)) as pilot:
        app = pilot.app
        for keys, words, says in (
            (("ctrl+o", "b", "space"), "nano,tfidf", "nano | tfidf"),
            (("V",), "last_block,blocks.5,norm,head|all", ""),
            (("V",), "last_block|all", "last_block | all"),
        ):
            await pilot.press(*keys)
            await until(pilot, lambda: isinstance(app.screen, VaryDialog) and app.screen.query("#values"))
            app.screen.query_one("#values", Input).value = words
            await pilot.press("enter")
            await pilot.pause()
            await until(pilot, lambda says=says: not says or says in shown(app))
            if isinstance(app.screen, VaryDialog):
                await pilot.press("escape")
            await on_model(pilot, until)
        assert app.session.sweep.varied == {"model.name": ["nano", "tfidf"], "freeze.trainable": ["last_block", "all"]}


@pytest.mark.parametrize("size", SIZES)
async def test_questions_by_name_say_their_runs_and_start_the_same_way(opened, runs, shown, until, size):
    async with opened(size) as pilot:
        app = pilot.app
        await pilot.press("Q")
        await until(pilot, lambda: isinstance(app.screen, QuestionsDialog) and app.screen.query_one(Questions).count)
        await pilot.press("j")
        await until(pilot, lambda: "last block | all layers" in shown(app) and "6 runs, about" in shown(app))
        await pilot.press("tab", "left")
        await until(pilot, lambda: "4 runs, about" in shown(app))
        await pilot.press("shift+tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "runs" and "0 of 4 done" in shown(app))
        assert groups.find(runs.root, "last-block-or-all-1").exercise == "last-block-or-all"
        await until(pilot, lambda: "Is it enough that the last block learns?" in shown(app))


async def test_a_question_that_has_no_answer_here_says_why(opened, shown, until):
    async with opened() as pilot:
        app = pilot.app
        app.session.draft.start_from("tfidf")
        await pilot.press("Q")
        await until(pilot, lambda: "tfidf counts words" in " ".join(shown(app).lower().split()))
        await pilot.press("enter")
        assert isinstance(app.screen, QuestionsDialog)
        await pilot.press("escape")
        app.session.draft.start_from("nano")
        await pilot.press("Q", "G")
        await until(pilot, lambda: "rows to learn from, and a curve begins at 50" in " ".join(shown(app).split()))
        assert "--" not in shown(app)


async def test_more_than_a_hundred_runs_are_agreed_to_by_their_number(opened, vary, runs, shown, until):
    async with opened() as pilot:
        app = pilot.app
        await vary(pilot, "train.lr", ",".join(f"{i}e-5" for i in range(1, 41)))
        await on_model(pilot, until)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen.query(Input))
        assert "120 runs are many" in shown(app) and "32 more" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Type 120 to agree" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
        assert groups.names(runs.root) == []


@pytest.mark.more
async def test_the_same_sweep_goes_on_where_it_is_not_done(opened, vary, runs, shown, until):
    async with opened((120, 36)) as pilot:
        app = pilot.app
        for said in ("They are the group sweep-1", "The group sweep-1 goes on"):
            app.action_mode("model")
            await until(pilot, lambda: app.current_mode == "model")
            await vary(pilot, "train.lr", "1e-4, 3e-4")
            await on_model(pilot, until)
            await pilot.press("t")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            assert said in shown(app)
            await pilot.press("enter")
            await until(pilot, lambda: app.current_mode == "runs")
        assert groups.names(runs.root) == ["sweep-1"] and len(queue.waiting(runs.root)) == 6


@pytest.mark.parametrize("size", SIZES)
async def test_folds_become_a_group_of_which_every_run_tests_another_part(opened, runs, shown, until, size):
    async with opened(size) as pilot:
        app = pilot.app
        await pilot.press("F")
        await until(pilot, lambda: isinstance(app.screen, FoldsDialog) and "5 runs: 5 folds." in shown(app))
        app.screen.query_one("#folds", Input).value = "3"
        await until(pilot, lambda: "3 runs: 3 folds." in shown(app))
        await pilot.press("enter")
        await on_model(pilot, until)
        app.screen.action_show_option("data.fold")
        words = "all runs 3, about" if size[1] > 30 else "3 runs, about"
        await until(pilot, lambda: "3 folds" in shown(app) and words in shown(app))
        app.screen.action_command_line()
        await until(pilot, lambda: "--folds 3 --seeds 1" in shown_whole(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, CommandDialog))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and "every row is tested once" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "runs" and "0 of 3 done" in shown(app))
        assert [run.recipe().data.fold for run in queue.waiting(runs.root)] == ["1/3", "2/3", "3/3"]
        assert not app.session.sweep.marked


async def test_folds_that_the_rows_do_not_allow_are_said_in_the_dialog(opened, shown, until):
    async with opened() as pilot:
        app = pilot.app
        for typed, says in (
            ("x", "Folds and seeds are numbers"),
            ("1", "folds: cannot be 1. Two are the fewest."),
            ("5000", "5,000 folds cannot be made of"),
        ):
            await pilot.press("F")
            await until(pilot, lambda: isinstance(app.screen, FoldsDialog) and app.screen.query("#folds"))
            app.screen.query_one("#folds", Input).value = typed
            await pilot.press("enter")
            await until(pilot, lambda says=says: says in " ".join(shown(app).split()))
            await pilot.press("escape")
            await on_model(pilot, until)
        assert not app.session.sweep.marked


async def test_folds_are_taken_back_where_their_field_is_emptied(opened, shown, until):
    async with opened() as pilot:
        app = pilot.app
        await app.session.sweep.cut(4, 2)
        app.screen.action_show_option("data.fold")
        await until(pilot, lambda: "4 folds" in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: isinstance(app.screen, FoldsDialog) and "8 runs: 2 seeds × 4 folds." in shown(app))
        app.screen.query_one("#folds", Input).value = ""
        await pilot.press("enter")
        await on_model(pilot, until)
        assert not app.session.sweep.marked and app.session.sweep.plan.n_runs == 2
