"""The recipes by name: what each changes, and what the book got with it."""

from typing import Any

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.widgets import Static

from core.architectures.lookup import short_name
from core.datasets import NAMED, fetched
from core.presets import NAMED_RECIPES, RECIPES, standing_for
from core.recipe import load
from core.wording import on_one_line, size
from workbench import keys
from workbench.formatting import cut
from workbench.screens.dialog import Dialog
from workbench.screens.model.backbone import weights_in_words
from workbench.session.draft import OF_ANOTHER_FILE, Draft
from workbench.themes import colour
from workbench.widgets.lines import ItemList
from workbench.widgets.panel import Panel

NAME_WIDTH = max(map(len, RECIPES)) + 1
OWN = "its own model"


class Recipes(ItemList[str]):
    """One recipe a line, with the book's test accuracy."""

    DEFAULT_CSS = "Recipes { height: auto; max-height: 58vh; }"
    BINDINGS = keys.bindings("named")

    model: str | None = None  # that all of them are to start from; None where each starts from its own

    def is_of_another(self, name: str) -> bool:
        """Whether the book's figure is of another model than the one that is started from."""
        return self.model is not None and load({"preset": name}).model.name != self.model

    def line(self, index: int, width: int) -> Text:
        name = self.items[index]
        recipe = NAMED_RECIPES[name]
        other = self.is_of_another(name)
        figure = f"{recipe.figure:.2f}" if recipe.figure is not None else ""
        figure = f"({figure})" if figure and other else f"{figure} " if figure else ""
        room = width - NAME_WIDTH - len(figure) - 2
        line = Text.assemble((f"  {name:<{NAME_WIDTH}}", colour(self, "text")), no_wrap=True)
        line.append(cut(recipe.title, room - 1), colour(self, "muted"))
        line.pad_right(width - line.cell_len - len(figure))
        return line.append(figure, colour(self, "frozen" if other else "text"))


class RecipesDialog(Dialog[dict[str, Any] | None]):
    """Returns the options to change, or None where all stays as it is."""

    PLACE = "recipes"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, draft: Draft):
        super().__init__()
        self._draft = draft
        self._own = False  # whether each starts from its own model; else from that of the draft

    def compose(self) -> ComposeResult:
        with Panel(title="Recipes by name", subtitle="enter takes it · esc leaves", classes="dialog"):
            yield Static(id="from")
            yield Recipes()
            yield Static(classes="hint", id="about", markup=False)

    def on_mount(self) -> None:
        self._show(self._draft.recipe.preset)

    def on_resize(self) -> None:
        self.call_after_refresh(self._describe)

    @property
    def _model(self) -> str:
        return self._draft.recipe.model.name

    @property
    def _selected(self) -> str:
        """The recipe under the cursor; the list is never empty."""
        return self.query_one(Recipes).selected or "default"

    def _standing(self) -> dict[str, list[str]]:
        """The recipes on show, each with those that are the same with the draft's model."""
        return {name: [name] for name in RECIPES} if self._own else standing_for(self._model)

    def _show(self, name: str) -> None:
        standing = self._standing()
        recipes = self.query_one(Recipes)
        recipes.items, recipes.model = list(standing), None if self._own else self._model
        recipes.changed()
        recipes.cursor = next(i for i, same in enumerate(standing.values()) if name in same)
        self._describe()

    @on(Recipes.Moved)
    def _describe(self) -> None:
        recipes = self.query_one(Recipes)
        arrows, muted = colour(self, "focus"), colour(self, "muted")
        model = OWN if self._own else on_one_line(short_name(self._model))
        choice = ("‹ ", arrows), (model, colour(self, "text")), (" ›", arrows)
        line = Text.assemble(("  with ", muted), *choice, no_wrap=True)
        right = "test %, in the book "
        if any(map(recipes.is_of_another, recipes.items)):
            right = "test %, in the book (of another model)"
        line.pad_right(max(1, recipes.size.width - line.cell_len - len(right)))
        self.query_one("#from", Static).update(line.append(right, muted))
        self.query_one("#about", Static).update(self._about(self._selected))

    def _about(self, name: str) -> str:
        named, own = NAMED_RECIPES[name], load({"preset": name})
        recipe = own if self._own else load({"preset": name, "model": {"name": self._model}})
        model = recipe.model.name
        others = [other for other in self._standing()[name] if other != name]
        sentences = [f"Starts from {short_name(model)} ({weights_in_words(model, recipe, self._draft.models)})."]
        if named.figure is not None and model != own.model.name:
            sentences.append(f"The book's figure is that of {own.model.name}.")
        if others:
            sentences.append(f"With {short_name(model)} this is {', '.join(others)} too: they differ only in size.")
        if data := named.layer.get("data", {}).get("path"):
            download = "" if fetched(data) else f": fetch {size(NAMED[data].size)}"
            sentences.append(f"Brings its data, {data}{download}.")
        return " ".join([*sentences, named.note])

    @on(events.Click, "#from")
    def action_whose_model(self) -> None:
        self._own = not self._own
        self._show(self._selected)

    @on(Recipes.Chosen)
    def action_accept(self) -> None:
        changes: dict[str, Any] = {"preset": self._selected}
        if not self._own:
            changes["model.name"] = self._model
        if data := RECIPES[self._selected].get("data", {}).get("path"):
            changes |= OF_ANOTHER_FILE | {"data.path": data}
        self.dismiss(changes)
