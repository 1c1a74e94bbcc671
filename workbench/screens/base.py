"""What the screens have in common: header, footer, `esc`, `y`, `x`, and a word when the terminal is too small."""

import asyncio
from collections.abc import Awaitable
from typing import ClassVar, Protocol, runtime_checkable

from textual import events, work
from textual.app import ComposeResult
from textual.widgets import Static

from core.command_line import command
from core.errors import BadRecipe, BadRun, WorkbenchError
from core.recipe import Recipe
from core.runs import mark
from core.runs.folder import RunFolder
from core.runs.sweep import MANY, Plan
from core.wording import plural
from workbench import keys
from workbench.places import where_it_works
from workbench.screens.fitted import SMALLEST, FittedScreen
from workbench.session import copying
from workbench.session.complain import complain
from workbench.session.exporting import Export
from workbench.session.helper import Superseded
from workbench.session.session import session_of
from workbench.session.trail import GroupOfRuns
from workbench.widgets.body import Body
from workbench.widgets.footer import Footer
from workbench.widgets.header import Header


@runtime_checkable
class HoldsText(Protocol):
    """A widget or screen of which `y` copies a text; an empty one where there is none now."""

    def copied(self) -> Awaitable[str]: ...


@runtime_checkable
class HoldsTable(Protocol):
    """A widget or screen of which `x` writes a file; None where there is nothing to write now."""

    def exported(self) -> Export | None: ...


class BaseScreen(FittedScreen):
    """A screen of the app. Subclasses say their MODE."""

    MODE: ClassVar[str]
    BINDINGS = keys.bindings("screen")

    def __init__(self) -> None:
        super().__init__()
        self.session = session = session_of(self)
        self.draft, self.followed, self.launcher = session.draft, session.followed, session.launcher

    def compose(self) -> ComposeResult:
        yield Header(self.MODE)
        with Body():
            yield from self.compose_panels()
        yield Footer()
        yield Static(
            f"This terminal is too small to work in. Make it at least {SMALLEST[0]} columns wide "
            f"and {SMALLEST[1]} lines high.",
            id="too-small",
        )

    def on_key(self, event: events.Key) -> None:
        """Say where a key works that does nothing here."""
        works = event.key in self.active_bindings
        self.query_one(Footer).hint = "" if works else self.why_not(event.key) or where_it_works(self, event.key)

    def why_not(self, key: str) -> str:
        """Why a key of this screen does nothing now, where the screen knows better than its list of keys."""
        return ""

    def action_watch_live(self) -> None:
        """Show the run that trains now, in place of the one that is shown."""
        if run := self.session.live.elsewhere:
            self.followed.follow(run)
            self.app.switch_mode("train")

    async def action_train(self) -> None:
        """Start a run of the draft's recipe and watch it; or all runs of a sweep, where options vary."""
        sweep = self.session.sweep
        if sweep.marked:
            self.start_sweep(sweep.plan)
        elif await self.launcher.start():
            self.app.switch_mode("train")

    @work(group="sweep", exclusive=True)
    async def start_sweep(self, plan: Plan, exercise: str = "") -> None:
        """Ask whether all runs of a plan are to be made; put them into the queue then, and show their group."""
        from workbench.screens.sweep_question import agrees

        sweep, problem = self.session.sweep, self.launcher.problem
        if problem:
            complain(self.app, problem)
            return
        try:
            if not await agrees(self.app, self.session, plan, exercise):
                return
            if plan.n_runs > MANY:
                self.app.notify(f"{plural(plan.n_runs, 'run')} are made. Runs lists them as they come.")
            group = await sweep.start(plan, exercise)
        except WorkbenchError as error:
            if isinstance(error, BadRecipe) and not exercise:
                sweep.refuse(error.problems)
            complain(self.app, error)
            return
        if not exercise:
            sweep.clear()
        self.session.trail.go("runs", GroupOfRuns(group.name))

    def recipe_on_show(self) -> Recipe | None:
        """The recipe that the screen is about; None where there is none."""
        return self.draft.recipe

    def action_command_line(self) -> None:
        from workbench.screens.command_dialog import CommandDialog

        if recipe := self.recipe_on_show():
            many = recipe is self.draft.recipe and self.session.sweep.marked
            self.app.push_screen(CommandDialog(self.session.sweep.command_line if many else command(recipe)))

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

    @property
    def _holders(self) -> list[object]:
        """What has the focus, and what that stands in, up to the screen."""
        return [*self.focused.ancestors_with_self] if self.focused else [self]

    @property
    def _text_holder(self) -> HoldsText | None:
        return next((each for each in self._holders if isinstance(each, HoldsText)), None)

    @property
    def _table_holder(self) -> HoldsTable | None:
        return next((each for each in self._holders if isinstance(each, HoldsTable)), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "watch_live":
                return self.session.live.elsewhere is not None
            case "copy":
                return self._text_holder is not None
            case "export":
                return self._table_holder is not None
        return super().check_action(action, parameters)

    async def action_copy(self) -> None:
        """Copy the text of what has the focus."""
        assert self._text_holder  # see check_action
        try:
            text = await self._text_holder.copied()
        except WorkbenchError as error:
            complain(self.app, error)
            return
        except Superseded:
            return
        if text:
            await copying.copy(self.app, text)
        else:
            self.notify("There is nothing to copy here.", markup=False)

    def action_export(self) -> None:
        """Write what has the focus to a file."""
        from workbench.screens.save_dialog import ask_where

        assert self._table_holder  # see check_action
        if export := self._table_holder.exported():
            ask_where(self.app, export)
        else:
            self.notify("There is nothing to export here.", markup=False)

    def action_back(self) -> None:
        """Leave a text field for its panel, a panel that was opened or zoomed, or else this screen for where one was.

        One layer out; never quits, never clears.
        """
        field = self.focused
        if keys.takes_text(field):
            panel = self.panel_of(field)
            others = [w for w in panel.query("*") if w.focusable and not keys.takes_text(w)] if panel else []
            self.set_focus(others[0] if others else None)
        elif not self.take_back():
            self.session.trail.back()
