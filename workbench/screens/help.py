"""Every key that works on a screen, from the registry."""

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from workbench import keys
from workbench.screens.dialog import Dialog
from workbench.themes import colour
from workbench.widgets.panel import Panel


class Help(Dialog[None]):
    """A list of keys. Any key that opened it closes it, and so does esc."""

    BINDINGS = keys.bindings("help")

    def __init__(self, mode: str):
        super().__init__()
        self._mode = mode

    def compose(self) -> ComposeResult:
        with Panel(title="Keys", subtitle="esc closes", classes="dialog"):
            yield VerticalScroll(Static(id="keys"))

    def on_mount(self) -> None:
        self.query_one("#keys", Static).update(self._keys())

    def _keys(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        panels = keys.PANELS.get(self._mode, ())
        groups = [
            (f"On {keys.MODES.get(self._mode, 'this screen')}", keys.at(self._mode, *panels)),
            ("In a list", keys.at("list")),
            ("Everywhere", keys.at("app", "anywhere", "screen")),
        ]
        for title, actions in groups:
            grid.add_row("", Text(title, "bold"))
            for action in actions:
                grid.add_row(Text(action.shown, colour(self, "focus"), justify="right"), Text(action.help))
            grid.add_row("")
        return grid
