"""Lines and markers over steps. The one file that knows plotext."""

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.color import Color
from textual.widget import Widget
from textual_plotext.plot import Plot

from workbench.themes import colour
from workbench.widgets import scale

FASTEST = 0.25  # seconds between two drawings
SHARE = 10  # and never more than one part in so many of the time
LEAST = (16, 5)  # columns and rows that can hold axes and a curve


@dataclass(frozen=True)
class Series:
    """Points in the order of `xs`, in the colour `role`: marked by `glyph`, or joined by a line without one."""

    label: str
    role: str
    xs: Sequence[float]
    ys: Sequence[float]
    glyph: str = ""


@dataclass(frozen=True)
class Level:
    """A dashed line at one height."""

    label: str
    role: str
    y: float


@dataclass(frozen=True)
class Picture:
    """Everything a chart shows. A limit of `y` that is None follows the data; `marks` are vertical lines.

    While `source`, `x` and `marks` stay the same, series only grow.
    """

    series: Sequence[Series]
    levels: Sequence[Level] = ()
    marks: Sequence[float] = ()
    x: scale.Limits = (0, 1)
    y: tuple[float | None, float | None] = (0, None)
    source: object = None

    def goes_on_in(self, other: "Picture") -> bool:
        """Whether the other one's series begin with those of this one."""
        lengths = [len(one.ys) for one in self.series]
        return (
            (self.source, self.x, self.marks) == (other.source, other.x, other.marks)
            and len(lengths) == len(other.series)
            and all(n <= len(one.ys) for n, one in zip(lengths, other.series, strict=True))
        )


class Chart(Widget, can_focus=True):
    """Draws a `Picture` under a legend, in the colours of the theme, on the background of what holds it."""

    DEFAULT_CSS = "Chart { height: 1fr; min-height: 4; text-wrap: nowrap; }"

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self._picture = Picture(())
        self._version: Hashable = None
        self._limits: scale.Limits | None = None
        self._known: dict[tuple[str, int], dict] = {}  # full columns of each series, at a width
        self._drawn: tuple[Hashable, Text] | None = None
        self._due = 0.0
        self._waiting = False

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    def show(self, picture: Picture, version: Hashable) -> None:
        """Take a new picture; nothing is drawn where `version` is the one shown already."""
        if version == self._version:
            return
        if not self._picture.goes_on_in(picture):
            self._limits, self._known, self._due = None, {}, 0.0
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
        return self._drawn[1]

    def _draw(self, width: int, height: int) -> Text:
        picture = self._picture
        found = [
            scale.buckets(one.xs, one.ys, picture.x, width, self._known.setdefault((one.label, width), {}))
            for one in picture.series
        ]
        points = [point for each in found for run in each.runs for point in run]
        limits = self._limits = self._y_limits(points)
        legend = self._legend(limits, sum(each.not_finite for each in found), width)
        if width < LEAST[0] or height < LEAST[1]:
            return legend
        plot = self._plot([each.runs for each in found], limits, width, height - 1)
        return Text("\n").join([legend, plot])

    def _legend(self, limits: scale.Limits, missing: int, width: int) -> Text:
        """Every series and level with its glyph, and what the chart cannot show."""
        picture = self._picture
        entries = [(f"{one.label} {one.glyph or '─'}", one.role) for one in picture.series]
        entries += [(f"{level.label} ╌", level.role) for level in picture.levels]
        first = next((one.ys[0] for one in picture.series if len(one.ys)), None)
        if first is not None and not limits[0] <= first <= limits[1]:
            entries.append((f"began at {first:.3g}", "muted"))
        if missing:
            entries.append((f"▲ {missing:,} not finite", "warning"))
        joined = Text("   ").join(Text(words, colour(self, role)) for words, role in entries)
        legend = Text(" ").append_text(joined)
        legend.truncate(width, overflow="ellipsis")
        return legend

    def _plot(self, runs: list[list[scale.Run]], limits: scale.Limits, width: int, height: int) -> Text:
        picture, (low, high) = self._picture, limits
        plot = Plot()
        # both are needed: plotsize alone is bounded by what plotext takes for the terminal's size
        plot.plotsize(width, height)
        plot._set_size(width, height)
        plot.canvas_color("default")
        plot.axes_color("default")
        plot.ticks_color(self._rgb("muted"))
        plot.xaxes(True, False)
        plot.yaxes(True, False)
        plot.xlim(*picture.x)
        plot.ylim(low, high)
        x_ticks = scale.steps_ticks(picture.x[1], max(2, width // 12))
        y_ticks = scale.ticks(limits, 1 + max(1, (height - 2) // 3))
        y_labels = scale.labels(y_ticks)
        plot.xticks(x_ticks, scale.labels(x_ticks))
        plot.yticks(y_ticks, y_labels)
        for level in picture.levels:
            xs = scale.dashes(picture.x, width)
            plot.scatter(xs, [level.y] * len(xs), marker="braille", color=self._rgb(level.role))
        for mark in picture.marks:
            plot.plot([mark] * 2, limits, marker="┊", color=self._rgb("muted"))
        # a value far outside would make plotext walk there cell by cell
        margin = (high - low) / 2
        for one, each in zip(picture.series, runs, strict=True):
            for run in each:
                xs = [x for x, _ in run]
                ys = [min(max(y, low - margin), high + margin) for _, y in run]
                if one.glyph:
                    plot.scatter(xs, ys, marker=one.glyph, color=self._rgb(one.role))
                else:
                    plot.plot(xs, ys, marker="braille", color=self._rgb(one.role))
        drawn = Text.from_ansi(plot.build().rstrip("\n"))
        return self._quieter_axes(drawn, max(map(len, y_labels)), width, height)

    def _y_limits(self, points: list[tuple[float, float]]) -> scale.Limits:
        low, high = self._picture.y
        values = scale.settled(points, self._picture.x) or [0.0, 1.0]
        data_low = min(values) if low is None else low
        data_high = max(values) if high is None else high
        found = scale.steady(self._limits, data_low, max(data_high, data_low))
        return found[0] if low is None else low, found[1] if high is None else high

    def _quieter_axes(self, text: Text, column: int, width: int, height: int) -> Text:
        rule = colour(self, "rule")
        for row in range(height - 1):
            text.stylize(rule, row * (width + 1) + column, row * (width + 1) + column + 1)
        text.stylize(rule, (height - 2) * (width + 1), (height - 1) * (width + 1))
        return text

    def _rgb(self, role: str) -> tuple[int, int, int]:
        return Color.parse(colour(self, role)).rgb
