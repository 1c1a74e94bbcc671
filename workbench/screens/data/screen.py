"""Data: what am I about to learn from?"""

import re

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Static

from core.architectures.counting import LONGEST
from core.errors import BadData, BadRecipe, WorkbenchError
from core.rows import Profile
from core.wording import on_one_line, plural
from workbench import keys
from workbench.formatting import cut
from workbench.screens.base import BaseScreen
from workbench.screens.data.classes import Classes
from workbench.screens.data.histogram import Histogram
from workbench.screens.data.notes import ASKED_BY, OFFERED_BY, Notes
from workbench.screens.data.rows import SORTS, Rows, View
from workbench.screens.data.source import Source, progress_in_words
from workbench.screens.data.source_dialog import SourceDialog, dropped
from workbench.screens.data.splits import Splits
from workbench.screens.data.tokens import Tokens
from workbench.session.complain import complain
from workbench.session.draft import Draft
from workbench.session.helper import Superseded
from workbench.widgets.footer import Footer
from workbench.widgets.lines import Lines
from workbench.widgets.panel import Panel

BESIDE = 14  # cells of a panel's rule that neither title nor subtitle may have
LIKE_A_PATH = re.compile(r"(file://|[/~.])\S*$")


class DataScreen(BaseScreen):
    """One panel while there is nothing to show but the source, all of them once the file is read."""

    MODE = "data"
    BINDINGS = keys.bindings("data")

    def compose_panels(self) -> ComposeResult:
        with Horizontal(id="above"), Vertical(id="left"), Panel(title="Source", letter="s", id="source"):
            yield Source()

    async def _furnish(self) -> None:
        # what only a file that has been read needs, so that the first frame does not wait for it
        await self.query_one("#source").mount(
            Static(id="class-headings", classes="ready"),
            Classes(),
            Input(placeholder="find a class", id="find-class", classes="find"),
        )
        await self.query_one("#left").mount(Panel(Splits(), title="Splits", classes="ready", id="splits"))
        lengths = Panel(Histogram(), title="Length in tokens", joint="┬", id="lengths")
        notes = Panel(Notes(), title="Worth a look", letter="w", joint="├", id="notes")
        await self.query_one("#above").mount(Vertical(lengths, notes, id="right", classes="ready"))
        find_row = Input(placeholder="find in the texts", id="find-row", classes="find")
        rows = Panel(Static(id="row-headings"), Rows(), find_row, title="Rows", letter="r", classes="ready", id="rows")
        tokens = Panel(VerticalScroll(Tokens()), title="Tokens", letter="k", id="tokens")
        await self.mount(rows, tokens, before=self.query_one(Footer))

    async def on_mount(self) -> None:
        self.draft.profile_changed.subscribe(self, self._profiled)
        self.draft.recipe_changed.subscribe(self, self._profiled)
        self._shown: Profile | None = None
        await self._profiled(self.draft)

    async def _profiled(self, draft: Draft) -> None:
        profile = draft.profile
        if profile and not self.query(Rows):
            await self._furnish()
            if not (self.query(Histogram) and self.query(Rows)):
                return  # the app was left meanwhile
        self.refresh_bindings()
        self.set_class(profile is not None, "-ready")
        again = draft.profiling if profile else None
        self.query_one("#source", Panel).subtitle = progress_in_words(again) if again else ""
        if profile is None:
            self._shown = None
            self.query_one(Source).focus()
        elif profile is not self._shown:
            another = self._shown is None or self._shown.path != profile.path
            self._shown = profile
            self._show(profile)
            if another:
                self._start_over()
            else:
                self.query_one(Rows).look(self.query_one(Rows).view)

    def _show(self, profile: Profile) -> None:
        self.query_one(Classes).show(profile)
        self.query_one(Histogram).show(profile)
        unit = "words" if profile.context == LONGEST else "tokens"
        self.query_one("#lengths", Panel).title = f"Length in {unit}"
        self.query_one(Splits).show(profile, self.draft.recipe)
        self.query_one(Notes).show_items(profile.notes)

    def _start_over(self) -> None:
        for field in self.query(".find").results(Input):
            field.value, field.display = "", False
        self.query_one(Rows).look(View())
        self.set_class(not self.has_class("-short"), "-tokens")
        self.query_one(Rows).focus()

    @on(Rows.Counted)
    def _headings(self) -> None:
        """What stands above the lists: which rows these are, how many, and the names of the columns."""
        if self._shown is None:
            return
        rows, classes, panel = self.query_one(Rows), self.query_one(Classes), self.query_one("#rows", Panel)
        view, words = rows.view, []
        if view.filter:
            words.append(f"filter: {next((n.text for n in self._shown.notes if n.filter == view.filter), view.filter)}")
        if view.search:
            words.append(f"“{on_one_line(view.search)}”")
        count = f"{rows.total:,} of {self._shown.rows:,}"
        room = panel.size.width - len(panel.title) - len(count) - BESIDE
        panel.subtitle = ", ".join([*filter(None, [cut(", ".join(words), room)]), count])
        self.query_one("#row-headings", Static).update(rows.headings(rows.size.width))
        self.query_one("#class-headings", Static).update(classes.headings(classes.size.width))

    def on_resize(self, _: events.Resize) -> None:
        self.call_after_refresh(self._headings)

    def action_filter(self) -> None:
        rows, notes = self.query_one(Rows), self._shown.notes if self._shown else []
        filters = ["", *dict.fromkeys(note.filter for note in notes if note.filter)]
        at = filters.index(rows.view.filter) if rows.view.filter in filters else -1
        rows.look(rows.view._replace(filter=filters[(at + 1) % len(filters)]))

    def action_sort(self) -> None:
        rows = self.query_one(Rows)
        rows.look(rows.view._replace(sort=SORTS[(SORTS.index(rows.view.sort) + 1) % len(SORTS)]))

    def action_reverse(self) -> None:
        rows = self.query_one(Rows)
        rows.look(rows.view._replace(reverse=not rows.view.reverse))

    def action_search(self) -> None:
        field = self.query_one("#find-row" if self._searched is self.query_one(Rows) else "#find-class", Input)
        field.display = True
        field.focus()

    @on(Input.Changed, "#find-row")
    def _find_row(self, event: Input.Changed) -> None:
        rows = self.query_one(Rows)
        if rows.view.search != event.value:
            rows.look(rows.view._replace(search=event.value))

    @on(Input.Changed, "#find-class")
    def _find_class(self, event: Input.Changed) -> None:
        if self._shown:
            self.query_one(Classes).show(self._shown, event.value)

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

    def action_show_rows(self) -> None:
        rows, classes = self.query_one(Rows), self.query_one(Classes)
        if classes.has_focus:
            chosen = f"label {classes.selected}" if classes.selected is not None else ""
        else:
            note = self.query_one(Notes).selected
            chosen = note.filter if note else ""
            if note and not chosen:  # a sentence without rows may be longer than its line
                self.notify(note.text, markup=False)
        if chosen:
            rows.look(rows.view._replace(filter=chosen))
            rows.focus()

    @on(Lines.Chosen)
    def _chosen(self, event: Lines.Chosen) -> None:
        if isinstance(event.lines, Rows):
            self.action_tokens()
        else:
            self.action_show_rows()

    def action_tokens(self) -> None:
        if self.query_one(Rows).count:
            self.toggle_class("-tokens")
            self._ask_for_tokens()

    @on(Rows.Moved)
    def _moved(self, event: Rows.Moved) -> None:
        if isinstance(event.lines, Rows):
            self._ask_for_tokens()

    def _ask_for_tokens(self) -> None:
        row = self.query_one(Rows).row
        if self.has_class("-tokens") and row:
            self._tokens(row.row)

    @work(group="tokens", exclusive=True)
    async def _tokens(self, row: int) -> None:
        try:
            answer = await self.session.data_helper.ask("pieces", row=row)
        except Superseded:
            return
        except WorkbenchError as error:
            complain(self.app, error)
            return
        panel = self.query_one("#tokens", Panel)
        panel.title = f"Row {row} in {plural(answer['tokens'], 'token')}"
        self.query_one(Tokens).pieces = answer["pieces"]
        self.query_one("#tokens VerticalScroll").scroll_home(animate=False)

    def action_back(self) -> None:
        if self._shown is None:
            return
        rows, searched = self.query_one(Rows), self._searched
        if isinstance(self.focused, Input):
            self._leave_field()
        elif searched is not rows and self.query_one("#find-class", Input).value:
            self._clear("#find-class")
        elif self.has_class("-tokens", "-short") and rows.count:
            self.remove_class("-tokens")
        elif rows.view != View():
            self._clear("#find-row")
            rows.look(View())

    def action_source(self) -> None:
        self._choose(self.draft.recipe.data.path)

    def on_paste(self, event: events.Paste) -> None:
        path = dropped(event.text) or (event.text.strip() if LIKE_A_PATH.match(event.text.strip()) else None)
        if path:
            event.stop()  # else the dialog's field gets it too
            self._choose(str(path))  # which says what is wrong with one that is no file

    def _choose(self, path: str, asked: str = "") -> None:
        data, profile, problem = self.draft.recipe.data, self.draft.profile, self.draft.problem
        columns = profile.all_columns if profile else problem.columns if isinstance(problem, BadData) else []
        columns = columns if path == data.path else []
        if profile and asked:
            # what was found first, then what it could be besides, so that one key leads from one to the next
            found = profile.columns[asked]
            data = data.model_copy(update={asked: found})
            first = [found, *profile.alternatives.get(asked, ())]
            columns = [*first, *(column for column in columns if column not in first)]
        self.app.push_screen(SourceDialog(path, data, columns, asked), self._take)

    def _take(self, changes: dict | None) -> None:
        if changes:
            before = self.draft.recipe
            try:
                self.draft.change_all(changes)
            except BadRecipe as error:
                complain(self.app, error)
            else:
                if self.draft.recipe == before:  # the same file once more: it may have changed
                    self.draft.read_profile()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        profile = self.draft.profile
        if action in OFFERED_BY.values():
            return any(OFFERED_BY[name] == action for name in self._offered)
        if action == ASKED_BY:
            return bool(self._asked)
        return action != "train" or (profile is not None and not profile.problem)

    @property
    def _offered(self) -> dict[str, str]:
        """What the notes offer, by the names of the recipe's options."""
        notes = self.draft.profile.notes if self.draft.profile else []
        return {name: value for note in notes for name, value in note.offers.items()}

    @property
    def _asked(self) -> str:
        """The column that is unsure, label or text; empty where none is."""
        notes = self.draft.profile.notes if self.draft.profile else []
        return next((note.asks for note in notes if note.asks), "")

    def action_join_labels(self) -> None:
        self._take({"data.join_labels": self._offered["data.join_labels"]})

    def action_join_rare(self) -> None:
        self._take({"data.rare_labels": self._offered["data.rare_labels"]})

    def action_keep_split(self) -> None:
        self._take({"data.split": self._offered["data.split"]})

    def action_choose_column(self) -> None:
        """Ask for the column that is unsure, with those that it could be first."""
        self._choose(self.draft.recipe.data.path, self._asked)

    def action_better(self) -> None:
        """Start from the model that learns more from such texts, once it is here."""
        name, fetcher = self._offered["model.name"], self.session.fetcher
        if fetcher.lacks(name):
            fetcher.start(name, choose=True)
            self.notify(f"Fetching {name}. The recipe starts from it when it is here.", markup=False)
            return
        try:
            self.draft.start_from(name)
        except WorkbenchError as error:
            complain(self.app, error)
