"""What the screens have in common: header, footer, `esc`, `y`, `x`, and a word when the terminal is too small."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable
from typing import ClassVar, Protocol, runtime_checkable

from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from core.errors import BadRun, WorkbenchError
from core.recipe import Recipe
from core.runs import mark
from core.runs.folder import RunFolder
from workbench import keys
from workbench.layout import Fit, Place, Plan, fit
from workbench.places import where_it_works
from workbench.session import copying
from workbench.session.complain import complain
from workbench.session.exporting import Export
from workbench.session.helper import Superseded
from workbench.session.session import session_of
from workbench.widgets.body import Body
from workbench.widgets.footer import Footer
from workbench.widgets.header import Header
from workbench.widgets.panel import Panel

SMALLEST = (60, 16)
CHROME = 2  # lines of header and footer


@runtime_checkable
class HoldsText(Protocol):
    """A widget or screen of which `y` copies a text; an empty one where there is none now."""

    def copied(self) -> Awaitable[str]: ...


@runtime_checkable
class HoldsTable(Protocol):
    """A widget or screen of which `x` writes a file; None where there is nothing to write now."""

    def exported(self) -> Export | None: ...


class BaseScreen(Screen):
    """A screen of the app. Subclasses say their MODE, make their parts, and plan where they stand.

    What a plan has no room for is folded: `tab`, its letter in a jump or a click opens it in the place of the first.
    """

    MODE: ClassVar[str]
    BINDINGS = keys.bindings("screen")

    def __init__(self) -> None:
        super().__init__()
        self._unfolded = self._zoomed = ""  # ids of parts
        self._fitted: Fit | None = None
        self._usual: Fit | None = None  # as it is when nothing is opened or zoomed
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

    @abstractmethod
    def compose_panels(self) -> ComposeResult:
        """What stands between header and footer, each with an id."""

    @abstractmethod
    def plan(self) -> Plan:
        """Which parts there are in the present state, where they stand, and which is the most important."""

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """Place what there is room for, and name the rest. The focus stays on what is on show."""
        size = self.app.size
        self.set_class(size.width < SMALLEST[0] or size.height < SMALLEST[1], "-too-small")
        if not self.query(Body):
            return
        body, plan = self.query_one(Body), self.plan()
        self._usual = fit(plan, size.width, size.height - CHROME)
        found = fit(plan, size.width, size.height - CHROME, self._unfolded, self._zoomed)
        self._unfolded = self._unfolded if self._unfolded in found.places and plan.ranks[0] in found.folded else ""
        self._zoomed = self._zoomed if self._zoomed in found.places and len(found.places) == 1 else ""
        before, self._fitted = self._fitted, found
        focused = self._panel_of(self.focused)
        if before is None or before.places != found.places:
            body.show(found.places)
        self._say_what_is_folded(plan, found)
        if self.is_current and (focused.id not in found.places if focused else self.focused is None):
            first = self._first_panel(plan)
            if first is None or not first.enter_a_field():
                self.set_focus(None)

    def _say_what_is_folded(self, plan: Plan, found: Fit) -> None:
        panels = {panel.id: panel for panel in self.query_one(Body).children if isinstance(panel, Panel)}
        words = [panels[name].as_word for name in found.folded if name in panels]
        carrier = self._first_panel(plan)
        for name, panel in panels.items():
            panel.folded = words if panel is carrier else ()
            if name in found.places:
                panel.joint = joint(found.places, name)

    def _first_panel(self, plan: Plan) -> Panel | None:
        """The panel in the place of the first part, or else the first on show; None where there is none at all."""
        places = self._fitted.places if self._fitted else {}
        on_show = [panel for panel in self.query_one(Body).children if panel.id in places and isinstance(panel, Panel)]
        wanted = next((name for name in (self._zoomed, self._unfolded, plan.ranks[0]) if name in places), "")
        return next((panel for panel in on_show if panel.id == wanted), next(iter(on_show), None))

    def _panel_of(self, widget: Widget | None) -> Panel | None:
        around = widget.ancestors_with_self if widget else ()
        return next((node for node in around if isinstance(node, Panel) and isinstance(node.parent, Body)), None)

    @property
    def panels(self) -> list[Panel]:
        """Those that there are in the present state: those on show in their order, then the folded ones."""
        if self._usual is None:
            return []
        there = {part.id: part for part in self.query_one(Body).children if isinstance(part, Panel)}
        order = [*(name for name in there if name in self._usual.places), *self._usual.folded]
        return [there[name] for name in order if name in there]

    def open(self, panel: Panel) -> None:
        """Focus a panel, in the place of the first if there is no room for it."""
        if self._fitted and panel.id in self._fitted.folded:
            if self._zoomed:
                self._zoomed = panel.id or ""
            else:
                self._unfolded = "" if panel.id == self.plan().ranks[0] else panel.id or ""
            self.fit()
        panel.enter()

    @on(Panel.Opened)
    def _open_wanted(self, event: Panel.Opened) -> None:
        self.open(event.panel)

    def on_key(self, event: events.Key) -> None:
        """Say where a key works that does nothing here."""
        works = event.key in self.active_bindings
        self.query_one(Footer).hint = "" if works else where_it_works(self, event.key)

    def action_watch_live(self) -> None:
        """Show the run that trains now, in place of the one that is shown."""
        if run := self.session.live.elsewhere:
            self.followed.follow(run)
            self.app.switch_mode("train")

    def action_next_panel(self) -> None:
        self._step(1)

    def action_previous_panel(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        """To the next field of a panel, or to the next panel that has any, or that is a word."""
        here = self._panel_of(self.focused)
        if here:
            fields = [widget for widget in self.focus_chain if here in widget.ancestors]
            at = fields.index(self.focused) + by if self.focused in fields else len(fields)
            if 0 <= at < len(fields):
                fields[at].focus()
                return
        ring = [panel for panel in self.panels if panel is here or self._can_be_entered(panel)]
        if ring:
            at = ring.index(here) if here in ring else -1 if by > 0 else 0
            self.open(ring[(at + by) % len(ring)])

    def _can_be_entered(self, panel: Panel) -> bool:
        folded = self._fitted is not None and panel.id in self._fitted.folded
        return folded or any(panel in widget.ancestors for widget in self.focus_chain)

    def action_zoom(self) -> None:
        """Give the panel that has the focus all of the screen, or take that back."""
        if panel := self._panel_of(self.focused) or self._first_panel(self.plan()):
            self._zoomed = "" if self._zoomed else panel.id or ""
            self.fit()
            panel.enter()

    async def action_train(self) -> None:
        """Start a run of the draft's recipe and watch it."""
        if await self.launcher.start():
            self.app.switch_mode("train")

    def recipe_on_show(self) -> Recipe | None:
        """The recipe that the screen is about; None where there is none."""
        return self.draft.recipe

    def action_command_line(self) -> None:
        from workbench.screens.command_dialog import CommandDialog

        if recipe := self.recipe_on_show():
            self.app.push_screen(CommandDialog(recipe))

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
        field, plan = self.focused, self.plan()
        if keys.takes_text(field):
            panel = self._panel_of(field)
            others = [w for w in panel.query("*") if w.focusable and not keys.takes_text(w)] if panel else []
            self.set_focus(others[0] if others else None)
        elif self._zoomed:
            self.action_zoom()
        elif self._unfolded:
            self.open(self.query_one(f"#{plan.ranks[0]}", Panel))
        else:
            self.session.trail.back()


def joint(places: dict[str, Place], name: str) -> str:
    """What the rule of a part begins with, by what touches its corner."""
    here = places[name]
    if not here.x:
        return "─"
    beside = any(place.y == here.y and place.x + place.width == here.x for place in places.values())
    above = any(place.x == here.x and place.y + place.height == here.y for place in places.values())
    return "┼" if beside and above else "├" if above else "┬"
