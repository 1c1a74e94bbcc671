"""Train: is it learning?"""

from dataclasses import replace

from rich.text import Text
from textual import on
from textual.app import ComposeResult
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
from workbench.layout import Column, Part, Plan
from workbench.screens.save_dialog import ask_where
from workbench.screens.train.controls import RunControls
from workbench.screens.train.cursor_values import CursorValues
from workbench.screens.train.log import Log
from workbench.screens.train.now import Now
from workbench.screens.train.result_card import ResultCard
from workbench.screens.train.ribbon import Ribbon
from workbench.screens.train.sentences import Sentences
from workbench.screens.train.step_texts import StepPanel, StepTexts
from workbench.screens.train.waiting import Waiting
from workbench.screens.train.weights import Frozen, Weights, frozen_in_words
from workbench.session.exporting import CURVES, Export, export_of, table
from workbench.widgets.lines import Headings
from workbench.widgets.panel import Panel
from workbench.widgets.per_class import PerClass

CHARTS = ("loss", "accuracy")
BESIDE, LEAST_FIGURES = 50, 44  # cells of a chart that stands beside another, and of weights and figures
LEAST, MOST = 9, 16  # lines of a chart
RANKS = (
    *("loss", "waiting", "run", "run", "cursor", "steps"),
    *("per-class", "now", "accuracy", "weights", "sentences", "log"),
)


