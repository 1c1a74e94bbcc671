"""What happened in a run, newest first."""

from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.reactive import reactive
from textual.widget import Widget

from core.runs.events import Ended, Event, Noted
from core.runs.history import History
from core.wording import on_one_line
from workbench.session.exporting import Export, export_of
from workbench.themes import colour

MOST = 100  # lines


class Log(VerticalScroll):
    """Scrolls; stands still while it is scrolled."""

    DEFAULT_CSS = "Log { height: 1fr; padding: 0 0 0 1; }"  # the bar at the edge, as in all lists

    def __init__(self) -> None:
        super().__init__(Happened())
        self._shown: tuple[str, int, list] = ("", 0, [])  # the run's name, how many lines it had, and the last one

    def show(self, history: History, name: str) -> None:
        key = name, len(history.log), history.log[-1:]
        if key != self._shown and (self.scroll_offset.y == 0 or name != self._shown[0]):
            self._shown = key
            self.query_one(Happened).events = history.log[-MOST:]

    async def copied(self) -> str:
        return self._as_text()

    def exported(self) -> Export:
        return export_of("Export the log", f"{self._shown[0]}-log.txt", self._as_text)

    def _as_text(self) -> str:
        """The lines that it shows, the oldest first."""
        events = self.query_one(Happened).events
        lines = (f"step {event.step}  {words}" if event.step else words for event, words in events)
        return "".join(f"{line}\n" for line in lines)


class Happened(Widget):
    """The latest `events` with their words, each beside the step that it came after."""

    DEFAULT_CSS = "Happened { height: auto; }"

    events: reactive[list[tuple[Event, str]]] = reactive(list, layout=True)

    def render(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(ratio=1)
        for event, words in reversed(self.events):
            glyph, role = _weight(event)
            step = Text(f"step {event.step:,}" if event.step else "", colour(self, "muted"))
            grid.add_row(step, Text(f"{glyph}{on_one_line(words)}", colour(self, role)))
        return grid


def _weight(event: Event) -> tuple[str, str]:
    if isinstance(event, Ended) and event.state == "failed":
        return "✕ ", "error"
    if isinstance(event, Noted) and event.warn:
        return "▲ ", "warning"
    return "", "text"
