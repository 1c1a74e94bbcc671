"""Data: what am I about to learn from?"""

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from core.rows import Profile
from workbench import keys
from workbench.formatting import cut
from workbench.layout import Column, Part, Plan
from workbench.screens.data.choosing import Choosing
from workbench.screens.data.classes import Classes
from workbench.screens.data.filters import in_words
from workbench.screens.data.histogram import Histogram
from workbench.screens.data.mending import Mending
from workbench.screens.data.notes import Notes
from workbench.screens.data.row_search import FIND, RowSearch
from workbench.screens.data.rows import FindRow, Rows, View, unit_of
from workbench.screens.data.source import Source, progress_in_words
from workbench.screens.data.splits import Splits
from workbench.screens.data.to_mend import Now, ToMend
from workbench.screens.data.tokens import Tokens
from workbench.session.draft import Draft
from workbench.session.trail import DataRow
from workbench.widgets.body import Body
from workbench.widgets.lines import Headings, Lines
from workbench.widgets.panel import Panel

MOST_CLASSES = 8  # that stand on show before the list grows into lines that nobody needs
RANKS = ("source", "notes", "lengths", "classes", "splits", "tokens")


class DataScreen(Choosing, Mending, RowSearch):
    """One panel while there is nothing to show but the source, all of them once the file is read."""

    MODE = "data"
    BINDINGS = keys.bindings("data")

    def compose_panels(self) -> ComposeResult:
        yield Panel(Source(), title="Source", letter="s", id="source")

    async def _furnish(self) -> None:
        # what only a file that has been read needs, so that the first frame does not wait for it
        classes, rows = Classes(), Rows()
        headings = Headings(classes)
        headings.id = "class-headings"
        find_class = Input(placeholder="find a class", id="find-class", classes="find")
        find_row = FindRow(placeholder=FIND, id="find-row", classes="find")
        whole = Static(id="whole-note", markup=False)
        await self.query_one(Body).mount(
            Panel(headings, find_class, classes, title="Classes", letter="c", id="classes"),
            Panel(Splits(), title="Splits", id="splits"),
            Panel(Histogram(), title="Length in tokens", word="Lengths", letter="l", id="lengths"),
            Panel(Notes(), title="Worth a look", letter="w", id="notes"),
            Panel(Headings(rows), rows, find_row, whole, title="Rows", letter="r", id="rows"),
            Panel(VerticalScroll(Tokens()), title="Tokens", word="Tokens", letter="k", id="tokens"),
        )

    def plan(self) -> Plan:
        if self._shown is None or not self._is_furnished:
            return Plan.of(Part("source", 3, grows=1), ranks=("source",))
        width = self.app.size.width // 2 - 2
        source, brief = 1 + self.query_one(Source).lines_at(width), 1 + self.query_one(Source).least_at(width)
        classes, notes = len(self._shown.labels), self.query_one(Notes).count  # whatever is searched for
        left = (
            Part("source", max(min(source, 4), brief), source, brief=brief),
            Part("classes", 2 + min(classes, 2), 3 + min(classes, MOST_CLASSES), grows=classes > MOST_CLASSES),
            Part("splits", 5, 6, brief=2),
        )
        right = (Part("lengths", 5, 12, grows=1), Part("notes", min(4, 1 + notes), 1 + notes))
        above = [Column(left), Column(right)]
        tokens = Part("tokens", 4, 8)
        ranks = ("rows", *(["tokens"] if self.has_class("-tokens") else []), *RANKS)
        return Plan.of(above, Part("rows", 10, grows=3), tokens, ranks=ranks)

    @property
    def _is_furnished(self) -> bool:
        return bool(self.query(Histogram) and self.query(Rows) and self.query(Tokens))

    async def on_mount(self) -> None:
        self.draft.profile_changed.subscribe(self, self._profiled)
        self.draft.recipe_changed.subscribe(self, self._profiled)
        await self._profiled(self.draft)

    def on_screen_resume(self) -> None:
        if wanted := self.session.trail.take(DataRow):
            self._go_to(wanted)

    def _go_to(self, wanted: DataRow | None) -> None:
        """Put the cursor on a row, of all rows, where one is wanted."""
        if wanted:
            self._clear("#find-row")
            rows = self.query_one(Rows)
            rows.look(View(), wanted.row)
            rows.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "show_rows":
            return self._is_furnished and bool(self._to_filter)
        return super().check_action(action, parameters)

    def why_not(self, key: str) -> str:
        if key == "enter" and self._is_furnished and self.query_one(Notes).has_focus:
            return self.query_one(Notes).why_no_rows
        return super().why_not(key)

    def action_doubts(self) -> None:
        from workbench.screens.data.doubts_screen import DoubtsScreen

        doubts = DoubtsScreen()

        def left(wanted: DataRow | None) -> None:
            if doubts.is_mended:
                self.draft.read_profile()
            else:
                self.ask_what_is_mended()  # where the doubts have asked before Data had its answer
            self._go_to(wanted)

        self.app.push_screen(doubts, left)

    @property
    def to_mend(self) -> ToMend | None:
        row = self.query_one(Rows).row if self._is_furnished else None
        return ToMend(row.row, row.label) if row else None

    def was_mended(self) -> None:
        self.draft.read_profile()

    def show_now(self, now: Now) -> None:
        """The rows show it when they are read again."""

    async def _profiled(self, draft: Draft) -> None:
        profile = draft.profile
        if profile and not self.query(Rows):
            await self._furnish()
            if not self._is_furnished:
                return  # the app was left meanwhile
        self.refresh_bindings()
        self.set_class(profile is not None, "-ready")
        again = draft.profiling if profile else None
        self.query_one("#source", Panel).subtitle = progress_in_words(again) if again else ""
        if profile is None:
            self._shown = None
            self.fit()
            self.query_one(Source).focus()
        elif profile is not self._shown:
            another = self._shown is None or self._shown.path != profile.path
            self._shown = profile
            self._show(profile)
            self.ask_what_is_mended()
            if another:
                self._start_over()
            else:
                rows = self.query_one(Rows)
                rows.look(rows.view, rows.wanted)

    def _show(self, profile: Profile) -> None:
        self.query_one(Classes).show(profile)
        self.query_one(Histogram).show(profile)
        self.query_one("#lengths", Panel).title = f"Length in {unit_of(profile)}s"
        self.query_one(Splits).show(profile, self.draft.recipe)
        self.query_one(Notes).show_items(profile.notes)
        self.fit()

    def _start_over(self) -> None:
        for field in self.query(".find").results(Input):
            field.value, field.display = "", False
        self.query_one(Rows).look(View())
        # where nothing can be learned, the next step is another file or column
        (self.query_one(Source) if self._shown and self._shown.problem else self.query_one(Rows)).focus()

    @on(Rows.Counted)
    def _headings(self) -> None:
        """What stands above the lists: which rows these are, how many, and the names of the columns."""
        if self._shown is None:
            return
        rows, panel = self.query_one(Rows), self.query_one("#rows", Panel)
        view = rows.view
        filters = " · ".join(in_words(each, self._shown.notes) for each in view.filters)
        words = [*([f"filter: {filters}"] if filters else []), *([view.said_search] if view.search else [])]
        count = rows.searching or f"{rows.total:,} of {self._shown.rows:,}"
        room = panel.room - len(", ") - len(count)
        panel.subtitle = ", ".join([*filter(None, [cut(", ".join(words), room)]), count])
        for headings in self.query(Headings):
            headings.refresh()
        self.refresh_bindings()

    @on(Input.Changed, "#find-class")
    def _find_class(self, event: Input.Changed) -> None:
        if self._shown:
            self.query_one(Classes).show(self._shown, event.value)

    @property
    def _to_filter(self) -> str:
        """The filter of what is chosen in the panel that has the focus; empty where no rows stand behind it."""
        classes, histogram = self.query_one(Classes), self.query_one(Histogram)
        if classes.has_focus:
            return f"label {classes.selected}" if classes.selected is not None else ""
        if histogram.has_focus:
            return histogram.filter
        note = self.query_one(Notes).selected
        return note.filter if note else ""

    def action_show_rows(self) -> None:
        rows = self.query_one(Rows)
        if chosen := self._to_filter:
            rows.look(rows.view.plus(chosen))
            rows.focus()

    @on(Histogram.Chosen)
    def _cut(self) -> None:
        histogram = self.query_one(Histogram)
        if histogram.filter:
            self.action_show_rows()
        else:
            context = f"A context of {histogram.context:,}" if self._shown and self._shown.cuts else "This model"
            self.notify(f"{context} cuts no text.", markup=False)

    @on(Lines.Chosen)
    def _chosen(self, event: Lines.Chosen) -> None:
        if isinstance(event.lines, Rows):
            self.action_tokens()
        else:
            self.action_show_rows()

    @on(Rows.Moved)
    def _moved(self, event: Rows.Moved) -> None:
        if isinstance(event.lines, Rows):
            self._ask_for_tokens()
        self._say_whole_note()
        self.refresh_bindings()

    def on_descendant_focus(self) -> None:
        self._say_whole_note()

    def _say_whole_note(self) -> None:
        """Below all, the note under the cursor that is longer than its line."""
        if not self.query("#whole-note"):
            return
        notes, whole = self.query_one(Notes), self.query_one("#whole-note", Static)
        words = notes.cut_short if notes.has_focus else ""
        whole.update(words)
        whole.display = bool(words)

    def fit(self) -> None:
        super().fit()
        if self._is_furnished:
            self._ask_for_tokens()

    def action_back(self) -> None:
        if self._shown is None:
            super().action_back()
            return
        rows, searched = self.query_one(Rows), self._searched
        if isinstance(self.focused, Input):
            self._leave_field()
        elif searched is not rows and self.query_one("#find-class", Input).value:
            self._clear("#find-class")
        elif self._zoomed or self._unfolded:
            super().action_back()
        elif self.has_class("-tokens") and rows.count:
            self.remove_class("-tokens")
            self.fit()
        elif rows.view != View():
            self._clear("#find-row")
            rows.look(View())
        else:
            super().action_back()
