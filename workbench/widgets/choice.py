"""One of a few words, turned over with the arrow keys."""

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.reactive import reactive
from textual.widget import Widget

from core.options import AUTO
from core.wording import on_one_line
from workbench import keys
from workbench.formatting import cut
from workbench.themes import colour
from workbench.widgets.arrows import turned


class Choice(Widget, can_focus=True):
    """`‹ word ›`; `value` is the word. A click turns it."""

    DEFAULT_CSS = "Choice { height: 1; }"
    BINDINGS = keys.bindings("choice")

    value = reactive("")
    comes_to = reactive("")  # what an open value is taken for

    def __init__(self, words: Sequence[str], value: str, **kwargs: Any):
        super().__init__(**kwargs)
        self._words = list(words)
        self.set_reactive(Choice.value, value)

    def render(self) -> Text:
        arrows = colour(self, "focus" if self.has_focus else "rule")
        value = on_one_line(self.value)
        comes_to = f": {on_one_line(self.comes_to)}" if self.comes_to and self.value == AUTO else ""
        room = self.size.width - 4
        return Text.assemble(
            ("‹ ", arrows),
            (cut(value, room), colour(self, "text")),
            (cut(comes_to, room - cell_len(value)), colour(self, "muted")),
            (" ›", arrows),
            no_wrap=True,
        )

    def offer(self, words: Sequence[str]) -> None:
        """Have these words to choose from; the chosen one stays among them."""
        self._words = list(dict.fromkeys([*words, self.value]))

    def _turn(self, by: int) -> None:
        self.value = self._words[(self._words.index(self.value) + by) % len(self._words)]

    def action_following(self) -> None:
        self._turn(1)

    def action_previous(self) -> None:
        self._turn(-1)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        # a click on the word goes on, as one on the arrow behind it
        self._turn(turned(self.render().plain, at) or 1)
