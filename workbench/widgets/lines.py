"""A list with a cursor, drawn line by line: ten lines and a million cost the same."""

import sys
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive, var
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from core.wording import UNSAFE, on_one_line
from workbench import keys
from workbench.formatting import cut
from workbench.themes import colour

Item = TypeVar("Item")


class Lines(ScrollView, can_focus=True):
    """Subclasses say how many lines there are and draw one; `changed()` tells that either is new."""

    DEFAULT_CSS = """
    Lines { height: 1fr; overflow-x: hidden; }
    Lines .lines--cursor { background: $rule 45%; }
    """
    COMPONENT_CLASSES: ClassVar = {"lines--cursor"}
    BINDINGS = keys.bindings("list")

    cursor = reactive(0)
    version = var(0)  # of what the lines show

    class Moved(Message):
        """The cursor stands on another line."""

        def __init__(self, lines: "Lines"):
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> "Lines":
            return self.lines

    class Chosen(Moved):
        """A line has been opened: enter, or a second click."""

    def headings(self, width: int) -> Text:
        """The names of the columns, for the line above the list; empty where it has none."""
        return Text()

    @property
    @abstractmethod
    def count(self) -> int:
        """How many lines there are."""

    @abstractmethod
    def line(self, index: int, width: int) -> Text:
        """One line, at most `width` cells; its first cell is left for the cursor."""

    def nothing(self) -> str:
        """The sentence that stands in the place of an empty list."""
        return ""

    def changed(self) -> None:
        """Draw anew: the lines or their number have changed."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.count)
        self.cursor = self.validate_cursor(self.cursor)
        self.version += 1
        self.refresh(layout=self.styles.height is not None and self.styles.height.is_auto)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self) -> None:
        self._keep_in_view()
        self.refresh()
        self.post_message(self.Moved(self))

    def _keep_in_view(self) -> None:
        height = self.scrollable_content_region.height
        if self.cursor < self.scroll_offset.y:
            self.scroll_to(y=self.cursor, animate=False)
        elif height and self.cursor >= self.scroll_offset.y + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)

    def on_resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.count)
        self._keep_in_view()

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        style = self.rich_style
        if self.count == 0:
            return self._strip(self._line_of_nothing(y, width)).adjust_cell_length(width).apply_style(style)
        if index >= self.count:
            return Strip.blank(width, style)
        strip = self._strip(self.line(index, width)).adjust_cell_length(width)
        if index == self.cursor and self.has_focus:
            strip = Strip.join([self._strip(Text("▌", colour(self, "focus"))), strip.crop(1, width)])
            style += self.get_component_rich_style("lines--cursor", partial=True)
        return strip.apply_style(style)

    def _line_of_nothing(self, y: int, width: int) -> Text:
        """One line of the sentence that stands in the place of an empty list; what has no room is cut."""
        room = max(1, width - 1)
        lines = Text(on_one_line(self.nothing())).wrap(self.app.console, room)
        words = lines[y].plain.rstrip() if y < len(lines) else ""
        if y == max(1, self.size.height) - 1:
            words = cut(" ".join(line.plain.rstrip() for line in lines[y:]), room)
        return Text(f" {words}", colour(self, "text"))

    def _strip(self, text: Text) -> Strip:
        if UNSAFE.search(text.plain):  # what a subclass has not escaped
            text = _escaped(text)
        console = self.app.console
        # rich leaves the style of a text without spans to whoever prints it
        return Strip(text.render(console) if text.spans else [Segment(text.plain, console.get_style(text.style))])

    def index_at(self, event: events.Click) -> int | None:
        """The line that was clicked on; None below the last."""
        at = event.get_content_offset(self)
        index = self.count if at is None else at.y + self.scroll_offset.y
        return index if index < self.count else None

    def on_click(self, event: events.Click) -> None:
        index = self.index_at(event)
        if index is None:
            return
        if index == self.cursor and event.chain > 1:
            self.post_message(self.Chosen(self))
        self.cursor = index

    def move(self, by: int) -> None:
        """Move the cursor by so many lines, at most to the first or the last."""
        self.cursor += by

    def action_up(self) -> None:
        self.move(-1)

    def action_down(self) -> None:
        self.move(1)

    def action_first(self) -> None:
        self.move(-sys.maxsize)

    def action_last(self) -> None:
        self.move(sys.maxsize)

    def action_page_up(self) -> None:
        self.move(-self.scrollable_content_region.height)

    def action_page_down(self) -> None:
        self.move(self.scrollable_content_region.height)


class ItemList(Lines, Generic[Item]):
    """A list that shows one item a line."""

    def __init__(self) -> None:
        super().__init__()
        self.items: Sequence[Item] = ()

    @property
    def count(self) -> int:
        return len(self.items)

    @property
    def selected(self) -> Item | None:
        """The item under the cursor; None in an empty list."""
        return self.items[self.cursor] if self.items else None

    def show_items(self, items: Sequence[Item]) -> None:
        """Show other items; the cursor keeps its place as far as there is one."""
        self.items = items
        self.changed()


class Headings(Widget):
    """One line over a list that says its `headings` at a width, as wide as the list's own lines."""

    DEFAULT_CSS = "Headings { height: 1; text-wrap: nowrap; }"

    def __init__(self, lines: Lines):
        super().__init__()
        self._lines = lines

    def on_mount(self) -> None:
        for what in ("show_vertical_scrollbar", "version"):
            self.watch(self._lines, what, self._redraw)

    def _redraw(self) -> None:
        self.refresh()

    def render(self) -> Text:
        return self._lines.headings(self._lines.scrollable_content_region.width)


def _escaped(text: Text) -> Text:
    """A line of which every character is seen, in the styles that it had."""
    cuts = sorted({end for match in UNSAFE.finditer(text.plain) for end in match.span()})
    pieces = [piece.copy() for piece in text.divide(cuts)]
    for piece in pieces:
        if UNSAFE.search(piece.plain):
            style = piece.spans[0].style if piece.spans else piece.style
            piece.spans, piece.plain = [], on_one_line(piece.plain)
            piece.stylize(style)
    return Text("", no_wrap=True).join(pieces)
