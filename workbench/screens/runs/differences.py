"""How a recipe differs from the default, or from another."""

from pathlib import Path
from typing import Any

from rich.text import Text
from textual.widget import Widget

from core.datasets import called
from core.options import Options, options
from core.recipe import Recipe
from core.runs.compare import changed, different, in_words
from core.wording import plural
from workbench.formatting import cut, pad
from workbench.themes import colour

WIDE = 40  # cells
LONGEST_NAME = {True: 20, False: 10}  # cells, where it is wide and where not; a longer one goes without its part


class Differences(Widget):
    """Shows the options in which a recipe differs from `other`, or from the default where that is None."""

    DEFAULT_CSS = "Differences { padding: 0 1; height: auto; text-wrap: nowrap; }"

    def __init__(self) -> None:
        super().__init__()
        self._recipe: Options | None = None
        self._other: Options | None = None
        self._rows: int | None = None
        self._asked: tuple[Options | None, Options | None] = None, None

    def show(
        self,
        recipe: Options | None,
        other: Options | None,
        rows: int | None,
        asked: tuple[Options | None, Options | None],
    ) -> None:
        """Recipes of different kinds are not compared. `rows` is how many texts the recipe's run learns from, `asked`
        what was asked for before what was left open was resolved, of both.
        """
        self._asked = asked
        self._recipe, self._other, self._rows = recipe, other if type(other) is type(recipe) else None, rows
        self.refresh(layout=True)

    def render(self) -> Text:
        width, muted = self.content_region.width, colour(self, "muted")
        if self._recipe is None:
            return Text(cut("Its recipe cannot be read.", width), muted)
        if self._other:
            found, equal = different(self._recipe, self._other, *self._asked)
        else:
            found = changed(self._recipe, self._rows)
            equal = len([*options(type(self._recipe))]) - len(found)
        most = LONGEST_NAME[width >= WIDE]
        names = {option: option if len(option) <= most else option.rpartition(".")[2] for option, *_ in found}
        name = min(width // 2, max(map(len, names.values()), default=0))
        value = (width - name - 2) // 2 if self._other else width - name - 1
        lines = []
        for option, mine, its in found:
            if option == "freeze.trainable" and isinstance(self._recipe, Recipe):
                mine = self._recipe.plan.in_words
                its = self._other.plan.in_words if isinstance(self._other, Recipe) else its
            line = Text.assemble((pad(names[option], name), muted), f" {pad(_shown(mine), value)}")
            lines.append(line.append(f" {cut(_shown(its), value)}", muted) if self._other else line)
        words = f"{plural(equal, 'field')} equal" if self._other else f"{plural(equal, 'field')} as in the default"
        return Text("\n").join([*lines, Text(cut(words, width), muted)])


def _shown(value: Any) -> str:
    words = in_words(value)  # which has escaped it
    return called(words) if Path(words).is_absolute() else words