class TrainScreen(RunControls):
    """Shows the followed run, whatever state it is in."""

    MODE = "train"
    CSS_PATH = "../../styles/train.tcss"
    BINDINGS = keys.bindings("train")

    def __init__(self) -> None:
        super().__init__()
        self._state: tuple = ()
        self._view = View()
        self._viewed = History()

    def compose_panels(self) -> ComposeResult:
        with Panel(title="Train", word="Run", id="run"):
            yield Static(id="sentence", markup=False)
            yield Ribbon()
            yield ResultCard()
        yield Waiting(id="waiting")
        yield Panel(Chart(), title="Loss", letter="l", id="loss")
        yield Panel(Chart(), title="Accuracy %", word="Accuracy", letter="a", id="accuracy")
        yield CursorValues(id="cursor")
        yield Panel(Weights(), Frozen(), title="Weight change", letter="w", id="weights")
        yield Panel(Now(), title="Now", id="now")
        labels = PerClass()
        yield Panel(Headings(labels), labels, title="Per class", letter="c", id="per-class")
        yield StepPanel(id="steps")
        yield Panel(Sentences(), title="Your sentences", letter="y", id="sentences")
        yield Panel(Log(), title="Log", letter="g", id="log")

    def plan(self) -> Plan:
        """Waiting, learning and done, or the one sentence that nothing is there."""
        if self.has_class("-empty"):
            return Plan.of(Part("run", 3, grows=1), ranks=("run",))
        run = Part("run", 1 + self._lines_of_the_run(), brief=3)
        log = Part("log", 4, 9, grows=1)
        if self.has_class("-waiting"):
            return Plan.of(run, Part("waiting", 5, grows=1), replace(log, grows=0), ranks=RANKS)
        sentences = Part("sentences", 3, 1 + self.query_one(Sentences).count)
        followed = [Column((sentences,), cells=BESIDE)] if self.has_class("-followed") else []
        below = [*followed, Column((log,), cells=BESIDE)]
        labels = Part("per-class", 4, 2 + self.query_one(PerClass).count)
        if self.has_class("-counts", "-done"):
            return Plan.of(run, replace(labels, least=LEAST, grows=1), below, ranks=("per-class", *RANKS))
        charts = [Column((Part(name, LEAST, MOST, grows=2),), cells=BESIDE) for name in CHARTS]
        weights = Part("weights", 4, 1 + self.query_one(Weights).count + len(self.query_one(Frozen).parts))
        table = 1 + self.query_one(Now).rows
        figures = labels if self.has_class("-done") else Part("now", table, table, brief=2)
        side_by_side = [Column((weights,), cells=LEAST_FIGURES), Column((figures,), cells=LEAST_FIGURES)]
        rows: list[Part | list[Column]] = [run, charts, side_by_side]
        if self.has_class("-reading"):
            rows.insert(2, Part("cursor", 1))
        if self.has_class("-step-texts"):
            rows.append(Part("steps", 5, 2 + self.query_one(StepTexts).count))
        return Plan.of(*rows, below, ranks=RANKS)

    def fit(self) -> None:
        """Where there is no line for what is frozen, it stands in the rule."""
        super().fit()
        if self._fitted and (place := self._fitted.places.get("weights")):
            frozen = self.query_one(Frozen)
            frozen.display = place.height > self.query_one(Weights).count + len(frozen.parts)
            words = "; ".join(f"{parts} {state}" for parts, state in frozen.parts)
            self.query_one("#weights", Panel).subtitle = "" if frozen.display else words

    def _lines_of_the_run(self) -> int:
        shown = self.query_one(ResultCard) if self.has_class("-done") else self.query_one(Ribbon)
        return shown.lines_at(self.app.size.width - 2)

    def on_mount(self) -> None:
        for signal in (self.followed.run_changed, self.draft.recipe_changed):
            signal.subscribe(self, self._show)

    def on_screen_resume(self) -> None:
        self._show()

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
            self._state, self._zoomed, self._unfolded = state, "", ""
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
            self.query_one(Log).show(history, self.shown_run.name)
            sentences = recipe.train.follow if recipe else ()
            self.query_one(Sentences).show(history, sentences)
            self.set_class(bool(sentences and history.followed), "-followed")
            self._show_curves()
        self.query_one(StepPanel).show(followed)
        if result:
            self.query_one(ResultCard).show(result, history)
            self.query_one(PerClass).show(result)
            self.query_one("#per-class", Panel).subtitle = self.query_one(PerClass).order
            wrong = result.test.rows - result.test.correct
            panel.subtitle = "enter plays" + (f", e: {plural(wrong, 'error')}" if wrong else "")
        self._say_how_the_curves_are_seen()
        self.fit()
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
        self._look(self._view.turned(what, self.followed.history, self._columns))
        if what == "read" and self._view.cursor is not None and not isinstance(self.focused, Chart):
            self.open(self.query_one(f"#{CHARTS[0]}", Panel))

    @on(Chart.Pointed)
    def _pointed(self, event: Chart.Pointed) -> None:
        """Read the values where the chart was clicked on."""
        if self.followed.history.losses:
            self._look(self._view.reading(event.x, self.followed.history))

    def _look(self, view: View) -> None:
        if (view.cursor is None) != (self._view.cursor is None):
            self._zoomed = ""  # the values have a line of their own
        self._view = view
        self._show_curves()
        self._say_how_the_curves_are_seen()
        self.fit()
        self.refresh_bindings()

    @on(StepPanel.Changed)
    def _step_changed(self, event: StepPanel.Changed) -> None:
        self.set_class(event.shown, "-step-texts")
        self._zoomed = ""
        self.fit()
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

    def _say_how_the_curves_are_seen(self) -> None:
        self.query_one("#loss", Panel).subtitle = self._view.of_the_loss(self.followed.history)
        self.query_one("#accuracy", Panel).subtitle = self._view.of_the_steps()

    def action_back(self) -> None:
        if self._view.cursor is not None:
            self.action_view("read")
        else:
            super().action_back()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        status = self.followed.status
        match action:
            case "play" | "errors" | "export_result":
                return self.has_class("-done")
            case "zoom":
                return bool(status)
            case "command_line":
                return self.recipe_on_show() is not None
            case "view":
                reads = parameters[0] in ("read", "smooth", "log", "fewer", "more")
                has_curves = bool(status) and not self.has_class("-waiting") and not self.has_class("-counts", "-done")
                return has_curves and (reads or self._view.cursor is not None)
        return super().check_action(action, parameters)

    def recipe_on_show(self) -> Recipe | None:
        return self.followed.run_recipe

    def action_play(self) -> None:
        self.app.switch_mode("play")

    def action_errors(self) -> None:
        from workbench.screens.train.errors_screen import ErrorsScreen

        self.app.push_screen(ErrorsScreen(self.shown_run))

    @on(PerClass.Chosen)
    def _chosen(self, event: PerClass.Chosen) -> None:
        if isinstance(event.lines, PerClass):
            self.action_these_errors()
        elif isinstance(event.lines, StepTexts):
            self.action_whole_text()

    def action_these_errors(self) -> None:
        from workbench.screens.train.errors_screen import ErrorsScreen

        if confusion := self.query_one(PerClass).chosen:
            self.app.push_screen(ErrorsScreen(self.shown_run, confusion))

    def action_sort_labels(self) -> None:
        labels = self.query_one(PerClass)
        labels.action_sort()
        self.query_one("#per-class", Panel).subtitle = labels.order

    def action_whole_text(self) -> None:
        from workbench.screens.train.text_screen import TextScreen

        if text := self.query_one(StepTexts).selected:
            title = self.query_one(StepPanel).title
            self.app.push_screen(TextScreen(self.shown_run, text, title))

    # What can be taken

    def exported(self) -> Export | None:
        """The curves of the chart that has the focus."""
        if not (isinstance(self.focused, Chart) and self.followed.run):
            return None
        what = self.focused.parent.id if self.focused.parent else ""
        name, points = f"{self.shown_run.name}-{what}.csv", self.focused.points
        return export_of(f"Export the curves of the {what}", name, lambda: table(CURVES, points))

    def action_export_result(self) -> None:
        from core.export.findings import report

        run, result = self.shown_run, self.followed.history.result
        assert result  # see check_action
        title = self._title()
        ask_where(self.app, export_of("Export the result", f"{run.name}.md", lambda: report(title, result)))


def recipe_in_words(recipe: Recipe, learns: str = "") -> str:
    """gpt2, last block, on sms/SMSSpamCollection; `learns` is what learns in a run that does not go by its recipe."""
    preset = "" if recipe.preset == "default" else f", {recipe.preset} recipe"
    learns = learns or recipe.plan.in_words
    return f"{on_one_line(short_name(recipe.model.name))}, {learns}, on {called(recipe.data.path)}{preset}"
