"""What a finished run is worth: its test accuracy with its interval, beside the baselines."""

import math

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from core.runs.history import History
from core.runs.result import ClassifierResult, Line
from core.runs.steering import weights_tested
from core.runs.verdict import sentences
from core.wording import clock, on_one_line, percent
from workbench.formatting import cut
from workbench.themes import colour, verdict_role

NAME, FIGURE, INTERVAL = 16, 8, 20  # cells
LEAST_SCALE, MOST_SCALE = 12, 50


class ResultCard(Widget):
    """Shows a result: a line for each accuracy on one scale, and the rest in a last one."""

    DEFAULT_CSS = "ResultCard { height: 1fr; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__()
        self._result: ClassifierResult | None = None
        self._weights = ""  # which were tested

    def show(self, result: ClassifierResult, history: History) -> None:
        self._result, self._weights = result, weights_tested(history, result.checkpoint)
        self.refresh(layout=True)

    def render(self) -> Text:
        result = self._result
        if result is None:
            return Text()
        lines = [*result.lines()]
        words = max(len(_words(line)) for line in lines) + 1
        room = self.content_region.width - NAME - FIGURE - words
        room = max(LEAST_SCALE, min(MOST_SCALE, room))
        lowest = min(line.low if line.own else line.share for line in lines)
        floor = min(0.95, math.floor(lowest * 20) / 20)
        drawn = [self._line(line, floor, room) for line in lines]
        verdict, others = self._verdict(result, self.content_region.width), self._others(result)
        if len(drawn) + len(verdict) + 1 > self.size.height:
            verdict = self._verdict(result, self.content_region.width, briefly=True)
        # where there is no room for all, what the run itself gets right and the verdict come first
        by_need = [*drawn[:1], *verdict[:1], *drawn[1:], *verdict[1:], others][: max(2, self.size.height)]
        return Text("\n").join(line for line in [*drawn, *verdict, others] if any(line is one for one in by_need))

    def lines_at(self, width: int) -> int:
        """How many it needs at a width."""
        result = self._result
        return len([*result.lines()]) + len(self._verdict(result, width)) + 1 if result else 0

    def _verdict(self, result: ClassifierResult, width: int, briefly: bool = False) -> list[Text]:
        """Whether it gives all texts one label, how it stands beside the strongest baseline, and what to try first.

        That may take a second line, but not where it is to be said `briefly`.
        """
        hue, said = colour(self, verdict_role(result.test.verdict)), sentences(result)
        if cell_len(" ".join(said)) <= width:
            said = [*filter(None, [" ".join(said)])]
        lines = [Text(cut(words, width), f"bold {hue}") for words in said]
        for one in result.advice[:1]:
            words = f"→ {on_one_line(one)}"
            first = words if briefly else Text(words).wrap(self.app.console, max(1, width))[0].plain.rstrip()
            pieces = filter(None, [first, words[len(first) :].lstrip()])
            lines += [Text(cut(piece, width), colour(self, "text")) for piece in pieces]
        return lines

    def _line(self, line: Line, floor: float, room: int) -> Text:
        own = line.own
        ends = (line.low, line.high) if own else (line.share, line.share)
        at, low, high = (round((share - floor) / (1 - floor) * (room - 1)) for share in (line.share, *ends))
        if own:  # with a cell on each side of the point, an interval is never taken for an arrow
            at = max(1, min(at, room - 2))
            low, high = min(low, at - 1), max(high, at + 1)
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
        validation, train = (f"{line.name} {percent(line.share)}" for line in result.split_lines())
        took = f"took {clock(result.seconds.total)}"
        parts = [*filter(None, [validation, train, self._weights, took, result.cache_savings])]
        for dispensable in (result.cache_savings, took, train):
            if cell_len(" · ".join(parts)) > width and dispensable in parts:
                parts.remove(dispensable)
        return Text(cut(" · ".join(parts), width), colour(self, "muted"))


def _words(line: Line) -> str:
    """What stands behind the figure of a line."""
    return f"{line.interval:^{INTERVAL}}{line.words}" if line.own else f"  {line.words}"
