"""The model to start from: five sizes, and where the weights of each are."""

from pathlib import Path

from rich.text import Text
from textual import events
from textual.widget import Widget

from core.architectures.models import MODELS, Source, is_folder
from core.errors import BadRecipe
from core.recipe import Recipe
from core.wording import on_one_line, size
from workbench import keys
from workbench.formatting import cut, pad
from workbench.session.complain import complain
from workbench.session.draft import Draft
from workbench.session.session import session_of
from workbench.themes import colour

WHERE = {"built in": "built in", "on disk": "on disk", "random": "random weights"}


def weights_in_words(name: str, recipe: Recipe, models: dict[str, str]) -> str:
    """Where a model's weights would come from: 'on disk', 'fetch 548 MB', 'random weights', a folder."""
    chosen = recipe.model.weights if name == recipe.model.name else "pretrained"
    if chosen == "random":
        return WHERE["random"]
    if is_folder(chosen):
        return on_one_line(Path(chosen).name)
    where = models.get(name, "…")
    source = MODELS[name].source
    if where == "download" and isinstance(source, Source):
        return f"fetch {size(source.size)}"
    return WHERE.get(where, where)


def change_model(draft: Draft, name: str) -> None:
    """Start from another model, with as much of the freeze plan as it has a place for. Raises BadRecipe."""
    plan = draft.recipe.plan
    # blocks are counted from the top: the last stays the last
    offset = MODELS[name].architecture.n_blocks - plan.n_blocks
    trainable = str(plan)
    if "." in trainable:
        places = [part.split(".") for part in trainable.split(",")]
        moved = [(kind, int(index[0]) + offset) if index else (kind, 0) for kind, *index in places]
        trainable = ",".join(f"{kind}.{i}" if kind in ("blocks", "lora") else kind for kind, i in moved if i >= 0)
    draft.change_all({"model.name": name, "freeze.trainable": trainable})


class Backbone(Widget, can_focus=True):
    """Left and right, or a click, choose; every panel shows the consequences at once."""

    DEFAULT_CSS = "Backbone { height: 2; }"
    BINDINGS = keys.bindings("backbone")

    def on_mount(self) -> None:
        draft = session_of(self).draft
        for signal in (draft.recipe_changed, draft.profile_changed):
            signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> Text:
        draft = session_of(self).draft
        recipe = draft.recipe
        if self.size.height < 2:
            chosen = recipe.model.name
            words = weights_in_words(chosen, recipe, draft.models)
            more = f"  ← {list(MODELS).index(chosen) + 1} of {len(MODELS)} →"
            return Text.assemble(
                ("▌" if self.has_focus else " ", colour(self, "focus")),
                (MODELS[chosen].title, f"bold {colour(self, 'text')}"),
                (f"  {words}", colour(self, "muted")),
                (more, colour(self, "focus" if self.has_focus else "rule")),
                no_wrap=True,
            )
        column = self.size.width // len(MODELS)
        names, where = Text(no_wrap=True), Text(no_wrap=True)
        for name, preset in MODELS.items():
            here = name == recipe.model.name
            names.append("▌" if here else " ", colour(self, "focus" if self.has_focus else "muted"))
            style = f"bold {colour(self, 'text')}" if here else colour(self, "muted")
            names.append(pad(preset.title, column - 1), style)
            words = weights_in_words(name, recipe, draft.models)
            where.append(" " + pad(cut(words, column - 2), column - 1), colour(self, "muted" if here else "frozen"))
        return Text("\n").join([names, where])

    def _choose(self, index: int) -> None:
        names = list(MODELS)
        try:
            change_model(session_of(self).draft, names[max(0, min(index, len(names) - 1))])
        except BadRecipe as error:
            complain(self.app, error)

    def action_smaller(self) -> None:
        self._choose(list(MODELS).index(session_of(self).draft.recipe.model.name) - 1)

    def action_larger(self) -> None:
        self._choose(list(MODELS).index(session_of(self).draft.recipe.model.name) + 1)

    def on_click(self, event: events.Click) -> None:
        if self.size.height >= 2:
            self._choose(event.x * len(MODELS) // self.size.width)
