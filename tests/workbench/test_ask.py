"""A on the Backbone panel: the model goes on with a text, in a real helper."""

import re

import pytest
from textual.widgets import Input, Static

from core.evaluate.question import BEGINNING, EXAMPLE
from workbench.cli.ask import RANDOM
from workbench.screens.model.ask_dialog import AskDialog
from workbench.screens.model.backbone import Backbone
from workbench.widgets.choice import Choice


@pytest.fixture
def dialog(asks):
    """`async with dialog(size, **model) as pilot` has asked for the dialog with the key."""
    return lambda size=(80, 24), **model: asks(AskDialog, "nano", size, **model)


def said(app) -> str:
    return str(app.screen.query_one("#said", Static).render())


def hint(app) -> str:
    return str(app.screen.query_one(".hint", Static).render())


@pytest.mark.more
async def test_the_names_of_fields_are_whole_and_stand_apart_from_them(dialog):
    async with dialog() as pilot:
        names = [*pilot.app.screen.query(".field > .name").results(Static)]
        assert [str(name.render()) for name in names] == ["text", "prompt", "sampling"]
        assert all(name.content_region.width < name.region.width for name in names)
        assert all(name.content_region.width >= len(str(name.render())) for name in names)
        assert len({name.region.width for name in names}) == 1


@pytest.mark.more
async def test_random_weights_produce_nonsense_and_the_screen_says_so(dialog, until, shown):
    async with dialog(weights="random") as pilot:
        app = pilot.app
        assert RANDOM in hint(app)
        await pilot.press("enter")
        assert "Loading nano" in hint(app)
        await until(pilot, lambda: "25 tokens in" in hint(app))
        assert said(app).startswith(BEGINNING) and len(said(app)) > len(BEGINNING) + 25
        assert RANDOM in hint(app)
        assert "enter asks" in shown(app) and RANDOM in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, AskDialog))
        assert app.screen.query_one(Backbone).has_focus


@pytest.mark.more
async def test_an_answer_grows_and_is_drawn_anew_at_each_enter(dialog, until):
    async with dialog() as pilot:
        app, grown = pilot.app, set()
        answer = app.screen.query_one("#said", Static)
        draw = answer.update

        def update(words) -> None:  # all that is drawn, however slow the machine is
            grown.add(str(words))
            draw(words)

        answer.update = update
        app.screen.query_one("#temperature", Choice).value = "1"
        app.screen.query_one("#tokens", Choice).value = "50"
        await pilot.pause()
        assert "drawn by chance, among all tokens" in hint(app)
        await pilot.press("enter")
        await until(pilot, lambda: "seed 123" in hint(app))
        assert len(grown) > 3
        first = said(app)
        await pilot.press("enter")
        await until(pilot, lambda: "seed 124" in hint(app))
        assert said(app) != first
        app.screen.query_one("#temperature", Choice).value = "0"
        await pilot.press("enter")
        await until(pilot, lambda: " s" in hint(app) and "seed" not in hint(app) and "in " in hint(app))


@pytest.mark.more
async def test_the_zero_shot_question_brings_its_example_and_keeps_what_was_written(dialog, until, shown):
    async with dialog() as pilot:
        app = pilot.app
        await pilot.press("tab", "right")
        await pilot.pause()
        assert app.screen.query_one("#words", Input).value == EXAMPLE and "not to answer" in hint(app)
        assert "You are a winner you have" in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: " tokens in" in hint(app) or "1 token in" in hint(app))
        assert said(app).startswith("Is the following text 'spam'? Answer with 'yes' or 'no': 'You are a winner")
        app.screen.query_one("#words", Input).value = "lunch [b]today[/b]"
        await pilot.press("right")
        await pilot.pause()
        assert app.screen.query_one("#words", Input).value == "lunch [b]today[/b]"


@pytest.mark.more
async def test_what_fails_is_said_and_can_be_asked_again(dialog, until, tmp_path):
    async with dialog() as pilot:
        app, field = pilot.app, pilot.app.screen.query_one("#words", Input)
        field.value = "word " * 600
        await pilot.press("enter")
        await until(pilot, lambda: "✕" in hint(app))
        assert "Shorten it." in hint(app)
        field.value = "word"
        await pilot.press("enter")
        await until(pilot, lambda: re.search(r"tokens? in .* s", hint(app)))


@pytest.mark.more
async def test_leaving_leaves_the_answer_off_and_the_helper_answers_on(dialog, until):
    async with dialog() as pilot:
        app = pilot.app
        app.screen.query_one("#tokens", Choice).value = "100"
        await pilot.press("enter")
        await until(pilot, lambda: " of 100" in hint(app))
        await pilot.press("escape", "A")
        await until(pilot, lambda: isinstance(app.screen, AskDialog) and app.screen.query(Choice))
        await pilot.press("enter")
        await until(pilot, lambda: re.search(r"tokens? in .* s", hint(app)))
