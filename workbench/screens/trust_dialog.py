"""Whether a run that was made elsewhere is to be taken up."""

from textual.app import ComposeResult
from textual.widgets import Static

from core.wording import on_one_line, shown
from workbench import keys
from workbench.screens.dialog import Dialog
from workbench.widgets.panel import Panel


class TrustDialog(Dialog[bool | None]):
    """Says what is known of it, and returns True where the person takes it up all the same."""

    PLACE = "trust_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, name: str, words: str):
        super().__init__()
        self._run, self._words = name, words

    def compose(self) -> ComposeResult:
        title = f"{on_one_line(self._run)} was made elsewhere"
        with Panel(title=title, subtitle="enter resumes it · esc leaves", classes="dialog"):
            yield Static(shown(self._words), classes="hint", markup=False)

    def action_accept(self) -> None:
        self.dismiss(True)
