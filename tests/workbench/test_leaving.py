"""A worker that gets its answer while its screen goes is ended, and does not look for widgets that are gone."""

import asyncio

import pytest
from textual.app import App
from textual.message import Message
from textual.widgets import Static

from workbench.screens.dialog import Dialog
from workbench.screens.fitted import FittedScreen


class Part(Static):
    def __init__(self, gone: asyncio.Event) -> None:
        super().__init__(id="part")
        self._gone = gone

    def on_unmount(self) -> None:
        self._gone.set()


class Answered:
    """What asks something, and gets the answer when its parts have gone."""

    def compose(self):
        self.gone = asyncio.Event()
        yield Part(self.gone)

    class Late(Message):
        """What comes while the screen goes."""

    def on_mount(self) -> None:
        self.run_worker(self._answer())

    def on_prune(self) -> None:
        self.post_message(self.Late())

    def on_answered_late(self) -> None:
        self.asked_late = True
        self.run_worker(self._answer)
        self.run_worker(self._answer())

    async def _answer(self) -> None:
        await self.gone.wait()
        self.query_one("#part", Static).update("the answer")


class AnsweredScreen(Answered, FittedScreen):
    compose_panels = plan = None

    def on_resize(self) -> None:
        """It has no parts to place."""


class AnsweredDialog(Answered, Dialog):
    """A question over a screen."""


@pytest.mark.parametrize("screen", [AnsweredScreen, AnsweredDialog])
@pytest.mark.parametrize("leaves", ["the screen", "the app"])
async def test_a_worker_ends_before_the_widgets_of_its_screen(screen, leaves):
    app = App()
    async with app.run_test() as pilot:
        shown = screen()
        await app.push_screen(shown)
        await pilot.pause()
        assert len(app.workers) == 1 and app.screen.query("#part")
        if leaves == "the screen":
            await app.pop_screen()
            assert len(app.workers) == 0
    assert shown.asked_late
