"""What a person calls a run, and a note on it."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import BadRun
from core.runs.folder import RunFolder
from core.runs.records import Label
from core.wording import on_one_line
from workbench.screens.dialog import Dialog, field
from workbench.widgets.panel import Panel


class LabelDialog(Dialog[None]):
    """Asks for both and keeps them in the run's folder; empty fields take them away."""

    def __init__(self, run: RunFolder):
        super().__init__()
        self._run, self._label = run, run.label()

    def compose(self) -> ComposeResult:
        name = on_one_line(self._run.name)
        keys = "enter keeps · tab other field · esc leaves"
        with Panel(title=f"Name and note of {name}", subtitle=keys, classes="dialog"):
            yield field("name", Input(self._label.name, placeholder="a word or two, beside its number", id="name"))
            yield field("note", Input(self._label.note, placeholder="what was tried, what came of it", id="note"))
            yield Static(f"Commands know {name} by its name too.", classes="hint", markup=False)

    @on(Input.Submitted)
    def _keep(self) -> None:
        name, note = self.query_one("#name", Input).value, self.query_one("#note", Input).value
        try:
            self._run.name_it(Label.of(name, note))
        except BadRun as error:
            self.hint(str(error))
        else:
            self.dismiss()
