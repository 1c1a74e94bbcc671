"""A row with all of its columns, as they stand in the file: each on a line, the one under the cursor whole."""

from collections.abc import Sequence

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from core.errors import WorkbenchError
from core.rows import Profile
from core.wording import on_one_line, plural, shown
from workbench import keys
from workbench.formatting import cut, name_width, named
from workbench.screens.data.source import progress_in_words
from workbench.screens.dialog import Dialog
from workbench.session import copying
from workbench.session.helper import Progress, Superseded
from workbench.session.session import session_of
from workbench.themes import colour
from workbench.widgets.lines import ItemList, Lines
from workbench.widgets.panel import Panel

AROUND = 50  # rows on each side that are read along
MOST = 20_000  # characters of a value that are drawn

Cell = tuple[str, str]  # a column's name, and what it holds


class Columns(ItemList[Cell]):
    """One line a column; `marked` are those that are read as text and label."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: dict[str, str] = {}

    def line(self, index: int, width: int) -> Text:
        name, value = self.items[index]
        names = name_width([each for each, _ in self.items], width // 3, 6)
        muted, mark = colour(self, "muted"), self.marked.get(name, "")
        line = Text.assemble(" ", (named(name, names), colour(self, "focus" if mark else "text")), "  ", no_wrap=True)
        room = width - line.cell_len - (len(mark) + 2 if mark else 0)
        line.append(cut(on_one_line(value.strip()), room), colour(self, "text"))
        if mark:
            line.pad_right(width - line.cell_len - len(mark) - 1)
            line.append(f" {mark}", muted)
        return line


class RowDialog(Dialog[None]):
    """`rows` are the numbers of those that are listed, `at` is the one to show; the others are a key away."""

    PLACE = "row_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, rows: Sequence[int], at: int, profile: Profile):
        super().__init__()
        self._rows, self._at, self._profile = rows, at, profile
        self._read: dict[int, list[Cell]] = {}

    def compose(self) -> ComposeResult:
        with Panel(title="Row", subtitle="y copies · ← → other rows · esc leaves", classes="dialog"):
            yield Columns()
            yield VerticalScroll(Static(id="value", markup=False), id="whole-value")
            yield Static(classes="hint", markup=False)

    def on_mount(self) -> None:
        columns = self._profile.columns
        marked = {name: "label" for name in columns["label"].split(", ")} | {columns["text"]: "text"}
        self.query_one(Columns).marked = marked
        self.query_one(Columns).focus()
        self._show()

    @work(group="columns", exclusive=True)
    async def _show(self) -> None:
        """Show the row, once it is read: those around it come along, so that the next one is there at once."""
        row = self._rows[self._at]
        self.query_one(Panel).title = f"Row {row:,}"
        if row not in self._read:
            self.hint("Reading the row.")
            near = self._rows[max(0, self._at - AROUND) : self._at + AROUND + 1]
            session = session_of(self)
            try:
                found_as = await session.data_helper.ask("found_as")
                data = session.draft.recipe.data.model_dump()
                answer = await session.glimpse_helper.ask(
                    "columns", self._progressed, data=data, rows=list(near), found_as=found_as
                )
            except Superseded:
                return
            except WorkbenchError as error:
                if self.query(Columns):
                    self.hint(f"✕ {error}", "text")
                return
            self._read |= {int(number): [(name, cell) for name, cell in cells] for number, cells in answer.items()}
        if self.query(Columns):
            cells = self._read.get(row, [])
            said = f"{plural(len(cells), 'column')}. ↑ ↓ choose, tab leads into a long value."
            self.hint(said if cells else "The file has changed: this row is not in it any more.")
            self.query_one(Columns).show_items(cells)
            self._show_value()

    def _progressed(self, progress: Progress) -> None:
        if self.query(Columns):
            self.hint(f"Reading the row. {progress_in_words(progress)}.")

    @on(Lines.Moved)
    def _show_value(self) -> None:
        chosen = self.query_one(Columns).selected
        value = chosen[1] if chosen else ""
        more = f"\n… {len(value) - MOST:,} more characters: y copies all" if len(value) > MOST else ""
        self.query_one("#value", Static).update(Text(shown(value[:MOST]) + more, colour(self, "text")))
        self.query_one("#whole-value", VerticalScroll).scroll_home(animate=False)

    def action_next_row(self) -> None:
        self._turn(1)

    def action_previous_row(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        at = self._at + by
        if 0 <= at < len(self._rows):
            self._at = at
            self._show()

    async def action_copy_value(self) -> None:
        if chosen := self.query_one(Columns).selected:
            await copying.copy(self.app, chosen[1])
