"""The command line that trains the recipe on show."""

from textual.app import ComposeResult
from textual.widgets import Static

from core.wording import shown
from workbench import keys
from workbench.screens.dialog import Dialog
from workbench.session import copying
from workbench.widgets.panel import Panel


class CommandDialog(Dialog[None]):
    """Shows it whole, with what varies where anything does; y copies it."""

    PLACE = "command_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, command: str):
        super().__init__()
        self._command = command

    def compose(self) -> ComposeResult:
        with Panel(title="The same on the command line", subtitle="y copies · esc closes", classes="dialog"):
            yield Static(shown(self._command), id="command", markup=False)
            yield Static("Every option that differs from the preset.", classes="hint")

    async def action_copy(self) -> None:
        await copying.copy(self.app, self._command)
