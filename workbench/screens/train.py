"""Train: is it learning?"""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from core.data.named import called
from core.errors import BadRun
from core.recipe import Recipe
from core.runs.events import Applied, Ended
from core.runs.folder import RunFolder
from workbench import curves, keys
from workbench.desk import Desk
from workbench.formatting import plural
from workbench.screens.room import Room
from workbench.widgets.chart import Chart
from workbench.widgets.headings import Headings
from workbench.widgets.log import Log
from workbench.widgets.now import Now
from workbench.widgets.panel import Panel
from workbench.widgets.per_class import PerClass
from workbench.widgets.result_card import ResultCard
from workbench.widgets.ribbon import Ribbon
from workbench.widgets.waiting import Waiting
from workbench.widgets.weights import Frozen, Weights, frozen_in_words

SLOTS = ("loss", "accuracy", "log")  # share one place in a narrow window; tab goes round
ENDED_EARLY = ("stopped", "failed", "vanished")


class TrainScreen(Room):
    """Follows the run on the desk, whatever state it is in."""

    MODE = "train"
    CSS_PATH = "../styles/train.tcss"
    BINDINGS = keys.bindings("train")

    def __init__(self) -> None:
        super().__init__()
        self._recipe: Recipe | None = None
        self._recipe_of: tuple[RunFolder, bool] | None = None  # and whether its worker had resolved it
        self._stop_asked: RunFolder | None = None
        self._slot = "loss"
        self._zoomed: Panel | None = None
        self._state: tuple = ()

    def compose_room(self) -> ComposeResult:
        with Panel(title="Train", id="run"):
            yield Static(id="sentence", markup=False)
            yield Ribbon()
            yield ResultCard()
        yield Waiting()
        with Horizontal(id="charts"):
            yield Panel(Chart(), title="Loss", letter="l", id="loss")
            yield Panel(Chart(), title="Accuracy %", letter="a", joint="┬", id="accuracy")
        with Horizontal(id="figures"):
            yield Panel(Weights(), Frozen(), title="Weight change", letter="w", id="weights")
            yield Panel(Now(), title="Now", joint="┼", id="now")
            labels = PerClass()
            each = Headings(labels), labels
            yield Panel(*each, title="Label by label", letter="c", joint="┼", id="per-class")
        yield Panel(Log(), title="Log", letter="g", id="log")

    def on_mount(self) -> None:
        for signal in (self.desk.run_changed, self.desk.recipe_changed):
            signal.subscribe(self, self._show)

    def on_screen_resume(self) -> None:
        self._show(self.desk)

    def on_resize(self) -> None:
        if self.query(Ribbon):
            self.call_after_refresh(self._show, self.desk)

    def _show(self, desk: Desk) -> None:
        if not self.is_current:
            return
        self._read_recipe(desk)
        status, history = desk.status, desk.history
        result = history.result if status and status.state == "done" else None
        learning = bool(history.losses or history.evaluations["validation"])
        state = status is None, status is not None and not learning, result is not None
        if state != self._state:  # other panels are there now
            self._state, self._zoomed = state, None
        for name, is_so in zip(("-empty", "-waiting", "-done"), state, strict=True):
            self.set_class(is_so, name)
        panel = self.query_one("#run", Panel)
        panel.title, panel.subtitle = self._title(desk), ""
        self.query_one("#sentence", Static).update(self._sentence(desk))
        if status:
            self.query_one(Ribbon).show(history, status, self._stopping(desk))
            self.query_one(Waiting).show(history, status, self._recipe)
            self.query_one(Now).show(history)
            self.query_one(Weights).show(history, self._recipe.plan if self._recipe else None)
            frozen = frozen_in_words(self._recipe.plan, history.encoded is not None) if self._recipe else []
            self.query_one(Frozen).show(frozen)
            words = "; ".join(f"{parts} {state}" for parts, state in frozen)
            self.query_one("#weights", Panel).subtitle = words if self.has_class("-short") else ""
            self.query_one(Log).show(history, desk.run.name)
            version = (desk.run.path, history.version)
            self.query_one("#loss Chart", Chart).show(curves.loss(history), version)
            self.query_one("#accuracy Chart", Chart).show(curves.accuracy(history), version)
        if result:
            self.query_one(ResultCard).show(result)
            self.query_one(PerClass).show(result)
            wrong = result["test"]["rows"] - result["test"]["correct"]
            panel.subtitle = "enter plays" + (f", e lists {plural(wrong, 'error')}" if wrong else "")
        self._lay_out()
        self.refresh_bindings()

    def _read_recipe(self, desk: Desk) -> None:
        key = (desk.run, desk.history.started is not None) if desk.run else None
        if key == self._recipe_of:
            return
        self._recipe_of, self._recipe = key, None
        if desk.run and not desk.run.pretrains:
            try:
                self._recipe = desk.run.recipe()
            except BadRun as error:
                desk.complain(error)

    def _title(self, desk: Desk) -> str:
        if desk.run is None:
            return "Train"
        if desk.run.pretrains:
            return f"{desk.run.name}  a language model, from plain text"
        return f"{desk.run.name}  {run_in_words(self._recipe)}" if self._recipe else desk.run.name

    def _sentence(self, desk: Desk) -> Text:
        recipe = desk.recipe
        if desk.run:
            return Text(f"Opening {desk.run.name}.")
        return Text(f"Nothing is training. t trains {run_in_words(recipe)}.")

    def _stopping(self, desk: Desk) -> bool:
        """Whether someone has asked the worker to stop, from here or from another terminal."""
        if not desk.status.alive:
            self._stop_asked = None
            return False
        # between its answer and its end a worker says little
        said = [event for event, _ in desk.history.log[-10:]]
        heard = [
            e for e in said if isinstance(e, Applied) and not e.refused and e.attempt == said[-1].attempt
        ]
        return self._stop_asked is desk.run or bool(heard and not isinstance(said[-1], Ended))

    # Where it stands

    def _lay_out(self) -> None:
        narrow = self.has_class("-narrow")
        for slot in SLOTS:
            self.set_class(slot == self._slot, f"-slot-{slot}")
            words = f"tab {self._next_slot()}" if narrow and slot == self._slot else ""
            self.query_one(f"#{slot}", Panel).subtitle = words
        for part in self.query("#run, #charts, #charts > Panel, #figures, #figures > Panel, #log"):
            zoomed = self._zoomed is None or part is self._zoomed or self._zoomed in part.children
            part.set_class(not zoomed, "-aside")
            part.set_class(part is self._zoomed, "-zoomed")

    def action_next_panel(self) -> None:
        """In a narrow window the next of the panels that share a place."""
        if not self.has_class("-narrow"):
            super().action_next_panel()
            return
        self._slot = self._next_slot()
        panel = self.query_one(f"#{self._slot}", Panel)
        if self._zoomed:
            self._zoomed = panel
        self._lay_out()
        panel.enter()

    def _next_slot(self) -> str:
        slots = SLOTS if self.has_class("-short") else SLOTS[:2]
        return slots[(SLOTS.index(self._slot) + 1) % len(slots)]

    def action_zoom(self) -> None:
        around = self.focused.ancestors if self.focused else []
        default = self.query_one(f"#{self._slot}", Panel)
        panel = next((node for node in around if isinstance(node, Panel)), default)
        self._zoomed = None if self._zoomed else panel
        self._lay_out()

    def action_back(self) -> None:
        if self._zoomed:
            self.action_zoom()
        else:
            super().action_back()

    # What the person asks for

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        run, status = self.desk.run, self.desk.status
        alive = bool(status and status.alive)
        match action:
            case "train":
                return not alive
            case "stop":
                return alive and not self._stopping(self.desk)
            case "resume":
                return bool(status) and status.state in ENDED_EARLY
            case "play" | "errors":
                return self.has_class("-done")
            case "zoom":
                return bool(status)
            case "worker_log":
                return run is not None
        return super().check_action(action, parameters)

    def action_train(self) -> None:
        self.run_worker(self.desk.start(), group="run")

    def action_resume(self) -> None:
        self.run_worker(self.desk.resume(self.desk.run), group="run")

    async def action_stop(self) -> None:
        self._stop_asked = self.desk.run
        if not await self.desk.stop():
            self._stop_asked = None
        self._show(self.desk)

    def action_play(self) -> None:
        self.app.action_mode("play")

    def action_errors(self) -> None:
        from workbench.screens.errors import ErrorsScreen

        self.app.push_screen(ErrorsScreen(self.desk.run))

    def action_worker_log(self) -> None:
        from workbench.screens.worker_log import WorkerLogScreen

        self.app.push_screen(WorkerLogScreen(self.desk.run))


def run_in_words(recipe: Recipe) -> str:
    """gpt2, last block, on SMSSpamCollection."""
    preset = "" if recipe.preset == "default" else f", {recipe.preset} recipe"
    return f"{recipe.model.name}, {recipe.plan.in_words}, on {called(recipe.data.path)}{preset}"
