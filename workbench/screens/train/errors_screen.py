"""The test texts that a run gets wrong, most confident first."""

import asyncio

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from core.errors import BadRun
from core.wording import on_one_line, percent, plural, shown
from workbench.screens.train.detail_screen import DetailScreen
from workbench.themes import colour
from workbench.widgets.errors import Errors, read_mistakes
from workbench.widgets.lines import Headings
from workbench.widgets.panel import Panel

LONGEST = 20_000  # characters of one text that are shown


class ErrorsScreen(DetailScreen):
    """The list, and below it the whole text of the row under the cursor."""

    def compose_panels(self) -> ComposeResult:
        errors = Errors()
        title = f"{self._run.name}: test texts it gets wrong"
        yield Panel(Headings(errors), errors, title=title, letter="e", id="mistakes")
        whole = VerticalScroll(Static(id="whole", markup=False))
        yield Panel(whole, title="Whole text", letter="x", id="text")

    async def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show_whole())
        panel = self.query_one("#mistakes", Panel)
        try:
            mistakes, labels = await asyncio.to_thread(read_mistakes, self._run)
        except BadRun as error:
            self.query_one("#whole", Static).update(Text(shown(str(error)), colour(self, "error")))
            return
        if not mistakes:
            self.query_one("#whole", Static).update("Every test text is right.")
        panel.subtitle = f"{plural(len(mistakes), 'error')}, most confident first"
        errors = self.query_one(Errors)
        errors.show(mistakes, labels)
        self.query_one(Headings).refresh()
        errors.focus()
        self._show_whole()

    @on(Errors.Moved)
    def _show_whole(self) -> None:
        errors = self.query_one(Errors)
        mistake = errors.selected
        if mistake is None:
            return
        self.query_one("#text", Panel).title = f"Row {mistake.row:,}"
        muted = colour(self, "muted")
        words = Text.assemble(
            ("It says ", muted),
            (on_one_line(mistake.predicted), errors.label_colour(mistake.predicted)),
            (f", {percent(mistake.probability)} sure. The label is ", muted),
            (on_one_line(mistake.label), errors.label_colour(mistake.label)),
            (". This text also is in training." if mistake.leak else ".", muted),
            "\n\n",
            readable(mistake.text),
        )
        self.query_one("#whole", Static).update(words)
        self.query_one(VerticalScroll).scroll_home(animate=False)


def readable(text: str) -> str:
    """What is shown of a text, as much of it as can be read on a screen, and how much more there is."""
    clean = shown(text[:LONGEST])
    return clean if len(text) <= LONGEST else f"{clean}…\n\n{len(text) - LONGEST:,} more characters."
