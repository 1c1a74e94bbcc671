"""What all dialogs have in common: esc leaves them, and what works everywhere works over them."""

from typing import ClassVar

from textual.screen import ModalScreen, ScreenResultType

from workbench import keys


class Dialog(ModalScreen[ScreenResultType]):
    """A question over a screen. One that is left gives None."""

    PLACE: ClassVar[str] = "dialog"  # whose keys help lists
    BINDINGS = keys.bindings("dialog", "anywhere")

    def action_back(self) -> None:
        self.dismiss(None)
