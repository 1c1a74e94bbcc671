"""The rows of the data: which of them are listed, in which order, and the tokens of the one under the cursor."""

from abc import abstractmethod

from textual import on, work
from textual.widgets import Input

from core.errors import WorkbenchError
from core.rows import Profile
from core.wording import plural
from workbench.screens.base import BaseScreen
from workbench.screens.data.classes import Classes
from workbench.screens.data.filter_dialog import FilterDialog
from workbench.screens.data.filters import kind
from workbench.screens.data.row_dialog import RowDialog
from workbench.screens.data.rows import SORTS, FindRow, Rows, View, unit_of
from workbench.screens.data.tokens import LEGEND, Tokens
from workbench.session.complain import complain
from workbench.session.helper import Superseded
from workbench.widgets.lines import Lines
from workbench.widgets.panel import Panel

FIND = "find in the texts   ^r: by a regular expression"
FIND_REGEX = "a regular expression   ^r: words again"


class RowSearch(BaseScreen):
    """A screen that lists the rows of a profile, with a field to find them by, and one for the classes."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Profile | None = None

    @property
    @abstractmethod
    def _is_furnished(self) -> bool:
        """Whether the panels are there that only a file needs which has been read."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("tokens", "all_columns", "sort", "reverse"):
            return self._is_furnished and self.query_one(Rows).count > 0
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        rows, notes = self.query_one(Rows), self._shown.notes if self._shown else []
        filters = ["", *dict.fromkeys(note.filter for note in notes if note.filter)]
        at = filters.index(rows.view.filter) if rows.view.filter in filters else -1
        rows.look(rows.view._replace(filter=filters[(at + 1) % len(filters)], also=()))

    def action_sort(self) -> None:
        rows = self.query_one(Rows)
        rows.look(rows.view._replace(sort=SORTS[(SORTS.index(rows.view.sort) + 1) % len(SORTS)]))

    def action_reverse(self) -> None:
        rows = self.query_one(Rows)
        rows.look(rows.view._replace(reverse=not rows.view.reverse))

    def action_search(self) -> None:
        field = self.query_one("#find-row" if self._searched is self.query_one(Rows) else "#find-class", Input)
        if isinstance(field, FindRow):
            field.placeholder = FIND_REGEX if self.query_one(Rows).view.regex else FIND
        field.display = True
        field.focus()

    @on(Input.Changed, "#find-row")
    def _find_row(self, event: Input.Changed) -> None:
        rows = self.query_one(Rows)
        if rows.view.search != event.value:
            rows.look(rows.view._replace(search=event.value))

    def action_regex(self) -> None:
        """Take what is searched for as a regular expression, or as words again."""
        rows, field = self.query_one(Rows), self.query_one("#find-row", Input)
        rows.look(rows.view._replace(regex=not rows.view.regex))
        field.placeholder = FIND_REGEX if rows.view.regex else FIND

    def action_filters(self) -> None:
        if self._shown:
            self.app.push_screen(FilterDialog(self._shown, self.query_one(Rows).view), self._filtered)

    def _filtered(self, view: View | None) -> None:
        if view is not None:
            field = self.query_one("#find-row", Input)
            field.value, field.display = view.search, bool(view.search)
            field.placeholder = FIND_REGEX if view.regex else FIND
            self.query_one(Rows).look(view)

    def action_all_columns(self) -> None:
        numbers, at = self.query_one(Rows).numbers
        if self._shown and at < len(numbers):
            self.app.push_screen(RowDialog(numbers, at, self._shown))

    @on(Input.Submitted)
    def _leave_field(self) -> None:
        self._searched.focus()
        for field in self.query(".find").results(Input):
            field.display = bool(field.value)

    @property
    def _searched(self) -> Lines:
        """The list that has the focus, itself or in its field."""
        of_classes = self.query_one(Classes).has_focus or self.query_one("#find-class").has_focus
        return self.query_one(Classes if of_classes else Rows)

    def _clear(self, field: str) -> None:
        self.query_one(field, Input).value = ""
        self.query_one(field).display = False

    def action_tokens(self) -> None:
        if self.query_one(Rows).count:
            self.toggle_class("-tokens")
            self.fit()

    def _ask_for_tokens(self) -> None:
        row = self.query_one(Rows).row
        if row and self._fitted and "tokens" in self._fitted.places:
            self._tokens(row.row)

    @property
    def _cut_at(self) -> int:
        """The context whose cut rows are listed; 0 where none is asked for, and it is the recipe's."""
        longer = [each for each in self.query_one(Rows).view.filters if kind(each) == "longer"]
        return int(longer[0].partition(" ")[2]) if longer else 0

    @work(group="tokens", exclusive=True)
    async def _tokens(self, row: int) -> None:
        try:
            answer = await self.session.data_helper.ask("pieces", row=row, context=self._cut_at)
        except Superseded:
            return
        except WorkbenchError as error:
            complain(self.app, error)
            return
        panel = self.query_one("#tokens", Panel)
        gone = answer["tokens"] - answer["kept"]
        panel.title = (
            f"Row {row:,} in {plural(answer['tokens'], unit_of(self._shown))}{f', {gone:,} cut' if gone else ''}"
        )
        self.query_one(Tokens).pieces, self.query_one(Tokens).cut = answer["pieces"], frozenset(answer["cut"])
        panel.subtitle = LEGEND if self.query_one(Tokens).counts else ""
        self.call_after_refresh(self._scroll_to_cut)

    def _scroll_to_cut(self) -> None:
        """Show where the row is cut, where such rows are listed, or else its beginning."""
        is_asked = self._cut_at or "cut" in self.query_one(Rows).view.filters
        line = self.query_one(Tokens).line_of_cut if is_asked else 0
        self.query_one("#tokens VerticalScroll").scroll_to(y=max(0, line - 1), animate=False)
