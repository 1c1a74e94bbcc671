"""The mouse does what the keys do, wherever these are named or something can be turned over."""

import pytest
from textual.geometry import Offset

from core.recipe import load
from workbench.app import WorkbenchApp
from workbench.screens.data.source_dialog import SourceDialog
from workbench.screens.explain_dialog import ExplainDialog
from workbench.screens.jump import Jump
from workbench.screens.model.backbone import Backbone
from workbench.screens.model.models_dialog import ModelsDialog
from workbench.screens.model.recipe_form import Options
from workbench.screens.model.recipes_dialog import RecipesDialog
from workbench.screens.palette import Palette
from workbench.widgets.arrows import turned
from workbench.widgets.choice import Choice
from workbench.widgets.footer import Footer
from workbench.widgets.panel import Rule, presses


@pytest.fixture
def app(messages, tmp_path):
    return WorkbenchApp(load({"data": {"path": str(messages)}}), tmp_path / "runs")


async def click_on(pilot, widget, words):
    """Click in the middle of words that a widget of the top screen draws in its first line."""
    widget = pilot.app.screen.query_one(widget) if isinstance(widget, (str, type)) else widget
    line = widget.render().plain.split("\n")[0]
    await pilot.click(widget, offset=(line.index(words) + len(words) // 2, 0))
    await pilot.pause()


def test_arrows_are_found_where_they_stand_beside_wide_characters_too():
    assert [turned("‹ 文字 ›", Offset(x, 0)) for x in range(8)] == [-1, -1, 0, 0, 0, 0, 1, 1]
    assert turned("a\n← 1 →", Offset(0, 1)) == -1 and turned("a\n← 1 →", Offset(0, 5)) == 0


def test_a_rule_s_words_stand_for_the_keys_that_they_name():
    words = "y copies · ← → other rows · dimmed: nothing · esc leaves"
    found = {words[start - 3 : end - 3]: key for start, end, key in presses(words, 3)}
    assert found == {"y copies": "y", "← ": "left", "→ other rows": "right", "esc leaves": "escape"}


async def test_a_click_on_what_a_dialog_s_rule_says_presses_the_key(app, until):
    async with app.run_test(size=(80, 24)) as pilot:
        for words in ("esc leaves", "enter takes it"):
            app.screen.action_source()  # enter would do so as long as the file is read
            await until(pilot, lambda: isinstance(app.screen, SourceDialog))
            await click_on(pilot, Rule, words)
            await until(pilot, lambda: not isinstance(app.screen, SourceDialog))


async def test_a_click_on_a_letter_s_words_types_nothing_into_a_field(app):
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ModelsDialog(app.session))
        await pilot.pause()
        field = app.screen.query_one("Input")
        field.focus()
        await click_on(pilot, Rule, "f fetches it")
        assert field.value == ""


async def test_arrows_turn_the_way_they_point(app, until):
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.action_source()  # enter would do so as long as the file is read
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        choice = app.screen.query_one("#header", Choice)
        await click_on(pilot, choice, "‹")
        assert choice.value == "no"
        await click_on(pilot, choice, "›")
        await click_on(pilot, choice, "auto")
        assert choice.value == "yes"


async def test_the_models_are_turned_over_by_their_arrows_in_both_forms(app, until):
    chosen = lambda: app.session.draft.recipe.model.name  # noqa: E731
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: app.screen.query(Backbone))
        await click_on(pilot, Backbone, "→")
        assert chosen() == "gpt2"
        await click_on(pilot, Backbone, "←")
        assert chosen() == "nano"
        await click_on(pilot, Backbone, "of")
        assert isinstance(app.screen, ModelsDialog)


async def test_a_click_says_whose_model_the_recipes_start_from(app):
    async with app.run_test(size=(100, 30)) as pilot:
        app.push_screen(RecipesDialog(app.session.draft))
        await pilot.pause()
        await pilot.click("#from", offset=(9, 0))
        assert "its own model" in str(app.screen.query_one("#from").render())


@pytest.mark.parametrize(("words", "opened"), [("^o jump", Jump), ("^p commands", Palette), ("f1 help", ExplainDialog)])
async def test_the_footer_of_a_field_can_be_clicked(app, until, words, opened):
    async with app.run_test(size=(80, 24)) as pilot:
        field = await in_the_recipe(pilot, until)
        await click_on(pilot, Footer, words)
        await until(pilot, lambda: isinstance(app.screen, opened))
        await pilot.press("escape")
        assert field.has_focus
        await click_on(pilot, Footer, "esc leave the field")
        assert not field.has_focus


async def in_the_recipe(pilot, until):
    """The field in which an option of the recipe is typed, once the person is in it."""
    app = pilot.app
    await pilot.press("2")
    await until(pilot, lambda: app.current_mode == "model" and app.screen.query(Options))
    options = app.screen.query_one(Options)
    options.focus()
    options.cursor = next(i for i, option in enumerate(options.shown) if option.name == "train.epochs")
    await pilot.press("enter")
    field = app.screen.query_one("#recipe Input")
    await until(pilot, lambda: field.has_focus and "leave the field" in app.screen.query_one(Footer).render().plain)
    return field


async def test_ctrl_c_says_in_plain_words_what_quits(app):
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("ctrl+c")
        [said] = app._notifications
        assert said.message == "^q quits; a run goes on without this window."


async def test_what_is_selected_is_copied_where_y_copies_to(app, until, monkeypatch):
    taken = []

    async def take(data):
        taken.append(data)
        return True

    monkeypatch.setenv("TMUX", "/tmp/tmux,1,0")
    monkeypatch.setattr("workbench.session.copying._to_tmux", take)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.screen.action_source()  # enter would do so as long as the file is read
        await until(pilot, lambda: isinstance(app.screen, SourceDialog))
        await pilot.press(*"abc", "shift+home", "ctrl+c")
        await until(pilot, lambda: taken and app._notifications)
        assert taken == [b"abc"] and app.clipboard == "abc"


async def test_ctrl_p_closes_the_palette_that_it_opened(app):
    async with app.run_test(size=(80, 24)) as pilot:
        before = app.screen
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, Palette)
        await pilot.press("ctrl+p")
        assert app.screen is before


async def test_a_click_on_a_rule_enters_its_panel(app, until):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "model" and app.screen.query(Backbone))
        rule = app.screen.query_one("#backbone > Rule", Rule)
        await pilot.click(rule, offset=(3, 0))
        await until(pilot, lambda: app.screen.query_one(Backbone).has_focus)


async def test_a_click_while_jumping_goes_into_the_panel_that_it_falls_on(app, until):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "model" and app.screen.query(Backbone))
        screen = app.screen
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, Jump))
        x, y = screen.query_one("#backbone").region.offset
        await pilot.click(offset=(x + 5, y))
        await until(pilot, lambda: app.screen is screen and screen.query_one(Backbone).has_focus)
