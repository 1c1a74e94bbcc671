"""How a run's charts are looked at: smoothing, scale, a window of steps, and a cursor that reads values."""

import math
from dataclasses import dataclass, replace

from core.runs.history import History
from core.wording import plural
from workbench.charts.scale import Limits

PART = 30  # the mean runs over one part in so many of the steps on show
LEAST_SPAN = 5  # steps; over fewer a mean is no smoother
ENOUGH = 4  # times as many steps, before which a mean says no more than they do
FAST = 10  # columns


@dataclass(frozen=True)
class View:
    """`last` is how many steps are on show, all where it is None; they are the latest, unless they begin at `left`."""

    smooth: bool = True
    log: bool = False
    last: int | None = None
    left: float | None = None
    cursor: int | None = None  # a step

    def axis(self, history: History) -> Limits:
        """The steps on show, which move in notches, so that an axis rarely does; the cursor is always among them."""
        if self.last is None:
            return 0, max(1, history.n_steps)
        left = self._latest(history) if self.left is None else self.left
        if self.cursor is not None:
            left = min(left, self.cursor // self._notch * self._notch)
            left = max(left, self._up(self.cursor, history) - self.last)
        return left, left + self.last

    @property
    def _steps(self) -> int:
        assert self.last is not None
        return self.last

    @property
    def _notch(self) -> int:
        return self._steps // 10

    def _up(self, step: int, history: History) -> int:
        """The notch at or after a step; the end of the run if that comes before it."""
        return min(math.ceil(step / self._notch) * self._notch, max(history.n_steps, self._steps))

    def _latest(self, history: History) -> int:
        """Where the latest steps begin."""
        return max(0, self._up(history.step, history) - self._steps)

    def span(self, history: History) -> int:
        """Over how many steps the training loss is smoothed; 0 where it is not: not asked for, or too few as yet."""
        low, high = self.axis(history)
        wide = (high - low) / PART
        unit = 10 ** math.floor(math.log10(max(1, wide)))
        span = max(LEAST_SPAN, round(wide / unit) * unit)
        return span if self.smooth and len(history.losses) - low >= ENOUGH * span else 0

    def of_the_loss(self, history: History) -> str:
        """How the loss is drawn, for the subtitle of its chart."""
        span = self.span(history)
        words = [f"smoothed over {span:,} steps" if span else "", "log" if self.log else "", self.of_the_steps()]
        return " · ".join(filter(None, words))

    def of_the_steps(self) -> str:
        """The window of steps, for the subtitle of a chart that is neither smoothed nor logarithmic."""
        if self.last is None:
            return ""
        return plural(self.last, "step") if self.left is not None else f"last {plural(self.last, 'step')}"

    def turned(self, what: str, history: History, columns: int) -> "View":
        """After a key: smooth, log, fewer, more, read, or a way for the cursor, on a chart so many columns wide."""
        match what:
            case "smooth":
                return replace(self, smooth=not self.smooth)
            case "log":
                return replace(self, log=not self.log)
            case "fewer":
                return self._showing(_ladder(self.last or max(1, history.step), -1) or self.last, history)
            case "more":
                more = _ladder(self.last, 1) if self.last else None
                return self._showing(more if more and more < history.step else None, history)
            case "read":
                return replace(self, cursor=max(1, history.step) if self.cursor is None else None, left=None)
        return self._moved(what, history, columns)

    def reading(self, x: float, history: History) -> "View":
        """With the cursor on the step nearest to a place of the axis."""
        return replace(self, cursor=max(1, min(round(x), history.step)), left=self.axis(history)[0])

    def _showing(self, last: int | None, history: History) -> "View":
        """So many steps: the latest, or those around the cursor."""
        view = replace(self, last=last, left=None)
        if last is None or self.cursor is None:
            return view
        around = max(0, (self.cursor - last // 2) // view._notch * view._notch)
        return replace(view, left=min(around, view._latest(history)))

    def without_cursor(self) -> "View":
        return replace(self, cursor=None, left=None)

    def _moved(self, way: str, history: History, columns: int) -> "View":
        low, high = self.axis(history)
        column = max(1, round((high - low) / max(1, columns - 1)))
        by = {"left": -1, "right": 1, "far_left": -FAST, "far_right": FAST}
        ends = {"first": 1, "last": history.step}
        to = ends[way] if way in ends else (self.cursor or 0) + by[way] * column
        moved = replace(self, cursor=max(1, min(to, history.step)), left=low)
        return replace(moved, left=moved.axis(history)[0])


def _ladder(n: int, way: int) -> int | None:
    """The next of 20, 50, 100, 200, 500 ... after `n`, upwards or downwards; None below the least."""
    rungs = [m * 10**power for power in range(1, len(str(n)) + 2) for m in (1, 2, 5)][1:]
    found = [rung for rung in rungs if (rung - n) * way > 0]
    return None if not found else min(found) if way > 0 else max(found)
