"""Lines and markers over steps. The one file that knows plotext."""

import math
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.text import Text
from textual import events
from textual.color import Color
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual_plotext.plot import Plot

from workbench.charts import scale
from workbench.themes import colour

FASTEST = 0.25  # seconds between two drawings
SHARE = 10  # and never more than one part in so many of the time
LEAST = (16, 5)  # columns and rows that can hold axes and a curve


@dataclass(frozen=True)
class Series:
    """Points in the order of `xs`, in the colour `role`: marked by `glyph`, or joined by a line without one.

    Where there is a `span`, the line is a moving mean over so many points, and theirs stands faint, in the
    role `<role>-raw`, behind it. One without a label is not named; a `right` one is measured on the axis at the right.
    """

    label: str
    role: str
    xs: Sequence[float]
    ys: Sequence[float]
    glyph: str = ""
    span: int = 0
    right: bool = False


class _Line(NamedTuple):
    """What is drawn of a series: points that a line joins, or that a glyph marks."""

    role: str
    glyph: str
    run: scale.Run
    right: bool = False


@dataclass(frozen=True)
class Level:
    """A dashed line at one height."""

    label: str
    role: str
    y: float


@dataclass(frozen=True)
class Signs:
    """Places on the axis of steps."""

    label: str
    role: str
    xs: Sequence[float]
    glyph: str


@dataclass(frozen=True)
class Picture:
    """Everything a chart shows. A limit of `y` that is None follows the data; `marks` are vertical lines.

    Later signs stand over earlier ones. With `log`, heights are logarithms, and what is not above 0 is left out.
    `names` are the ticks where the axis is none of steps; `right` says a value of the axis at the right. While
    `source`, `x`, `marks` and `log` stay the same, series only grow.
    """

    series: Sequence[Series]
    levels: Sequence[Level] = ()
    marks: Sequence[float] = ()
    x: scale.Limits = (0, 1)
    y: tuple[float | None, float | None] = (0, None)
    source: object = None
    signs: Sequence[Signs] = ()
    log: bool = False
    names: Sequence[tuple[float, str]] = ()
    right: Callable[[float], str] = str

    def goes_on_in(self, other: "Picture") -> bool:
        """Whether the other one's series begin with those of this one."""
        return (
            self._kind == other._kind
            and len(self.series) == len(other.series)
            and all(len(a.ys) <= len(b.ys) for a, b in zip(self.series, other.series, strict=True))
        )

    @property
    def _kind(self) -> tuple:
        return self.source, self.x, self.marks, self.log, [one.span for one in self.series]


