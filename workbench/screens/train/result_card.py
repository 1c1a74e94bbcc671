"""What a finished run is worth: its test accuracy with its interval, beside the baselines."""

import math

from rich.text import Text
from textual.widget import Widget

from core.runs.result import ClassifierResult, Line
from core.wording import clock, percent
from workbench.formatting import cut
from workbench.themes import colour

NAME, FIGURE, INTERVAL = 16, 8, 20  # cells
LEAST_SCALE, MOST_SCALE = 12, 50


class ResultCard(Widget):
    """Shows a result: a line for each accuracy on one scale, and the rest in a last one."""

    DEFAULT_CSS = "ResultCard { height: auto; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__()
        self._result: ClassifierResult | None = None
        self._baseline: str | None = None

    def show(self, result: ClassifierResult, baseline: str | None) -> None:
        """`baseline` is the kind of the one that counts words, None where there is none."""
        self._result, self._baseline = result, baseline
        self.refresh(layout=True)

    def render(self) -> Text:
        result = self._result
        if result is None:
            return Text()
        lines = [*result.lines(self._baseline)]
        words = max(len(_words(line)) for line in lines) + 1
        room = self.content_region.width - NAME - FIGURE - words
        room = max(LEAST_SCALE, min(MOST_SCALE, room))
        lowest = min(line.share if line.low is None else line.low for line in lines)
        floor = min(0.95, math.floor(lowest * 20) / 20)
        return Text("\n").join([*(self._line(line, floor, room) for line in lines), self._others(result)])

    def _line(self, line: Line, floor: float, room: int) -> Text:
        ends = (line.share if end is None else end for end in (line.low, line.high))
        at, low, high = (round((share - floor) / (1 - floor) * (room - 1)) for share in (line.share, *ends))
        own = bool(line.interval)
        hue, rule, muted = colour(self, "validation" if own else "muted"), colour(self, "rule"), colour(self, "muted")
        return Text.assemble(
            (f"{line.name:<{NAME}}", colour(self, "text") if own else muted),
            ("─" * low, rule),
            ("━" * (at - low), hue),
            ("●", hue),
            ("━" * (high - at), hue),
            ("─" * (room - 1 - high), rule),
            (f"{percent(line.share):>{FIGURE}}", f"bold {colour(self, 'text')}" if own else muted),
            (_words(line), muted),
        )

    def _others(self, result: ClassifierResult) -> Text:
        width = self.content_region.width
        parts = [f"{line.name} {percent(line.share)}" for line in result.split_lines()]
        parts += [f"weights of step {result.checkpoint:,}", f"took {clock(result.seconds.total)}"]
        parts += filter(None, [result.cache_savings])
        if len(" · ".join(parts)) > width:
            parts.pop(2)
        return Text(cut(" · ".join(parts), width), colour(self, "muted"))


def _words(line: Line) -> str:
    """What stands behind the figure of a line."""
    return f"{line.interval:^{INTERVAL}}{line.words}" if line.interval else f"  {line.words}"
