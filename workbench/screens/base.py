"""What the five screens have in common: header, footer, `esc`, and a word when the terminal is too small."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from workbench import keys
from workbench.session.draft import Draft
from workbench.session.followed import Followed
from workbench.session.launcher import Launcher
from workbench.session.session import Session, session_of
from workbench.widgets.footer import Footer
from workbench.widgets.header import Header
from workbench.widgets.panel import Panel

SMALLEST = (60, 16)
WIDTHS = [(0, "-cramped"), (SMALLEST[0], "-narrow"), (100, "-medium"), (140, "-wide")]
HEIGHTS = [(0, "-flat"), (SMALLEST[1], "-short"), (30, "-tall")]


class BaseScreen(Screen):
    """A screen of the app. Subclasses say their MODE and yield their panels in `compose_panels`."""

    MODE: ClassVar[str]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS = keys.bindings("screen")

    @property
    def session(self) -> Session:
        return session_of(self)

    @property
    def draft(self) -> Draft:
        return self.session.draft

    @property
    def followed(self) -> Followed:
        return self.session.followed

    @property
    def launcher(self) -> Launcher:
        return self.session.launcher

    def compose(self) -> ComposeResult:
        yield Header(self.MODE)
        yield from self.compose_panels()
        yield Footer()
        yield Static(
            f"This terminal is too small to work in. Make it at least {SMALLEST[0]} columns wide "
            f"and {SMALLEST[1]} lines high.",
            id="too-small",
        )

    def compose_panels(self) -> ComposeResult:
        """The panels between header and footer."""
        return ()

    def action_next_panel(self) -> None:
        self.focus_next()

    def action_previous_panel(self) -> None:
        self.focus_previous()

    def action_back(self) -> None:
        """Leave a text field for the panel that it belongs to. One layer out; never quits, never clears."""
        field = self.focused
        if keys.takes_text(field):
            panel = next((node for node in field.ancestors if isinstance(node, Panel)), None)
            others = [w for w in panel.query("*") if w.focusable and not keys.takes_text(w)] if panel else []
            self.set_focus(others[0] if others else None)
