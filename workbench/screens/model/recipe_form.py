"""The recipe as a form: one line an option, what it means below, and what is wrong with it in its place."""

from typing import Any

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from core.architectures.lookup import preset_for
from core.errors import BadRecipe
from core.estimate.left_open import comes_to
from core.estimate.prices import machine_memory
from core.options import AUTO, Option, options
from core.presets import NAMED_RECIPES
from core.recipe import Recipe
from core.wording import on_one_line, rate, shown
from workbench import keys
from workbench.formatting import cut
from workbench.session.complain import complain
from workbench.session.draft import Draft
from workbench.session.session import session_of
from workbench.themes import colour
from workbench.widgets.lines import Lines

# chosen in other panels
ELSEWHERE = {"data.path", "data.text", "data.label", "model.name", "freeze.trainable"}
ALWAYS = {"preset", "model.weights"}
ADAPTERS = {"lora.rank", "lora.alpha", "lora.layers"}
UNCOUNTED = {"data.baseline", "data.probe"}  # of the data's options, those that a model which counts does not read
NAMES = {"lr": "learning rate", "rank": "LoRA rank", "alpha": "LoRA alpha", "layers": "LoRA layers"}
NAMES |= {"model.name": "model", "freeze.trainable": "what learns"}
NAME_WIDTH, DOTTED_WIDTH = 16, 26
LEAST_OPTIONS, ROOMY = 8, 24  # lines: above what an option means; with which every option is on show
BETWEEN = " | "  # of several texts in one field


def value_in_words(value: object) -> str:
    """A value as the recipe file says it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return BETWEEN.join(value)
    return rate(value, 6) if isinstance(value, float) else str(value)


class Options(Lines):
    """The options, each with its value, or the values that it is to have in turn; refused ones are marked."""

    DEFAULT_CSS = "Options { height: 1fr; }"
    BINDINGS = keys.bindings("recipe")

    class VaryWanted(Message):
        """The person wants several values for the option under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self._all = [option for option in options(Recipe) if option.name not in ELSEWHERE]
        self.wants_all: bool | None = None  # whether the person wants to see every option; if not said, by the room
        self.pending: dict[str, str] = {}  # asked for, and refused as it stands

    @property
    def everything(self) -> bool:
        """Whether every option is on show, not the first ones alone."""
        return self.size.height >= ROOMY if self.wants_all is None else self.wants_all

    @property
    def shown(self) -> list[Option]:
        """The options on show; the line below them shows the others, or hides them again.

        What adapters are made of is among them where there are any, and so is what varies.
        """
        recipe = session_of(self).draft.recipe
        adapters = any(part.startswith("lora.") for part in recipe.plan.parts)
        names = ALWAYS | ADAPTERS if adapters else ALWAYS
        marked = session_of(self).sweep.marked
        elsewhere = [option for option in options(Recipe) if option.name in ELSEWHERE and option.name in marked]
        names |= marked
        everything = self.everything  # once: it asks the screen for the list's height
        return elsewhere + [one for one in self._read if everything or one.first or one.name in names]

    @property
    def _read(self) -> list[Option]:
        """The options that the recipe's model reads."""
        if preset_for(session_of(self).draft.recipe).counts:
            return [one for one in self._all if one.name.startswith("data.") and one.name not in UNCOUNTED]
        return self._all

    @property
    def indent(self) -> int:
        """The cell where values begin."""
        return DOTTED_WIDTH if self.everything else NAME_WIDTH

    @property
    def count(self) -> int:
        return len(self.shown) + 1

    @property
    def option(self) -> Option | None:
        """The option under the cursor; None on the last line."""
        return self.shown[self.cursor] if self.cursor < len(self.shown) else None

    def called(self, name: str) -> str:
        """An option as its line calls it: in the short form without its part."""
        tail = name.rpartition(".")[2]
        return name if self.everything else NAMES.get(name) or NAMES.get(tail, tail.replace("_", " "))

    def value(self, option: Option) -> str:
        """What is asked for, whether the recipe takes it or not."""
        return self.pending.get(option.name) or value_in_words(option.of(session_of(self).draft.recipe))

    def line(self, index: int, width: int) -> Text:
        if index == len(self.shown):
            on_show = [option for option in self.shown if option.name not in ELSEWHERE]
            more = "fewer" if self.everything else f"{len(self._read) - len(on_show)} more"
            return Text(f" {more}", colour(self, "muted"))
        option = self.shown[index]
        name = self.called(option.name)
        sweep = session_of(self).sweep
        wrong = option.name in self.pending or any(each.field == option.name for each in sweep.problems)
        line = Text(f" {name:<{self.indent - 1}}", colour(self, "muted"), no_wrap=True)
        value = on_one_line(self.value(option))
        if option.unit and value[:1].isdigit():
            value += f" {option.unit}"
        line.append("✕ " if wrong else "", colour(self, "error"))
        if values := sweep.values(option.name):
            words = cut(on_one_line(values), width - line.cell_len - 1)
            return line.append(words, colour(self, "error" if wrong else "focus"))
        line.append(cut(value, width - line.cell_len - 1), colour(self, "error" if wrong else "text"))
        if value in (AUTO, "model", "longest") and (made := self._made_of(option)):
            line.append(cut(f"  {made}", width - line.cell_len - 1), colour(self, "muted"))
        if option.name == "preset":
            line.append(cut(f"  {NAMED_RECIPES[value].title}", width - line.cell_len - 1), colour(self, "muted"))
        return line

    def _made_of(self, option: Option) -> str:
        """What an option that is left open comes to with the model and the file; empty where a run finds that out."""
        draft = session_of(self).draft
        found = comes_to(draft.recipe, draft.profile, machine_memory()[1])
        return value_in_words(found[option.name]) if option.name in found else ""

    def ask(self, name: str, value: str) -> None:
        """Change an option, together with what has been asked for and refused before: they may only go together."""
        draft = session_of(self).draft
        new = {name: value}
        for wanted in (self.pending | new, new):
            try:
                draft.change_all(wanted)
            except BadRecipe as error:
                problems = error.problems
            else:
                self.pending = {refused: v for refused, v in self.pending.items() if refused not in wanted}
                draft.refused = draft.refused if self.pending else []
                break
        else:
            self.pending, draft.refused = self.pending | new, problems
        self.changed()
        self.post_message(self.Moved(self))

    def forget(self) -> bool:
        """Drop what was refused; whether there was anything."""
        session = session_of(self)
        had = bool(self.pending or session.sweep.problems)
        self.pending, session.draft.refused, session.sweep.problems = {}, [], []
        self.changed()
        self.post_message(self.Moved(self))
        return had

    def go_to(self, name: str) -> None:
        """Put the cursor on an option; all of them are shown where it is not among the first."""
        if name not in [option.name for option in self.shown]:
            self.wants_all = True
        self.changed()
        self.cursor = next((i for i, option in enumerate(self.shown) if option.name == name), 0)

    def _turn(self, by: int) -> None:
        option = self.option
        if option and option.name in session_of(self).sweep.marked:
            self.action_vary()
        elif option and option.name == "preset":
            self.post_message(self.Chosen(self))  # each changes much: one is chosen by what it says
        elif option and option.choices:
            at = option.choices.index(self.value(option))
            self.ask(option.name, option.choices[(at + by) % len(option.choices)])

    def action_next_choice(self) -> None:
        self._turn(1)

    def action_previous_choice(self) -> None:
        self._turn(-1)

    def action_edit(self) -> None:
        if self.option is None:
            self.wants_all = not self.everything
            self.changed()
            self.post_message(self.Moved(self))
        elif self.option.choices or self.option.name in session_of(self).sweep.marked:
            self._turn(1)
        else:
            self.post_message(self.Chosen(self))

    def action_vary(self) -> None:
        if self.option:
            self.post_message(self.VaryWanted())


