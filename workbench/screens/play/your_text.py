"""The field on Play: a text of any number of lines, with earlier ones under ↑."""

import re
from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import EditResult, Location

from core.wording import on_one_line
from workbench import keys

EXPECTED = "Type or paste a text. ↑ brings an example."
MOST = 10_000  # characters: about twice what the longest context reads, and quick to wrap at every key
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # no terminal could show them as they are


class YourText(TextArea):
    """`earlier` are the texts that ↑ brings, the nearest first; ↓ leads back to what was being written."""

    BINDINGS = keys.bindings("text")

    class Submitted(Message):
        """Enter."""

    def __init__(self) -> None:
        super().__init__(highlight_cursor_line=False, placeholder=EXPECTED)
        self.match_cursor_bracket = False
        self.earlier: Sequence[str] = ()
        self._own = ""

    def expect(self, made_of: str) -> None:
        """Say what texts the classifier has learned from, where several columns made them."""
        form = f" It learned from texts of this form: {on_one_line(made_of)}" if made_of else ""
        self.placeholder = EXPECTED + form

    @property
    def is_full(self) -> bool:
        return len(self.text) >= MOST

    @property
    def at(self) -> int:
        """How many characters stand before the cursor."""
        row, column = self.cursor_location
        return sum(len(line) + 1 for line in self.document.lines[:row]) + column

    def replace(
        self, insert: str, start: Location, end: Location, *, maintain_selection_offset: bool = True
    ) -> EditResult:
        """Every key and every paste comes through here: what goes beyond MOST is left out."""
        start, end = sorted((start, end))
        room = MOST - len(self.text) + len(self.get_text_range(start, end))
        return super().replace(
            _clean(insert)[: max(0, room)], start, end, maintain_selection_offset=maintain_selection_offset
        )

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.prevent_default()  # TextArea would break the line; here it is a binding

    def action_keep(self) -> None:
        self.post_message(self.Submitted())

    def action_new_line(self) -> None:
        self.replace("\n", *self.selection, maintain_selection_offset=False)

    def kept(self, earlier: Sequence[str]) -> None:
        """The text is now among the earlier ones. It stays and can be read; the next key begins another."""
        self.earlier, self._own = earlier, ""
        self.select_all()

    def action_recall(self) -> None:
        at = self._among_earlier
        if at < 0 and not self.navigator.is_first_wrapped_line(self.cursor_location):
            self.action_cursor_up()
        elif at + 1 < len(self.earlier):
            if at < 0:
                self._own = self.text
            self.show(self.earlier[at + 1])

    def action_return(self) -> None:
        at = self._among_earlier
        if at < 0:
            self.action_cursor_down()
        else:
            self.show(self.earlier[at - 1] if at else self._own)

    @property
    def _among_earlier(self) -> int:
        return self.earlier.index(self.text) if self.text in self.earlier else -1

    def show(self, text: str) -> None:
        """Put another text in place, the cursor at its end."""
        self.text = _clean(text)[:MOST]
        self.move_cursor(self.document.end)


def _clean(text: str) -> str:
    """The beginning of a text as the field can hold it."""
    return UNSHOWN.sub("�", text[: 2 * MOST].replace("\r\n", "\n").replace("\r", "\n"))
