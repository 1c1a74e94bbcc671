"""Over Data: the rows that look mislabelled, to be mended where they are seen."""

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from core.errors import WorkbenchError
from core.recipe_data import Data
from core.wording import on_one_line, percent, plural, shown
from workbench.layout import Part, Plan
from workbench.screens.data.doubted import Doubted, Looking
from workbench.screens.data.mending import Mending
from workbench.screens.data.source import progress_in_words
from workbench.screens.data.to_mend import Now, ToMend
from workbench.screens.finding import Finding
from workbench.session.complain import complain
from workbench.session.doubting import STARTS, Doubting
from workbench.session.draft import Draft
from workbench.session.helper import Superseded
from workbench.session.trail import DataRow
from workbench.themes import colour
from workbench.widgets.lines import Headings
from workbench.widgets.panel import Panel

LONGEST = 20_000  # characters of one text that are shown


class DoubtsScreen(Finding, Mending):
    """The list, and below it the whole text of the row under the cursor. Leaves with a row that Data is to show."""

    MODE = "data"
    PLACE = "doubts"  # whose keys help lists

    def __init__(self) -> None:
        super().__init__()
        self._data: Data = self.draft.recipe.data
        self.is_mended = False

    def compose_panels(self) -> ComposeResult:
        doubted = Doubted()
        find = Input(placeholder="find in texts and labels", classes="find")
        yield Panel(Looking(), Headings(doubted), doubted, find, title="Doubts", letter="d", id="doubted")
        whole = VerticalScroll(Static(id="whole", markup=False))
        yield Panel(whole, title="Whole text", letter="x", id="text")

    def plan(self) -> Plan:
        return Plan.of(Part("doubted", 10, grows=2), Part("text", 7, brief=4, grows=1), ranks=("doubted", "text"))

    async def on_mount(self) -> None:
        doubting = self.session.doubting
        doubting.changed.subscribe(self, self._show)
        self.draft.recipe_changed.subscribe(self, self._leave_with_data)
        doubting.look()
        self._show(doubting)
        self._doubted.focus()
        self.ask_what_is_mended()

    def on_screen_resume(self) -> None:
        """Another screen may have led here to a row of Data, or have changed the data."""
        if wanted := self.session.trail.take(DataRow):
            self.dismiss(wanted)
        else:
            self._leave_with_data(self.draft)

    @property
    def found(self) -> Doubted:
        return self._doubted

    @property
    def _doubted(self) -> Doubted:
        return self.query_one(Doubted)

    def _show(self, doubting: Doubting) -> None:
        looking, found = self.query_one(Looking), doubting.found
        if doubting.problem:
            looking.show(f"✕ {shown(str(doubting.problem))}", waiting=False)
        elif found is None:
            words = progress_in_words(doubting.progress or STARTS)
            looking.show(f"{words}. esc leaves: it goes on meanwhile.", waiting=True)
        else:
            looking.show("", waiting=False)
        if found is not None or doubting.problem:
            self._doubted.show(doubting)
        self._show_whole()

    def _leave_with_data(self, draft: Draft) -> None:
        if self.is_current and draft.recipe.data != self._data:
            self.dismiss()

    @on(Doubted.Moved)
    def _show_whole(self) -> None:
        doubted, found = self._doubted, self.session.doubting.found
        one = doubted.selected
        panel = self.query_one("#doubted", Panel)
        panel.subtitle = ""
        if found:
            alone = f"{plural(len(found.alone), 'label')} of one text not judged"
            order = alone if found.alone else "the most doubted first" if doubted.count else ""
            panel.subtitle = ", ".join(filter(None, [f"{doubted.in_words} of {plural(found.rows, 'row')}", order]))
        self.query_one("#text", Panel).title = f"Row {one.row:,}" if one else "Whole text"
        if one is None:
            self.query_one("#whole", Static).update("")
        else:
            self._fetch_whole(one.row)
        self.refresh_bindings()

    @work(group="whole", exclusive=True)
    async def _fetch_whole(self, row: int) -> None:
        try:
            text = (await self.session.data_helper.ask("text", row=row))["text"]
        except Superseded:
            return
        except WorkbenchError as error:
            complain(self.app, error)
            return
        one = self._doubted.selected
        if one is None or one.row != row:
            return
        muted = colour(self, "muted")
        words = Text.assemble(
            ("A model that has not seen it says ", muted),
            (on_one_line(one.said), self._doubted.label_colour(one.said)),
            (f", {percent(one.probability)} sure; ", muted),
            (on_one_line(one.label), self._doubted.label_colour(one.label)),
            (f" {percent(one.own)}.", muted),
            "\n\n",
            shown(text[:LONGEST]),
            f"…\n\n{len(text) - LONGEST:,} more characters." if len(text) > LONGEST else "",
        )
        self.query_one("#whole", Static).update(words)
        self.query_one("#text VerticalScroll").scroll_home(animate=False)

    # Mending

    @property
    def to_mend(self) -> ToMend | None:
        if not self.query(Doubted) or (one := self._doubted.selected) is None:
            return None
        now = self._doubted.now.get(one.row, one.label)
        return ToMend(one.row, one.label if now is None else now, one.said)

    def was_mended(self) -> None:
        self.is_mended = True
        self._doubted.focus()

    def show_now(self, now: Now) -> None:
        self._doubted.now = now
        self._doubted.changed()

    @on(Doubted.Chosen)
    def _chosen(self) -> None:
        self.action_relabel()

    # Which of them

    @on(Input.Changed)
    def _find(self, event: Input.Changed) -> None:
        if self._doubted.searched != event.value:
            self._doubted.look(event.value)

    async def copied(self) -> str:
        one = self._doubted.selected
        return (await self.session.data_helper.ask("text", row=one.row))["text"] if one else ""

    # Ways out

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "row_on_data":
            return bool(self.query(Doubted)) and self._doubted.selected is not None
        if action == "search":
            return bool(self.query(Doubted)) and self._doubted.has_any
        return super().check_action(action, parameters)

    def action_row_on_data(self) -> None:
        one = self._doubted.selected
        assert one  # see check_action
        self.dismiss(DataRow(one.row))

    def action_back(self) -> None:
        if isinstance(self.focused, Input):
            self.leave_field()
        elif self._doubted.searched:
            self.query_one(Input).value, self.query_one(Input).display = "", False
        elif not self.take_back():
            self.dismiss(None)
