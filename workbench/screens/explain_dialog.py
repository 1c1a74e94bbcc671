"""What am I looking at? The focused panel in a sentence or two with its keys, then the others of the screen."""

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from core.wording import shown
from workbench import keys, places
from workbench.explain import explanation
from workbench.screens.dialog import Dialog
from workbench.themes import colour
from workbench.widgets.panel import Panel


class ExplainDialog(Dialog[None]):
    """`over` is the screen it stands over."""

    PLACE = "explain"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, over: Screen):
        super().__init__()
        self._over = over

    def compose(self) -> ComposeResult:
        with Panel(title="What am I looking at?", subtitle="? all keys · esc closes", classes="dialog"):
            yield VerticalScroll(Static(id="explained", markup=False))

    def on_mount(self) -> None:
        over, page = self._over, Table.grid(padding=0)
        panels = [panel for panel in over.query(Panel) if places.is_shown(panel)]
        around = places.panel_around(over.focused)
        focused = around if around in panels else next(iter(panels), None)
        for panel in [panel for panel in (focused, *panels) if panel]:
            if panel is focused and page.row_count:
                continue
            words = explanation(places.place_of(over), panel.id or "")
            if words:
                bold = f"bold {colour(self, 'focus' if panel is focused else 'text')}"
                page.add_row(Text(shown(panel.title).replace("\n", " "), bold))
                page.add_row(Text(words, colour(self, "text" if panel is focused else "muted")))
                page.add_row("")
            if panel is focused and (lines := self._keys(panel)):
                page.add_row(lines)
                page.add_row("")
        if not page.row_count:
            page.add_row("Nothing is written about this. ? lists its keys.")
        self.query_one("#explained", Static).update(page)

    def _keys(self, panel: Panel) -> Table | None:
        """The keys of the kinds of list or field in a panel."""
        own = [place for place in keys.PANELS.get(places.place_of(self._over), ())
               if places.panel_around(places.home(self._over, place)) is panel]  # fmt: skip
        table = Table.grid(padding=(0, 2))
        for action in keys.at(*own):
            table.add_row(Text(action.shown, colour(self, "focus"), justify="right"), Text(action.help))
        return table if own else None

    def action_all_keys(self) -> None:
        from workbench.screens.help import Help

        over = self._over
        self.dismiss()
        self.app.push_screen(Help(over))
