"""What a run learns with from now on: its learning rates, and its epochs."""

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.runs.control import Control, Epochs, Rates, wrong
from core.runs.folder import RunFolder
from core.runs.history import History
from core.wording import on_one_line, rate
from workbench.screens.dialog import Dialog, field
from workbench.widgets.panel import Panel

HELP = "They apply from the next step. The schedule scales the rates; the weights are kept."


class RatesDialog(Dialog[list[Control] | None]):
    """Asks for them and gives what is to be changed. Raises BadRun where the run's recipe cannot be read."""

    def __init__(self, run: RunFolder, history: History):
        super().__init__()
        self._run = run
        train = (run.pretraining() if run.pretrains else run.recipe()).train
        names = ("lr", "epochs") if run.pretrains else ("lr", "head_lr", "epochs")
        # what nothing is known of yet stands as it is in the recipe: auto
        known = {name: getattr(history.settings, name) or getattr(train, name) for name in names}
        self._shown = {name: _in_words(name, value) for name, value in known.items()}

    def compose(self) -> ComposeResult:
        title, keys = f"Learning rates of {on_one_line(self._run.name)}", "enter changes · tab other field · esc leaves"
        with Panel(title=title, subtitle=keys, classes="dialog"):
            for name, value in self._shown.items():
                yield field(name.replace("_", " "), Input(value, id=name))
            yield Static(HELP, classes="hint", markup=False)

    @on(Input.Submitted)
    def _change(self) -> None:
        typed = {name: self.query_one(f"#{name}", Input).value.strip() for name in self._shown}
        try:
            new = {name: float(value) for name, value in typed.items() if value != self._shown[name]}
        except ValueError as error:
            self.hint(f"{str(error).rpartition(': ')[2]} is no number.")
            return
        epochs = new.pop("epochs", None)
        changes: list[Control] = [*([Rates(**new)] if new else []), *([Epochs(epochs)] if epochs is not None else [])]
        if problem := next(filter(None, map(wrong, changes)), None):
            self.hint(f"{problem[0].upper()}{problem[1:]}.")
        else:
            self.dismiss(changes)


def _in_words(name: str, value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:g}" if name == "epochs" else rate(value)
