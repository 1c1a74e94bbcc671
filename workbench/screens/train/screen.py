"""Train: is it learning?"""

from dataclasses import replace

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from core.architectures.lookup import architecture_for, preset_for, short_name
from core.datasets import called
from core.estimate.prices import rungs
from core.estimate.remaining import plan_now
from core.recipe import Recipe
from core.runs.history import History
from core.runs.steering import learned, steered
from core.wording import on_one_line, plural
from workbench import keys
from workbench.charts import curves
from workbench.charts.chart import Chart
from workbench.charts.view import View
from workbench.screens.train.controls import RunControls
from workbench.screens.train.cursor_values import CursorValues
from workbench.screens.train.log import Log
from workbench.screens.train.now import Now
from workbench.screens.train.result_card import ResultCard
from workbench.screens.train.ribbon import Ribbon
from workbench.screens.train.sentences import Sentences
from workbench.screens.train.step_texts import StepPanel
from workbench.screens.train.waiting import Waiting
from workbench.screens.train.weights import Frozen, Weights, frozen_in_words
from workbench.widgets.lines import Headings
from workbench.widgets.panel import Panel
from workbench.widgets.per_class import PerClass

CHARTS = ("loss", "accuracy")
SLOTS = (*CHARTS, "sentences", "log")  # share one place in a narrow window; tab goes round


