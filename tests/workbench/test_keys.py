"""Help, explanations, commands, and what is said of a key that does nothing here."""

from collections import Counter

import pytest
from textual.app import App

from core.recipe import load
from workbench import keys, places
from workbench.app import WorkbenchApp
from workbench.explain import EXPLANATIONS, explanation
from workbench.screens.explain_dialog import ExplainDialog
from workbench.screens.help import Help, KeyList
from workbench.screens.model.recipe_form import Options
from workbench.screens.palette import CommandList, Palette, commands
from workbench.synonyms import SYNONYMS
from workbench.widgets.footer import Footer
from workbench.widgets.layers import Layers
from workbench.widgets.panel import Panel
from workbench.widgets.waits import Waits


@pytest.fixture
def app(messages, tmp_path):
    return WorkbenchApp(load({"data": {"path": str(messages)}}), tmp_path / "runs")


def offered(app) -> list[str]:
    return [command.words for command in app.screen.query_one(CommandList).items]


async def test_no_key_stands_twice_in_a_group_of_help_of_any_screen(app):
    async with app.run_test(size=(120, 36)):
        for mode in keys.MODES:
            await app.switch_mode(mode)
            groups = list(places.groups(app.screen))
            assert len(groups) == len({group.title for group in groups})
            for group in groups:
                count = Counter(key for action in group.actions for key in action.keys.split(","))
                assert not [key for key, n in count.items() if n > 1], group


async def test_help_begins_with_the_focused_panel_and_dims_what_does_nothing_now(app, until):
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help) and app.screen.query_one(KeyList).items)
        listed = app.screen.query_one(KeyList)
        assert listed.items[0] == "Layers"
        hues = {item.id: str(listed.line(i, 90).spans[1].style) for i, item in enumerate(listed.items)
                if not isinstance(item, str)}  # fmt: skip
        assert hues["toggle"] == hues["save"] == app.theme_variables["text"]
        assert hues["edit"] == hues["next_model"] == app.theme_variables["frozen"]
        assert any(str(item).startswith("Recipe   ^o r") for item in listed.items)


async def test_help_says_in_which_state_a_key_works(runs, until):
    runs.write("done")
    app = WorkbenchApp(load(), runs.root)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: app.screen.has_class("-done"))
        titles = [group.title for group in places.groups(app.screen)]
        assert {"Train, while it trains", "Train, when it has ended", "Train, while it is queued"} <= set(titles)
        await pilot.press("p")
        assert app.screen.query_one(Footer).hint == "p works while it trains or while it is paused"


async def test_typing_finds_a_key_in_help_and_a_question_mark_closes_it(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "question_mark", *"lora")
        items = app.screen.query_one(KeyList).items
        assert [item.id for item in items if not isinstance(item, str)] == ["lora"]
        await pilot.press("question_mark")
        assert not isinstance(app.screen, Help)


async def test_a_key_of_another_panel_or_screen_says_where_it_works(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2", "tab")
        assert not isinstance(app.screen.focused, Layers)
        hint = app.screen.query_one(Footer)
        await pilot.press("b")
        assert hint.hint == "b works in Layers: ^o l"
        assert "b works in Layers" in hint.render().plain
        await pilot.press("ctrl+o", "l", "b")
        assert not hint.hint
        await pilot.press("asterisk")
        assert hint.hint == "* works in Runs: 5"


async def test_t_says_what_it_waits_for_while_the_data_cannot_be_learned_from(app, tmp_path, until):
    async with app.run_test() as pilot:
        await pilot.press("t")
        assert app.screen.query_one(Footer).hint == "t trains when the file is read."
    elsewhere = WorkbenchApp(load({"data": {"path": str(tmp_path / "nowhere.csv")}}), tmp_path / "runs")
    async with elsewhere.run_test() as pilot:
        await until(pilot, lambda: elsewhere.session.draft.problem is not None)
        await pilot.press("t")
        assert elsewhere.screen.query_one(Footer).hint == "t trains when what is wrong here is put right."


@pytest.mark.more
async def test_every_panel_of_every_screen_is_explained(runs, until, messages):
    run = runs.write("done")
    app = WorkbenchApp(load({"data": {"path": str(messages)}}), runs.root)
    async with app.run_test(size=(120, 36)) as pilot:
        seen = set()
        for mode in keys.MODES:
            await app.switch_mode(mode)
            await until(pilot, lambda: app.session.draft.profile is not None)
            await pilot.pause()
            seen |= {(places.place_of(app.screen), panel.id) for panel in app.screen.query(Panel)}
        await app.switch_mode("data")
        await pilot.press("e")
        await until(pilot, lambda: places.place_of(app.screen) == "doubts" and app.screen.query(Panel))
        seen |= {("doubts", panel.id) for panel in app.screen.query(Panel)}
        await pilot.press("escape")
        await app.switch_mode("train")
        await until(pilot, lambda: app.screen.has_class("-done"))
        for key, place in (("e", "errors"), ("w", "detail")):
            await until(pilot, lambda: places.place_of(app.screen) == "train")
            await pilot.press(key)
            await until(pilot, lambda at=place: places.place_of(app.screen) == at and app.screen.query(Panel))
            seen |= {(place, panel.id) for panel in app.screen.query(Panel)}
            await pilot.press("escape")
        assert run and len(seen) > 25
        assert not [each for each in seen if not explanation(each[0], each[1] or "")]
        assert {key for key in EXPLANATIONS if "." in key} - {"detail.text"} == {
            f"{place}.{panel}" for place, panel in seen
        }


async def test_f1_explains_the_focused_panel_first_with_its_keys(app, shown):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "f1")
        assert isinstance(app.screen, ExplainDialog)
        await pilot.pause()
        assert "two small matrices" in shown(app) and "LoRA in every block" in shown(app)
        await pilot.press("question_mark")
        assert isinstance(app.screen, Help)