class Chart(Widget, can_focus=True):
    """Draws a `Picture` under a legend, in the colours of the theme, on the background of what holds it."""

    DEFAULT_CSS = "Chart { height: 1fr; min-height: 4; text-wrap: nowrap; }"

    cursor: reactive[float | None] = reactive(None)  # a place of the x axis, drawn as a vertical line

    class Pointed(Message):
        """A column of the curves has been clicked on; `x` is what stands there on the axis."""

        def __init__(self, x: float):
            super().__init__()
            self.x = x

    def __init__(self) -> None:
        super().__init__()
        self._picture = Picture(())
        self._version: Hashable = None
        self._limits: scale.Limits | None = None
        self._columns_cache: dict[tuple[int, int], dict] = {}  # full columns of each series, at a width
        self._drawn: tuple[Hashable, Text] | None = None
        self._left = self._right = 0  # columns before those in which there are curves, and after them
        self._smoothed: scale.Run = []
        self._due = 0.0
        self._waiting = False

    @property
    def points(self) -> list[tuple[str, float, float]]:
        """Every point of its curves: label, step, value."""
        curves = self._picture.series
        return [(curve.label, x, y) for curve in curves for x, y in zip(curve.xs, curve.ys, strict=True)]

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    def show(self, picture: Picture, version: Hashable) -> None:
        """Take a new picture; nothing is drawn where `version` is the one shown already."""
        if version == self._version:
            return
        if not self._picture.goes_on_in(picture):
            self._limits, self._columns_cache, self._due = None, {}, 0.0
        self._picture, self._version = picture, version
        wait = self._due - time.monotonic()
        if wait <= 0:
            self.refresh()
        elif not self._waiting:
            self._waiting = True
            self.set_timer(wait, self._refresh_late)

    def _refresh_late(self) -> None:
        self._waiting = False
        self.refresh()

    def render(self) -> Text:
        width, height = self.size
        # not the theme's name, which is new a moment before its colours are
        key = (self._version, width, height, colour(self, "background"))
        if self._drawn is None or self._drawn[0] != key:
            began = time.monotonic()
            self._drawn = key, self._draw(width, height)
            self._due = time.monotonic() + max(FASTEST, SHARE * (time.monotonic() - began))
        return self._drawn[1] if self.cursor is None else self._with_cursor(self._drawn[1])

    @property
    def columns(self) -> int:
        """How many columns there are for curves."""
        return self.size.width - self._left - self._right

    def smoothed_at(self, x: float) -> float | None:
        """How high the moving mean is drawn there."""
        return next((y for at, y in self._smoothed if at >= x), None)

    def _column(self, x: float) -> int:
        """Of the whole width, as plotext places it."""
        low, high = self._picture.x
        return self._left + math.floor(0.5 + (self.columns - 1) * (x - low) / (high - low))

    def on_click(self, event: events.Click) -> None:
        at, (low, high) = event.get_content_offset(self), self._picture.x
        column = at.x - self._left if at else -1
        if self._picture.series and 0 <= column < self.columns:
            self.post_message(self.Pointed(low + column * (high - low) / max(1, self.columns - 1)))

    def _draw(self, width: int, height: int) -> Text:
        picture = self._picture
        found = [self._buckets(i, width) for i in range(len(picture.series))]
        limits = self._limits = self._y_limits(self._drawn_on(found, right=False))
        highest = max([y for _, y in self._drawn_on(found, right=True)], default=0.0)
        right = scale.nice_limits(0.0, highest) if highest > 0 else None
        legend = self._legend(limits, found, width)
        if width < LEAST[0] or height < LEAST[1]:
            return legend
        self._smoothed = []
        lines = [line for one, each in zip(picture.series, found, strict=True) for line in self._lines(one, each)]
        return Text("\n").join([legend, self._plot(lines, limits, right, width, height - 1)])

    def _buckets(self, index: int, width: int) -> scale.Buckets:
        """What there is to draw of a series, on the scale; a line goes on to the limits where it has points beyond."""
        picture, one = self._picture, self._picture.series[index]
        cache = self._columns_cache.setdefault((index, width), {})
        found = scale.buckets(one.xs, one.ys, picture.x, width, cache, picture.log, 2 * one.span)
        runs = found.runs
        if not one.glyph:
            left, right = (scale.crossing(one.xs, one.ys, x) for x in picture.x)
            runs = [left + runs[0], *runs[1:]] if runs else [left]
            runs = [*runs[:-1], runs[-1] + right]
        return found._replace(runs=[scaled for run in runs if (scaled := self._on_the_scale(run))])

    def _drawn_on(self, found: list[scale.Buckets], right: bool) -> scale.Run:
        """Every point that is measured on one of the two axes."""
        sides = zip(self._picture.series, found, strict=True)
        return [point for one, each in sides if one.right == right for run in each.runs for point in run]

    def _on_the_scale(self, run: scale.Run) -> scale.Run:
        return [(x, math.log10(y)) for x, y in run if y > 0] if self._picture.log else run

    def _lines(self, one: Series, found: scale.Buckets) -> list[_Line]:
        """All that is drawn of a series, in order."""
        if not one.span:
            return [_Line(one.role, one.glyph, run, one.right) for run in found.runs]
        means = scale.smoothed(found.means, one.span)
        self._smoothed = [point for point in means if point[0] >= self._picture.x[0]]
        raw = [_Line(f"{one.role}-raw", "", run) for run in found.runs]
        return [*raw, _Line(one.role, "", self._on_the_scale(self._smoothed))]

    def _legend(self, limits: scale.Limits, found: list[scale.Buckets], width: int) -> Text:
        """Every series, level and sign with its glyph, and what the chart cannot show; the last have to find room."""
        picture = self._picture
        entries = [(f"{one.label} {one.glyph or '─'}", one.role) for one in picture.series if one.label]
        for missing, why in (
            (sum(each.not_finite for each in found), "not finite"),
            (sum(each.too_low for each in found), "not above 0"),
        ):
            if missing:
                entries.append((f"▲ {missing:,} {why}", "warning"))
        first = next(((one.xs[0], one.ys[0]) for one in picture.series if len(one.ys) and not one.right), None)
        if first and first[0] >= picture.x[0] and not picture.log and not limits[0] <= first[1] <= limits[1]:
            entries.append((f"began at {first[1]:.3g}", "muted"))
        entries += [(f"{level.label} ╌{self._beyond(level, limits)}", level.role) for level in picture.levels]
        legend = Text(no_wrap=True)
        for entry in [
            *(Text(words, colour(self, role)) for words, role in entries),
            Text("  ").join(
                Text(f"{each.glyph} {each.label}", colour(self, each.role)) for each in picture.signs if each.xs
            ),
        ]:
            gap = "   " if legend else " "
            if entry and legend.cell_len + len(gap) + entry.cell_len <= width:
                legend.append(gap).append_text(entry)
        return legend

    def _beyond(self, level: Level, limits: scale.Limits) -> str:
        """Where and how high a level is that does not fit: ' ▾ 52'."""
        sign = next((_sign(y, limits) for _, y in self._on_the_scale([(0, level.y)])), "")
        return f" {sign} {level.y:.3g}" if sign else ""

    def _plot(
        self, lines: list[_Line], limits: scale.Limits, right: scale.Limits | None, width: int, height: int
    ) -> Text:
        """`right` are the limits of the axis at the right, where there is one."""
        picture, (low, high) = self._picture, limits
        plot = Plot()
        # both are needed: plotsize alone is bounded by what plotext takes for the terminal's size
        plot.plotsize(width, height)
        plot._set_size(width, height)
        plot.canvas_color("default")
        plot.axes_color("default")
        plot.ticks_color(self._rgb("muted"))
        plot.xaxes(True, False)
        plot.yaxes(True, right is not None)
        plot.xlim(*picture.x)
        plot.ylim(low, high)
        rows = height - 2
        y_ticks = (
            scale.log_ticks(limits, max(2, rows // 2)) if picture.log else scale.ticks(limits, 1 + max(1, rows // 3))
        )
        y_labels = scale.log_labels(y_ticks) if picture.log else scale.labels(y_ticks)
        x_ticks = scale.steps_ticks(picture.x, max(2, width // 12))
        names = picture.names or list(zip(x_ticks, scale.steps_labels(x_ticks), strict=True))
        plot.xticks([x for x, _ in names], [name for _, name in names])
        plot.yticks(y_ticks, y_labels)
        self._left, self._right = max(map(len, y_labels)) + 1, 0
        if right:
            ticks = scale.ticks(right, 1 + max(1, rows // 3))
            said = [picture.right(tick) for tick in ticks]
            self._right = max(map(len, said)) + 1
            plot.ylim(*right, yside="right")  # type: ignore[arg-type]
            plot.yticks(ticks, said, yside="right")  # type: ignore[arg-type]
        for level in picture.levels:
            xs = scale.dashes(picture.x, width)
            ys = [y for _, y in self._on_the_scale([(x, level.y) for x in xs])]
            plot.scatter(xs[: len(ys)], ys, marker="braille", color=self._rgb(level.role))
        for mark in picture.marks:
            if picture.x[0] <= mark <= picture.x[1]:
                plot.plot([mark] * 2, limits, marker="┊", color=self._rgb("muted"))
        # a value far outside would make plotext walk there cell by cell
        margin = (high - low) / 2
        for line in lines:
            drawn = [(x, y) for x, y in line.run if line.right or not (line.glyph and _sign(y, limits))]
            xs, ys = [x for x, _ in drawn], [y for _, y in drawn]
            if not line.right:
                ys = [min(max(y, low - margin), high + margin) for y in ys]
            draw, side = plot.scatter if line.glyph else plot.plot, "right" if line.right else "left"
            draw(xs, ys, marker=line.glyph or "braille", color=self._rgb(line.role), yside=side)
        text = self._with_axes(Text.from_ansi(plot.build().rstrip("\n")), width, height)
        for line in lines:
            for sign, row in (("▴", 0), ("▾", height - 3)):
                columns = {self._column(x) for x, y in line.run if not line.right and _sign(y, limits) == sign}
                _put(text, sign, [row * (width + 1) + at for at in sorted(columns)], colour(self, line.role))
        return text

    def _y_limits(self, points: list[tuple[float, float]]) -> scale.Limits:
        (low, high), log = self._picture.y, self._picture.log
        values = [y for _, y in points] if log else scale.settled(points, self._picture.x)
        values = values or ([-1.0, 0.0] if log else [0.0, 1.0])
        data_low = min(values) if low is None else low
        data_high = max(values) if high is None else high
        nice = scale.log_limits if log else scale.nice_limits
        found = scale.steady(self._limits, data_low, max(data_high, data_low), nice)
        return found[0] if low is None else low, found[1] if high is None else high

    def _with_axes(self, text: Text, width: int, height: int) -> Text:
        """Axes in the colour of rules, with the signs on that of steps."""
        rule, axis = colour(self, "rule"), (height - 2) * (width + 1)
        for row in range(height - 1):
            for at in [self._left - 1, *([width - self._right] if self._right else [])]:
                text.stylize(rule, row * (width + 1) + at, row * (width + 1) + at + 1)
        text.stylize(rule, axis, axis + width)
        low, high = self._picture.x
        for signs in self._picture.signs:
            places = [axis + self._column(x) for x in signs.xs if low <= x <= high]
            _put(text, signs.glyph, places, colour(self, signs.role))
        return text

    def _with_cursor(self, drawn: Text) -> Text:
        """A line down to the axis that passes behind the curves."""
        (low, high), width = self._picture.x, self.size.width
        if self.cursor is None or "\n" not in drawn.plain or not low <= self.cursor <= high:
            return drawn
        text, top = drawn.copy(), drawn.plain.index("\n") + 1 + self._column(self.cursor)
        places = [top + row * (width + 1) for row in range(self.size.height - 3)]
        free = [place for place in places if drawn.plain[place] in " ┊"]
        _put(text, "│", free, colour(self, "focus"))
        return text

    def _rgb(self, role: str) -> tuple[int, int, int]:
        return Color.parse(colour(self, role)).rgb


def _sign(y: float, limits: scale.Limits) -> str:
    """The mark of a value beyond the limits, which stands at their edge; empty for one within."""
    room = (limits[1] - limits[0]) / 1e6
    return "▾" if y < limits[0] - room else "▴" if y > limits[1] + room else ""


def _put(text: Text, glyph: str, places: Sequence[int], style: str) -> None:
    """Stand a character in the place of others."""
    characters = list(text.plain)
    for place in places:
        characters[place] = glyph
        text.stylize(style, place, place + 1)
    text.plain = "".join(characters)
