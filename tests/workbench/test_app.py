"""The shell: screens, keys, help, palette, themes, and what quitting leaves behind."""

import os
import time

import pytest
from textual.widgets import Input

from cases import first
from core.recipe import load
from core.runs import last_visit
from workbench import keys, themes
from workbench.app import WorkbenchApp
from workbench.screens.data.notes import Notes
from workbench.screens.explain_dialog import ExplainDialog
from workbench.screens.help import Help
from workbench.screens.jump import Jump
from workbench.screens.palette import Palette
from workbench.screens.save_dialog import SaveDialog
from workbench.session.session import Session
from workbench.widgets.footer import Footer
from workbench.widgets.header import Header
from workbench.widgets.layers import Layers


@pytest.fixture
def app(messages, tmp_path):
    return WorkbenchApp(load({"data": {"path": str(messages)}}), tmp_path / "runs")


@pytest.fixture
def empty(tmp_path):
    """As it opens for the first time."""
    return WorkbenchApp(load(), tmp_path / "runs")


def header(app) -> str:
    return app.screen.query_one(Header).render().plain


def footer(app) -> str:
    return app.screen.query_one(Footer).render().plain


async def test_it_opens_on_data_and_digits_lead_to_every_screen(empty):
    async with empty.run_test() as pilot:
        assert empty.current_mode == "data"
        (first, *others) = enumerate(keys.MODES, 1)
        for number, mode in (*others, first):
            await pilot.press(str(number))
            assert empty.current_mode == mode
            assert f"▌{number} {keys.MODES[mode]}" in header(empty)


async def test_a_click_on_the_header_leads_to_its_screen(empty):
    async with empty.run_test(size=(80, 24)) as pilot:
        await pilot.click(Header, offset=(header(empty).index("Model"), 0))
        assert empty.current_mode == "model"


async def test_a_screen_keeps_its_state_while_another_is_shown(app, until):
    async with app.run_test() as pilot:
        await pilot.press("2")
        await pilot.press("j", "j")
        stood = app.screen.query_one(Layers).part
        await pilot.press("1", "2")
        assert app.screen.query_one(Layers).part == stood


async def test_it_opens_on_train_where_a_run_is_alive_and_follows_it(runs, until):
    run = runs.write("running")
    with runs.held(run):
        app = WorkbenchApp(load(), run.path.parent)
        async with app.run_test(size=(120, 36)) as pilot:
            assert app.current_mode == "train"
            await until(pilot, lambda: app.session.followed.status is not None)
            assert app.session.followed.run.name == run.name and app.session.followed.history.step == 400
            assert f"● {run.name} 62 %" in header(app)


async def test_the_newest_run_is_on_the_desk_when_it_has_ended(runs, until):
    runs.write("done")
    run = runs.write("failed")
    app = WorkbenchApp(load(), runs.root)
    async with app.run_test(size=(120, 36)) as pilot:
        assert app.current_mode == "data"
        await until(pilot, lambda: app.session.followed.status is not None)
        assert f"{run.name} ✕ failed" in header(app)


async def test_who_comes_back_lands_on_what_ended_meanwhile(runs, shown, until):
    runs.write("done")
    async with WorkbenchApp(load(), runs.root).run_test():
        pass
    an_hour_ago = time.time() - 3600
    os.utime(runs.root / last_visit.LEFT, (an_hour_ago, an_hour_ago))
    runs.write("done")
    app = WorkbenchApp(load(), runs.root)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        assert app.current_mode == "train"
        await until(pilot, lambda: app._notifications)  # before it goes again: to paint may take longer
        [note] = app._notifications
        await until(pilot, lambda: "98.3 %" in shown(app))
        assert note.title == "r2 went on without you" and note.message.startswith("650 steps, best 9")
    again = WorkbenchApp(load(), runs.root)
    assert again.DEFAULT_MODE == "data"


@pytest.mark.more
async def test_the_session_says_when_a_run_moves_on_and_when_another_is_followed(runs, until):
    run, other = runs.write("running", upto=100), runs.write("done")
    told = []
    with runs.held(run):
        app = WorkbenchApp(load(), runs.root)
        async with app.run_test() as pilot:
            await until(pilot, lambda: app.session.followed.status is not None)
            app.session.followed.run_changed.subscribe(app, lambda followed: told.append(followed.history.step))
            runs.append(run, *[event for event in runs.events(run, 650, 110) if event.step == 110])
            await until(pilot, lambda: 110 in told)
            app.session.followed.follow(other)
            await until(pilot, lambda: app.session.followed.status and app.session.followed.status.state == "done")
            assert app.session.followed.run is other and app.session.followed.history.step == 650


async def test_quitting_with_a_live_run_says_that_it_goes_on(runs, until, capsys):
    run = runs.write("running")
    with runs.held(run):
        app = WorkbenchApp(load(), runs.root)
        async with app.run_test() as pilot:
            await until(pilot, lambda: app.session.followed.status is not None)
            await pilot.press("q")
        said = capsys.readouterr().err
        assert said.strip() == f"{run.name} goes on without this window. Come back with: workbench"
        assert run.locked()


@pytest.mark.more
async def test_quitting_without_a_run_says_nothing_and_ends_the_helper(app, until, capsys):
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.session.draft.profile is not None)
        process = app.session.data_helper._process
        await pilot.press("q")
    assert not capsys.readouterr().err
    assert process.returncode is not None