CALLED = {
    "lora": "LoRA", "theme": "Dark or light", "exit": "Quit", "learning rate": "Change the learning rates",
    "epochs": "train.epochs", "fetch": "Fetch the model", "mcnemar": "Compare the other runs",
    "export": "Save the recipe", "freeze": "freeze", "download": "Fetch", "sweep": "Questions that several runs",
}  # fmt: skip


@pytest.mark.more
async def test_the_palette_finds_what_people_call_it_from_any_screen(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        for typed, found in CALLED.items():
            await pilot.press("ctrl+p")
            assert isinstance(app.screen, Palette)
            await pilot.press(*("space" if each == " " else each for each in typed))
            assert any(found in words for words in offered(app)), (typed, offered(app))
            await pilot.press("escape")


@pytest.mark.more
async def test_the_palette_says_that_there_is_no_such_command(app, shown):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p", *"xyzzy")
        await pilot.pause()
        assert "No such command." in shown(app)


async def test_the_palette_begins_with_this_screen_and_leaves_movement_out(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("2")
        found = list(commands(app.screen))
        assert found[0].action.id in ("toggle", "measure", "next_model") and found[0].works
        assert not {"up", "down", "page_up", "next_panel"} & {each.action.id for each in found if each.action}
        first_other = next(i for i, each in enumerate(found) if each.mode not in ("", "model"))
        assert all(each.works or each.mode == "model" for each in found[:first_other])


@pytest.mark.more
async def test_a_command_of_another_screen_leads_there_and_an_option_to_its_line(app, until):
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "ctrl+p", *"lora", "enter")
        await until(pilot, lambda: app.current_mode == "model" and isinstance(app.screen.focused, Layers))
        assert app.screen.query_one(Footer).hint.startswith("l: LoRA")
        await pilot.press("1", "ctrl+p", *"train.weight", "enter")
        await until(pilot, lambda: isinstance(app.screen.focused, Options))
        assert app.screen.focused.option.name == "train.weight_decay"


@pytest.mark.more
async def test_a_command_that_works_here_is_done(app, until):
    async with app.run_test(size=(80, 24)) as pilot:
        before = app.theme
        await pilot.press("ctrl+p", *"theme", "enter")
        await until(pilot, lambda: app.theme != before)
        await pilot.press("ctrl+p", *"runs", "enter")
        await until(pilot, lambda: app.current_mode == "runs")


def test_states_and_synonyms_are_of_actions_that_exist():
    ids = {action.id for action in keys.ACTIONS}
    assert {one for some in keys.WHEN.values() for one in some.split()} <= ids
    assert SYNONYMS.keys() <= ids


async def test_Y_shows_the_command_line_of_the_recipe_and_y_copies_it(app, shown, messages, until):
    async with app.run_test(size=(120, 36)) as pilot:
        app.session.draft.change("train.epochs", 7)
        await pilot.press("2", "Y")
        await until(pilot, lambda: "--epochs 7" in shown(app))
        await pilot.press("y")
        assert app.clipboard == f"workbench train {messages} --epochs 7"


async def test_a_spinner_with_seconds_moves_while_something_is_waited_for(until):
    class Empty(App):
        def compose(self):
            yield Waits()

    async with Empty().run_test() as pilot:
        waits = pilot.app.query_one(Waits)
        waits.wait_for("a slow phase")
        first = waits.spinner
        await until(pilot, lambda: waits.spinner.endswith(" s"))
        assert waits.waiting and first != waits.spinner
        waits.wait_for("the next phase")
        assert "s" not in waits.spinner
