"""Several values for one option: the next runs take them in turn, each with several seeds."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import BadRecipe, Problem, WorkbenchError
from core.options import Option
from core.runs.sweep import Plan
from core.wording import on_one_line
from workbench.screens.dialog import Dialog, field
from workbench.screens.sweep_question import in_words
from workbench.session.helper import Superseded
from workbench.session.sweep import Sweep
from workbench.widgets.panel import Panel

# as the command line calls them: as they stand here
FIELDS = {"--seeds": "seeds", "--folds": "folds", "--set": "values", "sweep": "this"}
HOW = "Put commas between values, or | where they hold commas. Empty: the option does not vary."


class VaryDialog(Dialog[None]):
    """Marks the option, once all runs that come of it are sound; with an empty field it takes the mark away."""

    PLACE = "vary_dialog"
    FIELD = "values"
    NO_NUMBER = "Seeds are a number: how often each setting is run."

    def __init__(self, sweep: Sweep, option: Option, called: str, value: str):
        super().__init__()
        self._sweep, self._option = sweep, option
        self._before, self._seeds_before = sweep.values(option.name) or value, sweep.seeds
        self._title = f"Several values of {on_one_line(called)}"
        choices = ", ".join(option.choices or [])
        self._placeholder = choices or "1, 2, 4"
        self._means = f"{f'It can be {choices}.' if choices else option.help} {HOW}"

    def compose(self) -> ComposeResult:
        with Panel(title=self._title, subtitle="enter keeps · tab seeds · esc leaves", classes="dialog"):
            yield field(self.FIELD, Input(self._before, placeholder=self._placeholder, id=self.FIELD))
            yield field("seeds", Input(str(self._seeds_before), placeholder="of each setting", id="seeds"))
            yield Static(classes="hint", markup=False)

    def on_mount(self) -> None:
        self._say_what_comes()

    def plan(self, words: str, seeds: int) -> Plan:
        """What is run with what is typed. Raises BadRecipe, and ValueError for what is no number."""
        typed = Sweep.typed(self._option.name, words) if words else {}
        return self._sweep.plan_of(self._sweep.varied | typed, seeds, self._sweep.folds)

    async def mark(self, words: str, seeds: int) -> None:
        """Have the next runs take what is typed. Raises WorkbenchError, and ValueError for what is no number."""
        await self._sweep.mark(self._option.name, words, seeds)

    @on(Input.Changed)
    def _say_what_comes(self) -> None:
        """How many runs what is typed makes."""
        try:
            plan = self.plan(self._words, self._seeds)
        except (BadRecipe, ValueError):
            plan = None
        said = f"{in_words(plan, None)}." if plan and (plan.varied or plan.folds) and plan.n_runs > 0 else ""
        self.hint(f"{said}\n{self._means}")

    @property
    def _words(self) -> str:
        return self.query_one(f"#{self.FIELD}", Input).value.strip()

    @property
    def _seeds(self) -> int:
        return int(self.query_one("#seeds", Input).value)

    @on(Input.Submitted)
    async def _keep(self) -> None:
        if not self._words:
            self._sweep.unmark(self._option.name)
            self.dismiss()
            return
        try:
            await self.mark(self._words, self._seeds)
        except Superseded:  # the app is being left
            return
        except ValueError:
            self.hint(self.NO_NUMBER, "error")
        except BadRecipe as error:
            self.hint("\n".join(map(_said, error.problems)), "error")
        except WorkbenchError as error:
            self.hint(f"✕ {error}", "error")
        else:
            self.dismiss()


def _said(problem: Problem) -> str:
    """What is wrong, in the words of this dialog."""
    name = FIELDS.get(problem.field, problem.field)
    do = problem.do.replace("--seeds", "seeds")
    return f"✕ {name}: {problem.what} {do}".rstrip()
