"""The names of a list's columns, above it."""

from rich.text import Text
from textual.widget import Widget

from workbench.widgets.lines import Lines


class Headings(Widget):
    """One line over a list that says its `headings` at a width, as wide as the list's own lines."""

    DEFAULT_CSS = "Headings { height: 1; text-wrap: nowrap; }"

    def __init__(self, lines: Lines):
        super().__init__()
        self._lines = lines

    def on_mount(self) -> None:
        self.watch(self._lines, "show_vertical_scrollbar", self._redraw)

    def _redraw(self) -> None:
        self.refresh()

    def render(self) -> Text:
        return self._lines.headings(self._lines.scrollable_content_region.width)
