"""Model: what will learn, and what will it cost?"""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.architectures.design import GPT2, in_code
from core.architectures.lookup import architecture_for, preset_for, short_name
from core.errors import BadRecipe, WorkbenchError
from core.evaluate.question import guesses_words
from core.export.script import freezing
from core.options import options
from core.recipe import Recipe
from core.runs.sweep import FOLD
from core.wording import plural
from workbench import keys
from workbench.layout import Column, Part, Plan
from workbench.screens.base import BaseScreen
from workbench.screens.model.as_code import AsCode
from workbench.screens.model.backbone import Backbone, progress_in_words
from workbench.screens.model.block import BlockDrawing
from workbench.screens.model.price import PricePanel
from workbench.screens.model.recipe_form import Options, RecipeForm
from workbench.session.complain import complain
from workbench.session.draft import Draft
from workbench.session.sweep import Sweep
from workbench.widgets.layers import Layers
from workbench.widgets.panel import Panel
from workbench.widgets.part_marks import LEGEND

if TYPE_CHECKING:
    from workbench.screens.model.questions_dialog import Asked


class ModelScreen(BaseScreen):
    """The ladder is what it is for; code is on show where there is room, or once it is asked for."""

    MODE = "model"
    CSS_PATH = "../../styles/model.tcss"
    BINDINGS = keys.bindings("model")

    def compose_panels(self) -> ComposeResult:
        yield Panel(Backbone(), title="Backbone", letter="b", id="backbone")
        yield Panel(Static(id="headings"), Layers(), Static(id="map"), title="Layers", letter="l", id="layers")
        yield Panel(AsCode(), title="As code", letter="c", id="code")
        yield Panel(PricePanel(), title="Price", letter="p", id="price")
        yield Panel(BlockDrawing(), title="A block", letter="k", id="block")
        yield Panel(RecipeForm(), title="Recipe", letter="r", id="recipe")

    def plan(self) -> Plan:
        layers, code = self.query_one(Layers), len(self.query_one(AsCode).lines)
        ladder = (
            Part("layers", min(3 + layers.whole, 18), brief=10, grows=2),
            Part("code", 1 + code, brief=4 if self.has_class("-code") else 0),
        )
        recipe = Part("recipe", 8, 20, brief=5, grows=1)
        block = Part("block", 1 + self.query_one(BlockDrawing).n_lines)
        beside = (Part("price", 8, 10, brief=2), *([block] if block.least > 1 else []), recipe)
        ranks = ["layers", "price", "backbone", "layers", "recipe", "code", "block"]
        if self.has_class("-code"):
            ranks[1:1] = ["code", "code"]
        backbone = Part("backbone", 4, brief=2)
        return Plan.of(backbone, [Column(ladder, 3, 56), Column(beside, 2, 40)], ranks=ranks)

    def on_mount(self) -> None:
        self._shown: tuple = (None, None, None)
        for signal in (self.draft.recipe_changed, self.draft.profile_changed, self.draft.speeds_changed):
            signal.subscribe(self, self._show)
        for signal in (self.draft.recipe_changed, self.draft.profile_changed):
            signal.subscribe(self, self._say_where)
        self.session.fetcher.changed.subscribe(self, self._say_where)
        self.session.sweep.changed.subscribe(self, self._say_what_varies)
        self._show(self.draft)
        self._say_where(self.draft)
        self.query_one("#code", Panel).subtitle = "names as in the book"
        self.draft.recall()
        self.query_one(Layers).focus()

    def _show(self, draft: Draft) -> None:
        recipe = draft.recipe
        shown = draft.recipe, draft.profile, draft.speeds
        if all(one is before for one, before in zip(shown, self._shown, strict=True)):
            return  # only how far the reading of a file is
        self._shown = shown
        self.query_one(Layers).show(recipe, draft.profile, draft.speeds)
        arch, drawing = architecture_for(recipe), self.query_one(BlockDrawing)
        lines = freezing(recipe.plan, arch, recipe.lora)
        self.query_one(AsCode).lines = lines + (in_code(arch.design) if arch.design and lines else [])
        drawing.arch = arch
        panel = self.query_one("#block", Panel)
        panel.brief = drawing.brief
        panel.subtitle = "as in the book" if arch.design == GPT2 else "bright: not as in GPT-2"
        self._say_what_varies(self.session.sweep)
        self.fit()

    def _say_what_varies(self, sweep: Sweep) -> None:
        """What stands on the rule of the recipe's panel, and in short where that is folded."""
        recipe, panel = self.draft.recipe, self.query_one("#recipe", Panel)
        brief = [recipe.preset, f"epochs {recipe.train.epochs}", f"learning rate {recipe.train.lr}"]
        panel.subtitle = ""
        if sweep.marked:
            brief = [plural(sweep.plan.n_runs, "run")]
            panel.subtitle = f"t starts {plural(sweep.plan.n_runs, 'run')}"
        panel.brief = " · ".join(brief)

    @on(Layers.Moved)
    def _around(self) -> None:
        layers = self.query_one(Layers)
        width = layers.scrollable_content_region.width
        self.query_one("#headings", Static).update(layers.headings(width))
        strip = self.query_one("#map", Static)
        strip.display = layers.is_folded
        strip.update(layers.strip(width))
        words = f"{self.draft.recipe.plan.in_words} · {LEGEND}"
        self.query_one("#layers", Panel).subtitle = words if len(words) < width - len("▌ Layers ─") else LEGEND

    @on(Layers.Planned)
    def _planned(self, event: Layers.Planned) -> None:
        try:
            self.draft.change("freeze.trainable", str(event.plan))
        except BadRecipe as error:
            complain(self.app, error)

    def action_back(self) -> None:
        layers, form = self.query_one(Layers), self.query_one(Options)
        if isinstance(self.focused, Input):
            form.forget()
            form.focus()
        elif layers.choosing:
            layers.action_range()
        elif not form.forget():
            super().action_back()

    def action_show_option(self, name: str) -> None:
        """Lead to an option of the recipe."""
        self.open(self.query_one("#recipe", Panel))
        self.query_one(Options).go_to(name)

    def action_ask(self) -> None:
        from workbench.screens.model.continue_dialog import ContinueDialog
        from workbench.screens.model.guess_dialog import GuessDialog

        dialog = GuessDialog if guesses_words(self.draft.recipe.model.name) else ContinueDialog
        self.app.push_screen(dialog(self.session))

    @on(Options.VaryWanted)
    def _vary(self) -> None:
        if option := self.query_one(Options).option:
            self.action_vary(option.name)

    def action_vary(self, name: str) -> None:
        """Ask for several values of an option."""
        from workbench.screens.model.folds_dialog import FoldsDialog
        from workbench.screens.model.vary_dialog import VaryDialog

        form, sweep = self.query_one(Options), self.session.sweep
        option = next(option for option in options(Recipe) if option.name == name)
        many = FoldsDialog(sweep) if name == FOLD else VaryDialog(sweep, option, form.called(name), form.value(option))
        self.app.push_screen(many)

    def action_questions(self) -> None:
        from workbench.screens.model.questions_dialog import QuestionsDialog

        self.app.push_screen(QuestionsDialog(self.session.sweep), self._ask_question)

    def _ask_question(self, asked: "Asked | None") -> None:
        if asked:
            self.start_sweep(asked.plan, asked.exercise)

    @on(RecipeForm.RecipesWanted)
    def _choose_recipe(self) -> None:
        from workbench.screens.model.recipes_dialog import RecipesDialog

        self.app.push_screen(RecipesDialog(self.draft), self.query_one(RecipeForm).take)

    @on(Backbone.AllWanted)
    def _choose_model(self) -> None:
        from workbench.screens.model.models_dialog import ModelsDialog

        self.app.push_screen(ModelsDialog(self.session), self._take_model)

    def _take_model(self, name: str | None) -> None:
        if name is None:
            return
        try:
            self.draft.start_from(name)
        except WorkbenchError as error:
            complain(self.app, error)

    def _say_where(self, _: object) -> None:
        """What stands on the rule of the backbone's panel."""
        fetcher = self.session.fetcher
        words = "enter lists them all"
        if fetcher.name and fetcher.name != self.draft.recipe.model.name:
            words = f"{short_name(fetcher.name)}: {progress_in_words(fetcher)}"
        elif fetcher.name:
            words = "f stops"
        elif fetcher.lacks(self.draft.recipe.model.name):
            words = "f fetches it · enter lists them all"
        self.query_one("#backbone", Panel).subtitle = words
        self.refresh_bindings()

    def action_code(self) -> None:
        self.toggle_class("-code")
        self.fit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "measure":
            return not preset_for(self.draft.recipe).counts
        return super().check_action(action, parameters)

    async def action_measure(self) -> None:
        await self.draft.measure()
