"""A screen whose parts stand where `workbench.layout` says, and the ways from one to the next."""

from abc import abstractmethod

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from workbench.layout import Fit, Plan, fit, joint
from workbench.screens.leaving import EndsItsWorkers
from workbench.widgets.body import Body
from workbench.widgets.panel import Panel

SMALLEST = (60, 16)
CHROME = 2  # lines of header and footer


class FittedScreen(EndsItsWorkers):
    """Subclasses make their parts, and plan where they stand.

    What a plan has no room for is folded: `tab`, its letter in a jump or a click opens it in the place of the first.
    """

    def __init__(self) -> None:
        super().__init__()
        self._unfolded = self._zoomed = ""  # ids of parts
        self._fitted: Fit | None = None
        self._usual: Fit | None = None  # as it is when nothing is opened or zoomed

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
        focused = self.panel_of(self.focused)
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

    def panel_of(self, widget: Widget | None) -> Panel | None:
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

    def action_next_panel(self) -> None:
        self._step(1)

    def action_previous_panel(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        """To the next field of a panel, or to the next panel that has any, or that is a word."""
        here = self.panel_of(self.focused)
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
        if panel := self.panel_of(self.focused) or self._first_panel(self.plan()):
            self._zoomed = "" if self._zoomed else panel.id or ""
            self.fit()
            panel.enter()

    def take_back(self) -> bool:
        """Leave a panel that was zoomed or opened; whether there was one."""
        if self._zoomed:
            self.action_zoom()
        elif self._unfolded:
            self.open(self.query_one(f"#{self.plan().ranks[0]}", Panel))
        else:
            return False
        return True
