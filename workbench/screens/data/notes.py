"""What is worth a look in the data; each line is a filter for the rows."""

from rich.text import Text

from core.rows import Note
from core.wording import on_one_line
from workbench import keys
from workbench.formatting import cut
from workbench.themes import colour
from workbench.widgets.lines import ItemList


class Notes(ItemList[Note]):
    """Enter shows the rows of the note under the cursor."""

    BINDINGS = keys.bindings("notes")

    @property
    def count(self) -> int:
        return len(self.items) or 1

    def line(self, index: int, width: int) -> Text:
        if not self.items:
            return Text("   Nothing stands out.", colour(self, "muted"))
        note = self.items[index]
        key = keys.key_of("better") if note.offers else ""
        return Text.assemble(
            (" ▲ " if note.warn else "   ", colour(self, "warning")),
            (f"{note.count:>6,}  " if note.count else f"{key:>6}  ", f"bold {colour(self, 'text')}"),
            (cut(on_one_line(note.text), width - 12), colour(self, "text" if note.warn else "muted")),
            no_wrap=True,
        )
