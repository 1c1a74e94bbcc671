"""What the curves say at the cursor, in one line."""

from typing import Any

from rich.text import Text
from textual.widget import Widget

from core.runs.history import History
from core.wording import on_one_line, percent
from workbench.charts.curves import best_checkpoint
from workbench.screens.train.now import rate
from workbench.themes import colour

GAP = "   "


class CursorValues(Widget):
    """Figures of one step; where there is no room for all, the least telling go."""

    DEFAULT_CSS = "CursorValues { height: 1; padding: 0 1; text-wrap: nowrap; }"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._parts: list[tuple[int, str, str]] = []  # how dispensable, words, role

    def show(self, history: History, step: int, smoothed: float | None, reach: float) -> None:
        """`reach` is how many steps away a mark still counts as being there."""
        self._parts = [(0, f"step {step:,}", "focus")]
        if step <= len(history.losses):
            self._parts.append((1, f"loss {history.losses[step - 1]:.3g}", "train"))
        if smoothed is not None:
            self._parts.append((4, f"smoothed {smoothed:.3g}", "train"))
        if checked := history.evaluations["validation"]:
            point = min(checked, key=lambda point: abs(point.step - step))
            at = "" if point.step == step else f" at {point.step:,}"
            self._parts.append((3, f"validation {point.loss:.3g}, {percent(point.accuracy)}{at}", "validation"))
        if step <= len(history.rates):
            self._parts.append((5, f"rate {rate(history.rates[step - 1])}", "text"))
        self._parts += [(2, words, "text") for words in _mark(history, step, reach)]
        self.refresh()

    def render(self) -> Text:
        parts = list(self._parts)
        while len(parts) > 1 and len(GAP.join(words for _, words, _ in parts)) > self.content_region.width:
            parts.remove(max(parts, key=lambda part: part[0]))
        return Text(GAP).join(Text(words, colour(self, role)) for _, words, role in parts)


def _mark(history: History, step: int, reach: float) -> list[str]:
    """The glyph and words of the nearest mark, where one is near enough; a change comes before a checkpoint."""
    best = best_checkpoint(history)
    changes = [(at, f"◇ {on_one_line(words)}") for at, words in history.marks]
    saved = [(c.step, "● best, saved" if c.step == best else "○ saved") for c in history.checkpoints]
    for marks in (changes, saved):
        near = [mark for mark in marks if abs(mark[0] - step) <= reach]
        if near:
            return [min(near, key=lambda mark: abs(mark[0] - step))[1]]
    return []
