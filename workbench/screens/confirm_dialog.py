"""A question before something that is done to many runs at once."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.wording import on_one_line, shown
from workbench import keys
from workbench.screens.dialog import Dialog
from workbench.widgets.panel import Panel


class ConfirmDialog(Dialog[bool | None]):
    """Returns True where the person agrees: with enter, or first with a word that has to be typed, where there is one.

    `does` says what enter does: 'deletes them'.
    """

    PLACE = "confirm_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, title: str, words: str, does: str, typed: str = ""):
        super().__init__()
        self._asked, self._words, self._does, self._typed = title, words, does, typed

    def compose(self) -> ComposeResult:
        keys = f"enter {self._does} · esc leaves"
        with Panel(title=on_one_line(self._asked), subtitle=keys, classes="dialog"):
            yield Static(shown(self._words), markup=False, id="words")
            if self._typed:
                yield Input(placeholder=f"type {self._typed} to agree", id="agreed")
            yield Static(classes="hint", markup=False)

    @on(Input.Submitted)
    def action_accept(self) -> None:
        if self._typed and self.query_one(Input).value.strip().replace(",", "") != self._typed:
            self.hint(f"Type {self._typed} to agree, or press esc.", "text")
        else:
            self.dismiss(True)