class TrainScreen(RunControls):
    """Shows the followed run, whatever state it is in."""

    MODE = "train"
    CSS_PATH = "../../styles/train.tcss"
    BINDINGS = keys.bindings("train")

    def __init__(self) -> None:
        super().__init__()
        self._slot = "loss"
        self._zoomed: Panel | None = None
        self._state: tuple = ()
        self._view = View()
        self._viewed = History()

    def compose_panels(self) -> ComposeResult:
        with Panel(title="Train", id="run"):
            yield Static(id="sentence", markup=False)
            yield Ribbon()
            yield ResultCard()
        yield Waiting()
        with Horizontal(id="charts"):
            yield Panel(Chart(), title="Loss", letter="l", id="loss")
            yield Panel(Chart(), title="Accuracy %", letter="a", joint="┬", id="accuracy")
        yield CursorValues()
        with Horizontal(id="figures"):
            yield Panel(Weights(), Frozen(), title="Weight change", letter="w", id="weights")
            yield Panel(Now(), title="Now", joint="┼", id="now")
            labels = PerClass()
            yield Panel(Headings(labels), labels, title="Label by label", letter="c", joint="┼", id="per-class")
        yield StepPanel()
        with Horizontal(id="below"):
            yield Panel(Sentences(), title="Your sentences", letter="y", id="sentences")
            yield Panel(Log(), title="Log", letter="g", joint="┬", id="log")

    def on_mount(self) -> None:
        for signal in (self.followed.run_changed, self.draft.recipe_changed):
            signal.subscribe(self, self._show)

    def on_screen_resume(self) -> None:
        self._show()

    def on_resize(self) -> None:
        if self.query(Ribbon):
            self.call_after_refresh(self._show)

    def _show(self, _: object = None) -> None:
        if not self.is_current:
            return
        followed = self.followed
        status, history, recipe = followed.status, followed.history, followed.run_recipe
        result = history.result if status and status.state == "done" else None
        learning = bool(history.losses or history.evaluations["validation"])
        state = status is None, status is not None and not learning, result is not None
        if history is not self._viewed:  # another run
            self._viewed = history
            self._view = replace(self._view, last=None).without_cursor()
        if state != self._state:  # other panels are there now
            self._state, self._zoomed = state, None
        for name, is_so in zip(("-empty", "-waiting", "-done"), state, strict=True):
            self.set_class(is_so, name)
        self.set_class(recipe is not None and preset_for(recipe).counts, "-counts")
        panel = self.query_one("#run", Panel)
        panel.title, panel.subtitle = self._title(), ""
        self.query_one("#sentence", Static).update(self._sentence())
        if status:
            self.query_one(Ribbon).show(history, status, self._stopping(), self.launcher.fits)
            self.query_one(Waiting).show(history, status, recipe)
            self.query_one(Now).show(history, status)
            plan = plan_now(recipe, history) if recipe else None
            self.query_one(Weights).show(history, plan)
            parts = rungs(architecture_for(recipe)) if recipe else []
            frozen = frozen_in_words(plan, parts, history.reads_cache) if plan else []
            self.query_one(Frozen).parts = frozen
            words = "; ".join(f"{parts} {state}" for parts, state in frozen)
            self.query_one("#weights", Panel).subtitle = words if self.has_class("-short") else ""
            self.query_one(Log).show(history, self.shown_run.name)
            sentences = recipe.train.follow if recipe else ()
            self.query_one(Sentences).show(history, sentences)
            self.set_class(bool(sentences and history.followed), "-followed")
            if self._slot == "sentences" and not self.has_class("-followed"):
                self._slot = SLOTS[0]
            self._show_curves()
        self.query_one(StepPanel).show(followed)
        if result:
            self.query_one(ResultCard).show(result, history)
            self.query_one(PerClass).show(result)
            wrong = result.test.rows - result.test.correct
            panel.subtitle = "enter plays" + (f", e lists {plural(wrong, 'error')}" if wrong else "")
        self._lay_out()
        self.refresh_bindings()

    def _show_curves(self) -> None:
        history, view = self.followed.history, self._view
        loss, accuracy = (self.query_one(f"#{name} Chart", Chart) for name in ("loss", "accuracy"))
        version = (self.shown_run.path, history.version, replace(view, cursor=None))
        loss.show(curves.loss(history, view), version)
        accuracy.show(curves.accuracy(history, view), version)
        loss.cursor = accuracy.cursor = view.cursor
        self.set_class(view.cursor is not None, "-reading")
        if view.cursor is not None:
            low, high = view.axis(history)
            reach = (high - low) / self._columns / 2
            self.query_one(CursorValues).show(history, view.cursor, loss.smoothed_at(view.cursor), reach)

    @property
    def _columns(self) -> int:
        """Of the widest chart on show."""
        return max(1, *(chart.columns for chart in self.query(Chart)))

    def action_view(self, what: str) -> None:
        """Look at the charts another way: see `View.turned`."""
        self._view = self._view.turned(what, self.followed.history, self._columns)
        self._show_curves()
        if what == "read" and self._view.cursor is not None and not isinstance(self.focused, Chart):
            self._slot = self._slot if self._slot in CHARTS else CHARTS[0]
            self._zoomed = None
            self.query_one(f"#{self._slot}", Panel).enter()
        self._lay_out()
        self.refresh_bindings()

    @on(StepPanel.Changed)
    def _step_changed(self, event: StepPanel.Changed) -> None:
        self.set_class(event.shown, "-step-texts")
        self._zoomed = None
        if event.shown and self._slot not in CHARTS:
            self._slot = CHARTS[0]
        self._lay_out()
        if event.shown and self._view.cursor is None:  # as though the person had gone there
            self.call_after_refresh(event.panel.enter)

    def _title(self) -> str:
        followed = self.followed
        if followed.run is None:
            return "Train"
        if followed.run.pretrains:
            return f"{followed.run.name}  a language model, from plain text"
        if followed.run_recipe is None:
            return followed.run.name
        recipe, history = followed.run_recipe, followed.history
        plan, told = plan_now(recipe, history), steered(history)
        thawed = followed.status is not None and followed.status.alive and plan != recipe.plan
        learns = f"{plan.in_words} now" if thawed and not told else learned(recipe.plan.in_words, told)
        return f"{followed.run.name}  {recipe_in_words(recipe, learns)}"

    def _sentence(self) -> Text:
        run, recipe = self.followed.run, self.draft.recipe
        if run:
            return Text(f"Opening {on_one_line(run.name)}.")
        return Text(f"Nothing is training. t trains {on_one_line(recipe_in_words(recipe))}.")

    def _lay_out(self) -> None:
        narrow = self.has_class("-narrow")
        view = {"loss": self._view.of_the_loss(self.followed.history), "accuracy": self._view.of_the_steps()}
        for slot in SLOTS:
            self.set_class(slot == self._slot, f"-slot-{slot}")
            tab = f"tab {self._next_slot()}" if narrow and slot == self._slot else ""
            self.query_one(f"#{slot}", Panel).subtitle = " · ".join(filter(None, (view.get(slot), tab)))
        parts = "#run, #charts, #charts > Panel, #figures, #figures > Panel, StepPanel, #below, #below > Panel"
        for part in self.query(parts):
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
        slots = list(SLOTS if self.has_class("-short") else CHARTS)
        if not self.has_class("-followed") and "sentences" in slots:
            slots.remove("sentences")
        at = slots.index(self._slot) if self._slot in slots else -1
        return slots[(at + 1) % len(slots)]

    def action_zoom(self) -> None:
        around = self.focused.ancestors if self.focused else []
        default = self.query_one(f"#{self._slot}", Panel)
        panel = next((node for node in around if isinstance(node, Panel)), default)
        self._zoomed = None if self._zoomed else panel
        self._lay_out()

    def action_back(self) -> None:
        if self._view.cursor is not None:
            self.action_view("read")
        elif self._zoomed:
            self.action_zoom()
        else:
            super().action_back()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        status = self.followed.status
        match action:
            case "play" | "errors":
                return self.has_class("-done")
            case "zoom":
                return bool(status)
            case "view":
                reads = parameters[0] in ("read", "smooth", "log", "fewer", "more")
                has_curves = bool(status) and not self.has_class("-waiting", "-counts")
                return has_curves and (reads or self._view.cursor is not None)
        return super().check_action(action, parameters)

    def action_play(self) -> None:
        self.app.switch_mode("play")

    def action_errors(self) -> None:
        from workbench.screens.train.errors_screen import ErrorsScreen

        self.app.push_screen(ErrorsScreen(self.shown_run))


def recipe_in_words(recipe: Recipe, learns: str = "") -> str:
    """gpt2, last block, on sms/SMSSpamCollection; `learns` is what learns in a run that does not go by its recipe."""
    preset = "" if recipe.preset == "default" else f", {recipe.preset} recipe"
    learns = learns or recipe.plan.in_words
    return f"{on_one_line(short_name(recipe.model.name))}, {learns}, on {called(recipe.data.path)}{preset}"
