"""The test texts that a run gets wrong: found, filtered, sorted, and opened where they can be tried."""

import asyncio

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from core import files
from core.errors import BadRun, WorkbenchError
from core.recipe_data import Data
from core.runs.classifiers import Asked
from core.runs.folder import RunFolder
from core.wording import on_one_line, percent, shown
from workbench.layout import Part, Plan
from workbench.screens.finding import Finding
from workbench.screens.train.detail_screen import DetailScreen
from workbench.session.complain import complain
from workbench.session.exporting import Export, export_of
from workbench.session.trail import DataRow, Question
from workbench.themes import colour
from workbench.widgets.errors import ORDERS, SURETIES, Confusion, Errors, Look, confusions, read_mistakes
from workbench.widgets.lines import Headings
from workbench.widgets.panel import Panel

LONGEST = 20_000  # characters of one text that are shown


class ErrorsScreen(Finding, DetailScreen):
    """The list, at first of one confusion or of all, and below it the whole text of the row under the cursor."""

    PLACE = "errors"

    def __init__(self, run: RunFolder, confusion: Confusion | None = None):
        super().__init__(run)
        self._confusion = confusion or Confusion()

    def compose_panels(self) -> ComposeResult:
        errors = Errors(Look(self._confusion))
        find = Input(placeholder="find in the texts", classes="find")
        yield Panel(Headings(errors), errors, find, title=f"Errors of {self._run.name}", letter="e", id="mistakes")
        whole = VerticalScroll(Static(id="whole", markup=False))
        yield Panel(whole, title="Whole text", letter="x", id="text")

    def plan(self) -> Plan:
        return Plan.of(Part("mistakes", 10, grows=2), Part("text", 7, brief=4, grows=1), ranks=("mistakes", "text"))

    async def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show_whole())
        try:
            mistakes, labels = await asyncio.to_thread(read_mistakes, self._run)
        except BadRun as error:
            self.query_one("#whole", Static).update(Text(shown(str(error)), colour(self, "error")))
            return
        self._errors.show(mistakes, labels)
        self._errors.focus()

    @property
    def found(self) -> Errors:
        return self._errors

    @property
    def _errors(self) -> Errors:
        return self.query_one(Errors)

    @on(Errors.Moved)
    def _show_whole(self) -> None:
        errors, muted = self._errors, colour(self, "muted")
        if errors.mistakes is None:
            return
        mistake = errors.selected
        self.query_one("#mistakes", Panel).subtitle = errors.in_words
        self.query_one("#text", Panel).title = f"Row {mistake.row:,}" if mistake else "Whole text"
        words = Text()
        if mistake:
            words = Text.assemble(
                ("It says ", muted),
                (on_one_line(mistake.predicted), errors.label_colour(mistake.predicted)),
                (f", {percent(mistake.probability)} sure. The label is ", muted),
                (on_one_line(mistake.label), errors.label_colour(mistake.label)),
                (". This text is also in training." if mistake.leak else ".", muted),
                "\n\n",
                readable(mistake.text),
            )
        self.query_one("#whole", Static).update(words)
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    # Which errors

    def action_filter(self) -> None:
        errors = self._errors
        filters = [Confusion(), *confusions(errors.mistakes or [])]
        at = filters.index(errors.shown.confusion) if errors.shown.confusion in filters else -1
        errors.look(errors.shown._replace(confusion=filters[(at + 1) % len(filters)]))

    def action_surety(self) -> None:
        look = self._errors.shown
        self._errors.look(look._replace(sure=_after(look.sure, [*SURETIES])))

    def action_sort(self) -> None:
        look = self._errors.shown
        self._errors.look(look._replace(sort=_after(look.sort, [*ORDERS])))

    def action_reverse(self) -> None:
        look = self._errors.shown
        self._errors.look(look._replace(reverse=not look.reverse))

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        if self._errors.shown.search != event.value:
            self._errors.look(self._errors.shown._replace(search=event.value))

    def action_back(self) -> None:
        look = self._errors.shown
        if isinstance(self.focused, Input):
            self.leave_field()
        elif (look.search, look.sure, look.confusion) != ("", "", self._confusion):
            self.query_one(Input).value, self.query_one(Input).display = "", False
            self._errors.look(look.everything._replace(confusion=self._confusion))
        else:
            super().action_back()

    # Where one of them leads

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("ask_again", "row_on_data"):
            return bool(self.query(Errors)) and self._errors.selected is not None
        if action in ("search", "filter", "surety", "sort", "reverse"):  # which have nothing to choose from
            return bool(self.query(Errors)) and bool(self._errors.mistakes)
        return super().check_action(action, parameters)

    @on(Errors.Chosen)
    def action_ask_again(self) -> None:
        mistake, result = self._errors.selected, self.followed.history.result
        assert mistake and result  # see check_action; a run that has errors has been tested
        asked = Asked(self._run.path, str(result.checkpoint))
        self.session.trail.go("play", Question(mistake.text, asked))

    def action_row_on_data(self) -> None:
        mistake = self._errors.selected
        assert mistake  # see check_action
        if why := self._why_no_row():
            complain(self.app, why)
        else:
            self.session.trail.go("data", DataRow(mistake.row))

    def _why_no_row(self) -> WorkbenchError | None:
        """Why Data cannot show a row of the run, where it cannot."""
        recipe, draft = self.followed.run_recipe, self.draft
        if recipe is None:
            return WorkbenchError(f"Which file {self._run.name} learned from is not known.")
        if _files(recipe.data) != _files(draft.recipe.data):
            return WorkbenchError(
                f"Data shows {on_one_line(draft.recipe.data.path)}, not the file of {self._run.name}.",
                f"Open {on_one_line(recipe.data.path)} there: 1, then enter on Source.",
            )
        if draft.profile is None:
            return draft.problem or WorkbenchError(
                "Data has not read the file yet.", "Try again when it has: 1 shows how far it is."
            )
        return None

    # What can be taken

    async def copied(self) -> str:
        return self._errors.selected.text if self._errors.selected else ""

    def exported(self) -> Export | None:
        if not self._errors.items:
            return None
        return export_of("Export the errors that are listed", f"{self._run.name}-errors.csv", self._errors.as_csv)


def _after(word: str, words: list[str]) -> str:
    return words[(words.index(word) + 1) % len(words)]


def _files(data: Data) -> list[str]:
    """The files that rows are counted in."""
    return [str(files.absolute(path)) if path else "" for path in (data.path, data.validation_path, data.test_path)]


def readable(text: str) -> str:
    """What is shown of a text, as much of it as can be read on a screen, and how much more there is."""
    clean = shown(text[:LONGEST])
    return clean if len(text) <= LONGEST else f"{clean}…\n\n{len(text) - LONGEST:,} more characters."
