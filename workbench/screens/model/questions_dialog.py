"""Questions that several runs answer, by name."""

from typing import NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from core.errors import WorkbenchError
from core.exercises import EXERCISES
from core.runs.sweep import Plan
from workbench import keys
from workbench.formatting import cut, pad
from workbench.screens.dialog import Dialog, field
from workbench.screens.sweep_question import in_words, what_varies
from workbench.session.sweep import SEEDS, Sweep
from workbench.themes import colour
from workbench.widgets.choice import Choice
from workbench.widgets.lines import ItemList
from workbench.widgets.panel import Panel

NAME_WIDTH = max(map(len, EXERCISES)) + 2
OFFERED = ("1", "2", "3", "5", "10")  # seeds


class Asked(NamedTuple):
    """A question by its name, and the plan whose runs answer it."""

    exercise: str
    plan: Plan


class Questions(ItemList[str]):
    """One question a line, with its name."""

    DEFAULT_CSS = "Questions { height: auto; }"

    def line(self, index: int, width: int) -> Text:
        name = self.items[index]
        line = Text.assemble((f"  {pad(name, NAME_WIDTH)}", colour(self, "muted")), no_wrap=True)
        return line.append(cut(EXERCISES[name].question, width - line.cell_len), colour(self, "text"))


class QuestionsDialog(Dialog[Asked | None]):
    """Returns what was asked, of the draft as it stands; None where nothing was."""

    PLACE = "questions"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, sweep: Sweep):
        super().__init__()
        self._sweep = sweep
        self._plan: Plan | None = None

    def compose(self) -> ComposeResult:
        subtitle = "enter asks · tab seeds · esc leaves"
        with Panel(title="Questions that several runs answer", subtitle=subtitle, classes="dialog"):
            yield Questions()
            yield field("seeds", Choice(OFFERED, str(SEEDS), id="seeds"))
            yield Static(classes="hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(Questions).show_items([*EXERCISES])
        self.watch(self.query_one(Choice), "value", self._describe, init=False)
        self._describe()

    @property
    def _question(self) -> str:
        """The question under the cursor; the list is never empty."""
        return self.query_one(Questions).selected or next(iter(EXERCISES))

    @on(Questions.Moved)
    def _describe(self) -> None:
        if not self.query_one(Questions).items:
            return
        self._plan = None
        try:
            plan = self._sweep.asks(self._question, int(self.query_one(Choice).value))
            if plan.n_settings < 2:
                self.hint("The model has nothing that could vary here.", "text")
                return
            self.hint(f"{what_varies(plan)}\n{in_words(plan, self._sweep.seconds(plan))}.")
        except WorkbenchError as error:
            self.hint(_said(error), "text")
        else:
            self._plan = plan

    @on(Questions.Chosen)
    def action_accept(self) -> None:
        if self._plan:
            self.dismiss(Asked(self._question, self._plan))


def _said(error: WorkbenchError) -> str:
    """What is wrong, without the flags of the command line."""
    words = str(error).removeprefix("--exercise: ").replace("--model", "model")
    return f"✕ {words[0].upper()}{words[1:]}"
