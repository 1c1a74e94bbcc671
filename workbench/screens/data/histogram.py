"""How long the texts of each class are, in tokens, with the limit beyond which they are cut."""

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from core.architectures.counting import LONGEST
from core.data.lengths import MOST, merged, quantile
from core.rows import Profile
from core.wording import on_one_line, percent
from workbench import keys
from workbench.formatting import LEVELS, cut
from workbench.themes import class_role, colour
from workbench.widgets.arrows import turned

MOST_APART = 8  # more classes than this share one histogram
HIGHEST = 8  # lines of one class


def axis_end(lengths: Mapping[int, int], context: int) -> int:
    """Where the axis ends: past nearly all texts, and past the limit where that is near."""
    longest, most = max(lengths), quantile(lengths, 0.995)
    end = longest if longest <= 1.6 * most else ceil(1.25 * most)
    if context <= 1.3 * end:
        end = max(ceil(1.04 * context), min(end, 3 * context))
    return max(end, 1)


class Axis(NamedTuple):
    """`n` columns of the chart, each `cells` wide, for `step` lengths: equal, so that none stands out by chance."""

    step: int
    cells: int
    n: int

    @classmethod
    def of(cls, end: int, width: int) -> "Axis":
        """An axis from 0 to at least `end` that fills `width` cells."""
        step, cells = max(1, ceil((end + 1) / width)), max(1, width // (end + 1))
        return cls(step, cells, width // cells)

    @property
    def end(self) -> int:
        return self.step * self.n - 1

    def at(self, tokens: int) -> int:
        """The cell where a length stands."""
        return tokens // self.step * self.cells

    def bars(self, lengths: Mapping[int, int]) -> list[int]:
        """Rows per cell."""
        bins = [0] * self.n
        for tokens, rows in lengths.items():
            if tokens <= self.end:
                bins[tokens // self.step] += rows
        return [rows for rows in bins for _ in range(self.cells)]


class Histogram(Widget, can_focus=True):
    """One chart a class, each on its own scale; its height decides how much is drawn.

    The arrow keys try other contexts: the limit moves, and what it would cut is said; enter or a click shows the rows.
    """

    DEFAULT_CSS = "Histogram { height: 1fr; padding: 0 1; }"
    BINDINGS = keys.bindings("lengths")

    class Chosen(Message):
        """The rows that the context cuts are wanted."""

    def __init__(self) -> None:
        super().__init__()
        self._profile: Profile | None = None
        self._drawn: tuple[tuple, Text] = ((), Text())
        self.context = 0  # tokens: where the limit is drawn

    def show(self, profile: Profile) -> None:
        self._profile, self.context = profile, profile.context
        self.refresh()

    @property
    def filter(self) -> str:
        """The filter of the rows that the context cuts; empty where it cuts none."""
        profile = self._profile
        return f"longer {self.context}" if profile and profile.cuts.get(self.context) else ""

    def action_next_context(self) -> None:
        self._turn(1)

    def action_previous_context(self) -> None:
        self._turn(-1)

    def _turn(self, by: int) -> None:
        contexts = [*self._profile.cuts] if self._profile else []
        if self.context in contexts:
            self.context = contexts[max(0, min(contexts.index(self.context) + by, len(contexts) - 1))]
            self.refresh()

    def on_blur(self) -> None:
        """What was tried is over: the limit is the recipe's again."""
        if self._profile:
            self.context = self._profile.context

    def action_show_cut(self) -> None:
        self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if by := turned(self.render().plain, at):
            self._turn(by)
        else:
            self.action_show_cut()

    def render(self) -> Text:
        if self._profile is None or not any(self._profile.lengths.values()):
            return Text("")
        key = (id(self._profile), self.context, self.has_focus, self.size, self.app.theme)
        if self._drawn[0] != key:
            self._drawn = key, self._draw(self._profile)
        return self._drawn[1]

    def _draw(self, profile: Profile) -> Text:
        muted = colour(self, "muted")
        classes: Mapping[str, Mapping[int, int]] = profile.lengths
        hues = [colour(self, class_role(i, len(classes))) for i in range(len(classes))]
        room = self.size.height
        if len(classes) > min(MOST_APART, room - 1):
            classes, hues = {f"all {len(classes)}": merged(classes)}, [colour(self, "class-1")]
        names = min(12, max(cell_len(on_one_line(name)) for name in classes)) + 1
        axis = Axis.of(axis_end(merged(classes), profile.context), self.size.width - names)
        limit = axis.at(self.context) if self.context <= axis.end else None
        below = self._below(profile, axis.end, room - len(classes))
        with_ticks = room > len(classes) + len(below)
        height = max(1, min(HIGHEST, (room - len(below) - with_ticks) // len(classes)))
        lines = []
        for (name, lengths), hue in zip(classes.items(), hues, strict=True):
            bars = axis.bars(lengths)
            for row in range(height - 1, -1, -1):
                line = Text(no_wrap=True)
                for i, cell in enumerate(_row(bars, row, height)):
                    at_limit = cell == " " and i == limit
                    line.append("┊" if at_limit else cell, muted if at_limit else hue)
                if row == height - 1:
                    line.pad_right(self.size.width - names - line.cell_len)
                    line.append(" " + cut(on_one_line(name), names - 1), hue)
                lines.append(line)
        if with_ticks:
            lines.append(Text(_ticks(axis, limit), muted, no_wrap=True))
        return Text("\n").join([*lines, *below])

    def _below(self, profile: Profile, end: int, room: int) -> list[Text]:
        """What the context cuts and, where a second line has room, the percentiles of all lengths."""
        muted, width = colour(self, "muted"), self.size.width
        said = caption(profile, end, width, self.context)
        if self.has_focus and self.context in profile.cuts:
            said = f"‹ {self.context:,} ›" + said.removeprefix(f"{self.context:,}")
            first = Text(cut(said, width), colour(self, "text"), no_wrap=True)
        else:
            first = Text(said, muted, no_wrap=True)
        spread = percentiles_in_words(profile.percentiles, width)
        return [first, Text(spread, muted, no_wrap=True)] if room > 2 and spread else [first]


def percentiles_in_words(found: Mapping[str, int], width: int) -> str:
    """'50 % ≤ 18 · 90 % ≤ 54 · ... · max 301', as much of it as fits: the largest say most about a context."""
    parts = [f"{'max' if name == MOST else f'{name} % ≤'} {tokens:,}" for name, tokens in found.items()]
    while len(" · ".join(parts)) > width and len(parts) > 1:
        parts.pop(0)
    return " · ".join(parts)


def caption(profile: Profile, end: int, width: int, context: int = 0) -> str:
    """What a context cuts, the profile's own where none is said, medians, what lies beyond the chart: what fits."""
    context = context or profile.context
    n_cut = profile.cuts.get(context, profile.cut)
    together = merged(profile.lengths)
    apart = profile.lengths.values() if len(profile.lengths) <= 3 else [together]
    medians = [f"{quantile(lengths, 0.5):,}" for lengths in apart]
    total, beyond = sum(together.values()), sum(rows for tokens, rows in together.items() if tokens > end)
    words = f"{context:,} cuts "
    words += f"{n_cut:,}, {percent(n_cut / total)}" if n_cut else "none"
    words = "nothing is cut" if profile.context == LONGEST else words
    more = [("medians " if len(medians) > 1 else "median ") + " and ".join(medians)]
    for part in more + [f"{beyond:,} beyond {end:,}"] * bool(beyond):
        if len(words) + len(part) + 3 <= width:
            words += f" · {part}"
    return words


def _ticks(axis: Axis, limit: int | None) -> str:
    width = axis.n * axis.cells
    step = next(s * 10**p for p in range(9) for s in (1, 2, 3, 5) if axis.end / (s * 10**p) <= max(2, width // 9))
    places = [(axis.at(tokens), f"{tokens:,}") for tokens in range(0, axis.end + 1, step)]
    if limit is not None:
        start = max(0, min(limit - 2, width - 5))
        places = [place for place in places if place[0] + len(place[1]) < start or place[0] > start + 6]
        places.append((start, "limit"))
    cells = [" "] * (width + 8)
    for start, word in places:
        cells[start : start + len(word)] = word
    return "".join(cells).rstrip()


def _row(bars: list[int], row: int, height: int) -> str:
    """One of the `height` lines of a chart, counted from below."""
    top = max(bars) or 1
    cells = []
    for value in bars:
        eighths = max(1, round(value / top * height * 8)) if value else 0
        level = min(8, eighths - row * 8)
        cells.append(LEVELS[level - 1] if level > 0 else " ")
    return "".join(cells)