async def test_the_helper_of_models_is_started_before_it_is_asked(empty, until, monkeypatch):
    monkeypatch.setattr("workbench.app.WARM_AFTER", 0.01)
    async with empty.run_test() as pilot:
        await until(pilot, lambda: empty.session.model_helper._process)


@pytest.mark.more
async def test_esc_never_quits_and_a_letter_in_a_field_is_typed(app, until):
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.session.draft.profile is not None)
        await pilot.press("escape", "escape")
        await pilot.press("slash", "q", "2", "?")
        field = app.screen.focused
        assert isinstance(field, Input) and field.value == "q2?"
        assert app.current_mode == "data"
        await pilot.press("escape")
        assert not isinstance(app.screen.focused, Input) and field.value == "q2?"
        await pilot.press("2")
        assert app.current_mode == "model"


async def test_the_footer_says_at_most_six_keys_that_work_here_and_esc_in_a_field(app, until):
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.session.draft.profile is not None)
        assert footer(app).split("  ")[0].strip() == "enter tokens"
        assert footer(app).rstrip().endswith("? all keys")
        assert len(app.screen.query_one(Footer)._hints()) <= 6
        await pilot.press("slash")
        assert "esc leave the field" in footer(app)


async def test_before_the_data_is_read_the_footer_offers_no_training(empty):
    async with empty.run_test():
        assert "train" not in footer(empty) and "enter file" in footer(empty)


async def test_help_lists_the_keys_of_the_screen_and_closes_with_what_opened_it(empty):
    async with empty.run_test(size=(80, 24)) as pilot:
        for opens, dialog in (("question_mark", Help), ("f1", ExplainDialog)):
            for key in (opens, "escape"):
                await pilot.press(opens)
                assert isinstance(empty.screen, dialog)
                await pilot.press(key)
                assert not isinstance(empty.screen, dialog)


@pytest.mark.more
async def test_what_works_everywhere_works_in_a_dialog(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("ctrl+s")
        assert isinstance(app.screen, SaveDialog)
        for key, above in (("f1", ExplainDialog), ("ctrl+p", Palette)):
            await pilot.press(key)
            assert isinstance(app.screen, above)
            await pilot.press("escape")
            assert isinstance(app.screen, SaveDialog)
        await pilot.press("ctrl+o", "2")
        assert app.current_mode == "model"
        await pilot.press("1")
        assert not isinstance(app.screen, SaveDialog)
        await pilot.press("ctrl+s", "ctrl+q")
        assert app.return_code == 0


async def test_a_dialog_stands_in_the_middle_and_what_it_stands_over_is_seen_beside_it(empty, shown):
    async with empty.run_test(size=(120, 36)) as pilot:
        empty.push_screen(Help(empty.screen))
        await pilot.pause()
        region = empty.screen.query_one(".dialog").region
        assert abs(region.x - (120 - region.right)) <= 1 and abs(region.y - (36 - region.bottom)) <= 1
        assert "1 Data" in shown(empty)


@pytest.mark.more
async def test_ctrl_o_and_a_letter_jump_to_a_panel_and_a_digit_to_a_screen(app, until):
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.session.draft.profile is not None)
        await pilot.press("ctrl+o")
        assert isinstance(app.screen, Jump)
        await pilot.press("w")
        assert isinstance(app.screen.focused, Notes)
        await pilot.press("ctrl+o", "2")
        assert app.current_mode == "model"
        await pilot.press("ctrl+o", "escape")
        assert app.current_mode == "model" and not isinstance(app.screen, Jump)


@pytest.mark.more
async def test_both_themes_paint_every_screen(empty):
    async with empty.run_test(size=(80, 24)) as pilot:
        for mode in keys.MODES:
            empty.action_mode(mode)
            await pilot.pause()
            assert empty.theme == themes.DARK.name
            empty.action_switch_theme()
            await pilot.pause()
            assert empty.theme == themes.LIGHT.name
            empty.action_switch_theme()


@pytest.mark.parametrize("size", first(1, [(40, 24), (80, 10)]))
async def test_a_terminal_that_is_too_small_says_how_large_it_must_be(empty, size):
    async with empty.run_test(size=size):
        assert empty.screen.query_one("#too-small").display
        assert not empty.screen.query_one(Header).display


def test_every_action_has_one_id_and_no_alt_digit():
    ids = [action.id for action in keys.ACTIONS]
    assert len(ids) == len(set(ids))
    assert not any(key.startswith("alt+") for action in keys.ACTIONS for key in action.keys.split(","))


async def test_a_start_that_fails_is_said_and_nothing_is_followed(app, tmp_path):
    (tmp_path / "runs").write_text("a file where the folder of runs should be")
    async with app.run_test() as pilot:
        assert not await app.session.launcher.start()
        await pilot.pause()
        assert app.session.followed.run is None
        assert any("cannot be written" in note.title for note in app._notifications)


async def test_a_preset_replaces_the_recipe_but_keeps_the_file(app):
    async with app.run_test():
        session: Session = app.session
        path = session.draft.recipe.data.path
        session.draft.change("train.epochs", 9)
        session.draft.change("preset", "book")
        assert (
            session.draft.recipe.train.epochs == 5
            and session.draft.recipe.model.name == "gpt2"
            and session.draft.recipe.data.path == path
        )
