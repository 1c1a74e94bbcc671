"""What all dialogs have in common: esc leaves them, and what works everywhere works over them."""

from typing import ClassVar

from rich.text import Text
from textual.containers import Horizontal
from textual.screen import ModalScreen, ScreenResultType
from textual.widget import Widget
from textual.widgets import Static

from core.wording import shown
from workbench import keys
from workbench.screens.leaving import EndsItsWorkers
from workbench.themes import colour

# a dialog that leaves a few columns of the screen at its sides is hard to tell from them
WIDTHS = [(0, "-full-width"), (100, "-framed")]


# of several bases, style sheets know a class by the first alone
class Dialog(ModalScreen[ScreenResultType], EndsItsWorkers[ScreenResultType]):
    """A question over a screen. One that is left gives None."""

    PLACE: ClassVar[str] = "dialog"  # whose keys help lists
    BINDINGS = keys.bindings("dialog", "anywhere")
    HORIZONTAL_BREAKPOINTS = WIDTHS

    def hint(self, words: str, role: str = "muted") -> None:
        """Say something in the line of the dialog that has the class `hint`."""
        self.query_one(".hint", Static).update(Text(shown(words), colour(self, role)))

    def action_back(self) -> None:
        self.dismiss(None)


def field(name: str, *widgets: Widget, classes: str = "") -> Horizontal:
    """One line of a dialog: a name, and what is filled in or chosen."""
    return Horizontal(Static(name, classes="name"), *widgets, classes=f"field {classes}")
