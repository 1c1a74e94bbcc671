"""What a person calls a run, and a note on it."""

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from core.errors import BadRun
from core.runs.folder import Label, RunFolder
from core.wording import on_one_line, shown
from workbench.screens.dialog import Dialog
from workbench.widgets.panel import Panel


class LabelDialog(Dialog[None]):
    """Asks for both and keeps them in the run's folder; empty fields take them away."""

    def __init__(self, run: RunFolder):
        super().__init__()
        self._run, self._label = run, run.label()

    def compose(self) -> ComposeResult:
        name = on_one_line(self._run.name)
        with Panel(title=f"Name and note of {name}", classes="dialog"):
            with Horizontal(classes="field"):
                yield Static("name", classes="name")
                yield Input(self._label.name, placeholder="a word or two, beside its number", id="name")
            with Horizontal(classes="field"):
                yield Static("note", classes="name")
                yield Input(self._label.note, placeholder="what was tried, what came of it", id="note")
            yield Static(f"Commands know {name} by its name too.", classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Panel).subtitle = "enter keeps · tab other field · esc leaves"
        self.query_one("#name").focus()

    @on(Input.Submitted)
    def _keep(self) -> None:
        name, note = (self.query_one(field, Input).value for field in ("#name", "#note"))
        try:
            self._run.name_it(Label.of(name, note))
        except BadRun as error:
            self.query_one(".hint", Static).update(shown(str(error)))
        else:
            self.dismiss()
