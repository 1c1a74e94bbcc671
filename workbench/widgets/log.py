"""What happened in a run, newest first."""

from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from core.runs.events import Ended, Event, Noted
from core.runs.history import History
from workbench.formatting import printable
from workbench.themes import colour

MOST = 100  # lines


class Log(VerticalScroll):
    """Scrolls; stands still while it is scrolled."""

    DEFAULT_CSS = "Log { height: 1fr; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__(Static())
        self._shown: object = None

    def show(self, history: History, name: str) -> None:
        key = name, len(history.log), self.app.theme
        if key == self._shown or (self.scroll_offset.y > 0 and self._shown and self._shown[0] == name):
            return
        self._shown = key
        grid = Table.grid(padding=(0, 2))
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(ratio=1)
        for event, words in reversed(history.log[-MOST:]):
            glyph, role = _weight(event)
            step = Text(f"step {event.step:,}" if event.step else "", colour(self, "muted"))
            grid.add_row(step, Text(f"{glyph}{printable(words)}", colour(self, role)))
        self.query_one(Static).update(grid)


def _weight(event: Event) -> tuple[str, str]:
    if isinstance(event, Ended) and event.state == "failed":
        return "✕ ", "error"
    if isinstance(event, Noted) and event.warn:
        return "▲ ", "warning"
    return "", "text"
