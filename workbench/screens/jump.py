"""One more key, and one is there: a digit for a screen, a letter for a panel."""

from textual import events
from textual.screen import ModalScreen, Screen

from workbench.keys import MODES
from workbench.places import is_shown
from workbench.screens.base import BaseScreen
from workbench.screens.dialog import Dialog
from workbench.widgets.panel import Panel


class Jump(ModalScreen[None]):
    """Shows each panel's letter in its rule and waits for a key; any other key goes back.

    A digit leaves a dialog on its way, as esc does.
    """

    def __init__(self, over: Screen):
        super().__init__()
        self._over = over
        there = over.panels if isinstance(over, BaseScreen) else over.query(Panel)
        self._panels = {panel.letter: panel for panel in there if panel.letter}

    def on_mount(self) -> None:
        self._show(True)

    def on_unmount(self) -> None:
        self._show(False)

    def _show(self, jumping: bool) -> None:
        for panel in self._over.query(Panel):
            panel.jumping = jumping and (bool(panel.folded) or panel in self._panels.values())

    def on_click(self, event: events.Click) -> None:
        """A click goes back, and into the panel that it falls on."""
        self.dismiss()
        for panel in self._panels.values():
            if event.screen_offset in panel.region and is_shown(panel):
                self._enter(panel)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.dismiss()
        modes = dict(enumerate(MODES, 1))
        if event.key.isdigit() and int(event.key) in modes:
            if isinstance(self._over, Dialog):
                self._over.action_back()
            self.app.switch_mode(modes[int(event.key)])
        elif event.key in self._panels:
            self._enter(self._panels[event.key])

    def _enter(self, panel: Panel) -> None:
        if isinstance(self._over, BaseScreen):
            self._over.open(panel)
        else:
            panel.enter()
