"""What is worth a look in the data; each line is a filter for the rows."""

from rich.cells import cell_len
from rich.text import Text

from core.rows import Note
from core.wording import on_one_line
from workbench import keys
from workbench.formatting import cut
from workbench.themes import colour
from workbench.widgets.lines import ItemList

OFFERED_BY = {
    "model.name": "better",
    "data.join_labels": "join_labels",
    "data.rare_labels": "join_rare",
    "data.split": "keep_split",
    "data.duplicates": "drop_near",
}
ASKED_BY = "choose_column"


def key_of(note: Note) -> str:
    """The key that does what a note offers, or answers what it asks; empty where it does neither."""
    action = ASKED_BY if note.asks else note.does or next((OFFERED_BY[name] for name in note.offers), "")
    return keys.key_of(action) if action else ""


class Notes(ItemList[Note]):
    """Enter shows the rows of the note under the cursor."""

    BINDINGS = keys.bindings("notes")

    @property
    def cut_short(self) -> str:
        """The sentence under the cursor, where its line has no room for all of it."""
        note, width = self.selected, self.scrollable_content_region.width
        return on_one_line(note.text) if note and cell_len(on_one_line(note.text)) > self._room(note, width) else ""

    @property
    def why_no_rows(self) -> str:
        """What enter cannot do for the note under the cursor, and which key does what the note says, if one does."""
        note = self.selected
        if note is None or note.filter:
            return ""
        key = key_of(note)
        return "No rows belong to this note." + (f" {key} does what it says." if key else "")

    async def copied(self) -> str:
        return self.selected.text if self.selected else ""

    @staticmethod
    def _room(note: Note, width: int) -> int:
        """Cells for the sentence of a note."""
        key = key_of(note)
        return width - 12 - (len(key) + 2 if key and note.count else 0)

    @property
    def count(self) -> int:
        return len(self.items) or 1

    def line(self, index: int, width: int) -> Text:
        if not self.items:
            return Text("   Nothing stands out.", colour(self, "muted"))
        note = self.items[index]
        key = key_of(note)
        return Text.assemble(
            (" ▲ " if note.warn else "   ", colour(self, "warning")),
            (f"{note.count:>6,}  " if note.count else f"{key:>6}  ", f"bold {colour(self, 'text')}"),
            (f"{key}  " if key and note.count else "", f"bold {colour(self, 'text')}"),
            (
                cut(on_one_line(note.text), self._room(note, width)),
                colour(self, "text" if note.warn else "muted"),
            ),
            no_wrap=True,
        )
