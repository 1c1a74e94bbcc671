"""How a recipe differs from the default, or from another."""

from pathlib import Path
from typing import Any

from rich.text import Text
from textual.widget import Widget

from core.options import Options, options
from workbench.formatting import cut, pad, plural, printable
from workbench.themes import colour

MOST_NAME = 20  # cells


class Differences(Widget):
    """Shows the options in which a recipe differs from `other`, or from the default where that is None."""

    DEFAULT_CSS = "Differences { padding: 0 1; height: auto; text-wrap: nowrap; }"

    def __init__(self) -> None:
        super().__init__()
        self._recipe: Options | None = None
        self._other: Options | None = None

    def show(self, recipe: Options | None, other: Options | None) -> None:
        """Recipes of different kinds are not compared."""
        self._recipe, self._other = recipe, other if type(other) is type(recipe) else None
        self.refresh(layout=True)

    def render(self) -> Text:
        width, muted = self.content_region.width, colour(self, "muted")
        if self._recipe is None:
            return Text(cut("Its recipe cannot be read.", width), muted)
        name = min(MOST_NAME, width // 2)
        value = (width - name - 2) // 2 if self._other else width - name - 1
        kind = type(self._recipe)
        rows = [(each.name, each.of(self._recipe), each.of(self._other or kind())) for each in options(kind)]
        different = [row for row in rows if row[1] != row[2]]
        lines = []
        for option, mine, its in different:
            shown = option if len(option) <= name else option.rpartition(".")[2]
            line = Text.assemble((pad(shown, name), muted), f" {pad(_shown(mine), value)}")
            lines.append(line.append(f" {cut(_shown(its), value)}", muted) if self._other else line)
        equal = len(rows) - len(different)
        words = (
            f"{plural(equal, 'field')} equal"
            if self._other
            else f"{plural(equal, 'field')} as in the default"
        )
        return Text("\n").join([*lines, Text(cut(words, width), muted)])


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}".replace("e-0", "e-")
    words = printable(", ".join(value) if isinstance(value, tuple) else str(value))
    return Path(words).name if "/" in words else words or "none"
