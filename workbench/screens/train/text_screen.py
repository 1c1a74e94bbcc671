"""One text of a step, whole."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from core.runs.folder import RunFolder
from core.runs.step_texts import StepText
from core.wording import on_one_line, percent
from workbench.layout import Part, Plan
from workbench.screens.train.detail_screen import DetailScreen
from workbench.screens.train.errors_screen import readable
from workbench.themes import colour
from workbench.widgets.panel import Panel


class TextScreen(DetailScreen):
    """The text, and what the model had made of it."""

    def __init__(self, run: RunFolder, text: StepText, title: str):
        super().__init__(run)
        self._text, self._title = text, title

    def compose_panels(self) -> ComposeResult:
        yield Panel(VerticalScroll(Static(id="whole", markup=False)), title=self._title, letter="t", id="text")

    def plan(self) -> Plan:
        return Plan.of(Part("text", 7, grows=1), ranks=("text",))

    async def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show())
        self._show()
        self.query_one(VerticalScroll).focus()

    def _show(self) -> None:
        one, muted = self._text, colour(self, "muted")
        loss = "It teaches nothing" if one.loss is None else f"Loss {one.loss_in_words}"
        words = (
            f"{loss}. It said {on_one_line(one.answer)}, {percent(one.probability)} sure. "
            f"The label is {on_one_line(one.label)}."
        )
        self.query_one("#whole", Static).update(Text.assemble((words, muted), "\n\n", readable(one.text)))

    async def copied(self) -> str:
        return self._text.text
