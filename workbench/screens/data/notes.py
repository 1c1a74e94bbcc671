"""What is worth a look in the data; each line is a filter for the rows."""

from rich.text import Text

from core.rows import Note
from core.wording import on_one_line
from workbench import keys
from workbench.formatting import cut
from workbench.themes import colour
from workbench.widgets.lines import Lines


class Notes(Lines):
    """Enter shows the rows of the note under the cursor."""

    BINDINGS = keys.bindings("notes")

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[Note] = []

    @property
    def count(self) -> int:
        return len(self.notes) or 1

    @property
    def note(self) -> Note | None:
        """The note under the cursor."""
        return self.notes[self.cursor] if self.notes else None

    def show(self, notes: list[Note]) -> None:
        self.notes = notes
        self.changed()

    def line(self, index: int, width: int) -> Text:
        if not self.notes:
            return Text("   Nothing stands out.", colour(self, "muted"))
        note = self.notes[index]
        return Text.assemble(
            (" ▲ " if note.warn else "   ", colour(self, "warning")),
            (f"{note.count:>6,}  " if note.count else " " * 8, f"bold {colour(self, 'text')}"),
            (cut(on_one_line(note.text), width - 12), colour(self, "text" if note.warn else "muted")),
            no_wrap=True,
        )
