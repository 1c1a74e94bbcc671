"""Several values for one option: the next runs take them in turn, each with several seeds."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.errors import BadRecipe, Problem
from core.options import Option
from core.wording import on_one_line
from workbench.screens.dialog import Dialog, field
from workbench.screens.sweep_question import in_words
from workbench.session.sweep import Sweep
from workbench.widgets.panel import Panel

FIELDS = {"--seeds": "seeds", "--set": "values", "sweep": "this"}  # as the command line calls them: as they stand here
HOW = "Put commas between values, or | where they hold commas. Empty: the option does not vary."


class VaryDialog(Dialog[None]):
    """Marks the option, once all runs that come of it are sound; without values it takes the mark away."""

    PLACE = "vary_dialog"

    def __init__(self, sweep: Sweep, option: Option, called: str, value: str):
        super().__init__()
        self._sweep, self._option, self._called = sweep, option, called
        self._before = sweep.values(option.name) or value

    def compose(self) -> ComposeResult:
        title = f"Several values of {on_one_line(self._called)}"
        with Panel(title=title, subtitle="enter keeps · tab seeds · esc leaves", classes="dialog"):
            choices = ", ".join(self._option.choices or [])
            yield field("values", Input(self._before, placeholder=choices or "1, 2, 4", id="values"))
            yield field("seeds", Input(str(self._sweep.seeds), placeholder="of each setting", id="seeds"))
            yield Static(classes="hint", markup=False)

    def on_mount(self) -> None:
        self._say_what_comes()

    @on(Input.Changed)
    def _say_what_comes(self) -> None:
        """How many runs what is typed makes."""
        words = self.query_one("#values", Input).value.strip()
        choices = self._option.choices
        means = f"It can be {', '.join(choices)}." if choices else self._option.help
        try:
            typed = Sweep.typed(self._option.name, words) if words else {}
            plan = self._sweep.plan_of(self._sweep.varied | typed, self._seeds())
        except (BadRecipe, ValueError):
            plan = None
        said = f"{in_words(plan, None)}." if plan and plan.varied and plan.n_runs > 0 else ""
        self.hint(f"{said}\n{means} {HOW}")

    def _seeds(self) -> int:
        return int(self.query_one("#seeds", Input).value)

    @on(Input.Submitted)
    async def _keep(self) -> None:
        words = self.query_one("#values", Input).value.strip()
        if not words:
            self._sweep.unmark(self._option.name)
            self.dismiss()
            return
        try:
            await self._sweep.mark(self._option.name, words, self._seeds())
        except ValueError:
            self.hint("Seeds are a number: how often each setting is run.", "error")
        except BadRecipe as error:
            self.hint("\n".join(map(_said, error.problems)), "error")
        else:
            self.dismiss()


def _said(problem: Problem) -> str:
    """What is wrong, in the words of this dialog."""
    name = FIELDS.get(problem.field, problem.field)
    do = problem.do.replace("--seeds", "seeds")
    return f"✕ {name}: {problem.what} {do}".rstrip()