class Explanation(Widget):
    """What the option under the cursor means; first of all, what is wrong."""

    DEFAULT_CSS = "Explanation { height: 5; padding: 0 1; }"

    help = reactive("")
    problem = reactive("")

    def render(self) -> Text:
        if self.problem:
            return Text.assemble(("✕ ", colour(self, "error")), (shown(self.problem), colour(self, "text")))
        return Text(self.help, colour(self, "muted"))


class RecipeForm(Container):
    """Enter edits: words turn over, anything else opens a field on the line itself."""

    class RecipesWanted(Message):
        """The person wants to choose among the named recipes."""

    DEFAULT_CSS = """
    RecipeForm { layers: list field; height: 1fr; }
    RecipeForm Input { layer: field; display: none; position: absolute; height: 1; width: 1fr; }
    """

    def compose(self) -> ComposeResult:
        yield Options()
        yield Explanation()
        yield Input(id="value")

    def on_resize(self, event: events.Resize) -> None:
        # the list comes first: what an option means has more lines where there are many
        self.query_one(Explanation).styles.height = max(1, min(5, event.size.height - LEAST_OPTIONS))

    def on_mount(self) -> None:
        draft = session_of(self).draft
        draft.recipe_changed.subscribe(self, self._another_recipe)
        draft.profile_changed.subscribe(self, self._recipe_changed)
        session_of(self).sweep.changed.subscribe(self, self._recipe_changed)
        self._explain()

    def _another_recipe(self, draft: Draft) -> None:
        session_of(self).sweep.problems = []  # they were those of another
        self._recipe_changed(draft)

    def _recipe_changed(self, _: object) -> None:
        self.query_one(Options).changed()
        self._explain()

    @on(Options.Moved)
    def _explain(self) -> None:
        form, below = self.query_one(Options), self.query_one(Explanation)
        option = form.option
        below.help = option.help if option else "Every option has a name, a default and a place in recipe.toml."
        name = option.name if option else ""
        session = session_of(self)
        refused = session.draft.refused or session.sweep.problems
        problem = next((p for p in refused if p.field == name), next(iter(refused), None))
        below.problem = f"{form.called(problem.field)} {problem.what} {problem.do}" if problem else ""

    @on(Options.Chosen)
    def _edit(self) -> None:
        form, field = self.query_one(Options), self.query_one(Input)
        if form.option and form.option.name in session_of(self).sweep.marked:
            form.action_vary()
            return
        if form.option and form.option.name == "preset":
            self.post_message(self.RecipesWanted())
            return
        if form.option is None or form.option.choices:  # after a second click: enter does so by itself
            form.action_edit()
            return
        field.value = form.value(form.option)
        field.styles.offset = (form.indent, form.cursor - form.scroll_offset.y)
        field.display = True
        field.focus()

    def take(self, changes: dict[str, Any] | None) -> None:
        """Go on with a named recipe; what was asked for before it and refused is forgotten."""
        if changes is None:
            return
        self.query_one(Options).forget()
        try:
            session_of(self).draft.change_all(changes)
        except BadRecipe as error:
            complain(self.app, error)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        form = self.query_one(Options)
        if form.option:
            form.ask(form.option.name, event.value.strip())
        if not form.pending:
            form.focus()

    def on_descendant_blur(self) -> None:
        field = self.query_one(Input)
        field.display = field.has_focus
