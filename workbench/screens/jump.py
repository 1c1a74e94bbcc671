"""One more key, and one is there: a digit for a screen, a letter for a panel."""

from textual import events
from textual.screen import ModalScreen, Screen

from workbench.keys import MODES
from workbench.screens.dialog import Dialog
from workbench.widgets.panel import Panel


class Jump(ModalScreen[None]):
    """Shows each panel's letter in its rule and waits for a key; any other key goes back.

    A digit leaves a dialog on its way, as esc does.
    """

    def __init__(self, over: Screen):
        super().__init__()
        self._over = over
        self._panels = {panel.letter: panel for panel in over.query(Panel) if panel.letter and panel.display}

    def on_mount(self) -> None:
        for panel in self._panels.values():
            panel.jumping = True

    def on_unmount(self) -> None:
        for panel in self._panels.values():
            panel.jumping = False

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss()
        modes = dict(enumerate(MODES, 1))
        if event.key.isdigit() and int(event.key) in modes:
            if isinstance(self._over, Dialog):
                self._over.action_back()
            self.app.switch_mode(modes[int(event.key)])
        elif event.key in self._panels:
            self._panels[event.key].enter()
