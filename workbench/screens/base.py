"""What the screens have in common: header, footer, `esc`, and a word when the terminal is too small."""

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from core.errors import BadRun
from core.runs import mark
from core.runs.folder import RunFolder
from workbench import keys
from workbench.session.complain import complain
from workbench.session.session import session_of
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

    def __init__(self) -> None:
        super().__init__()
        self.session = session = session_of(self)
        self.draft, self.followed, self.launcher = session.draft, session.followed, session.launcher

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "watch_live":
            return self.session.live.elsewhere is not None
        return super().check_action(action, parameters)

    def action_watch_live(self) -> None:
        """Show the run that trains now, in place of the one that is shown."""
        if run := self.session.live.elsewhere:
            self.followed.follow(run)
            self.app.switch_mode("train")

    def action_next_panel(self) -> None:
        self.focus_next()

    def action_previous_panel(self) -> None:
        self.focus_previous()

    async def action_train(self) -> None:
        """Start a run of the draft's recipe and watch it."""
        if await self.launcher.start():
            self.app.switch_mode("train")

    async def resume(self, run: RunFolder) -> bool:
        """Take a run up again, in a worker; one that was made elsewhere only once the person says so."""
        if not await asyncio.to_thread(mark.grew_here, run):
            from workbench.screens.trust_dialog import TrustDialog

            try:
                if not await self.app.push_screen_wait(TrustDialog(run.name, mark.question(run))):
                    return False
                await asyncio.to_thread(mark.trust, run)
            except BadRun as error:
                complain(self.app, error)
                return False
        return await self.launcher.resume(run)

    def action_back(self) -> None:
        """Leave a text field for the panel that it belongs to. One layer out; never quits, never clears."""
        field = self.focused
        if keys.takes_text(field):
            panel = next((node for node in field.ancestors if isinstance(node, Panel)), None)
            others = [w for w in panel.query("*") if w.focusable and not keys.takes_text(w)] if panel else []
            self.set_focus(others[0] if others else None)
