"""What a finished run is worth: its test accuracy with its interval, beside the baselines."""

import math
from typing import NamedTuple

from rich.text import Text
from textual.widget import Widget

from core.runs.cache_savings import saved_in_words
from core.wording import clock, percent
from workbench.formatting import cut
from workbench.themes import colour

NAME, FIGURE, INTERVAL = 16, 8, 17  # cells
LEAST_SCALE, MOST_SCALE = 12, 50


class Line(NamedTuple):
    """One accuracy; `low` and `high` are its 95 % interval, where it has one."""

    name: str
    share: float
    low: float
    high: float
    role: str
    words: str


def lines_of(result: dict) -> list[Line]:
    """What the card compares, the network first."""
    test = result["test"]
    right = f"{test['correct']:,} of {test['rows']:,} right"
    found = [Line("test", test["accuracy"], test["low"], test["high"], "validation", right)]
    leaked = test["rows"] - test["clean_rows"]
    if leaked and test["clean_rows"]:
        words = f"{leaked:,} stand in training"
        found.append(Line("without leaks", test["clean"], test["clean"], test["clean"], "validation", words))
    others = [
        ("counting words", test["baseline"], "TF-IDF and regression"),
        ("always the same", test["majority"], "of the test set"),
    ]
    return found + [
        Line(name, share, share, share, "muted", words) for name, share, words in others if share is not None
    ]


class ResultCard(Widget):
    """Shows a result document: a line for each accuracy on one scale, and the rest in a last one."""

    DEFAULT_CSS = "ResultCard { height: auto; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__()
        self._result: dict | None = None

    def show(self, result: dict) -> None:
        self._result = result
        self.refresh(layout=True)

    def render(self) -> Text:
        if self._result is None:
            return Text()
        lines = lines_of(self._result)
        words = max(len(line.words) for line in lines) + 1
        room = self.content_region.width - NAME - FIGURE - INTERVAL - words
        room = max(LEAST_SCALE, min(MOST_SCALE, room))
        floor = min(0.95, math.floor(min(line.low for line in lines) * 20) / 20)
        return Text("\n").join([*(self._line(line, floor, room) for line in lines), self._others()])

    def _line(self, line: Line, floor: float, room: int) -> Text:
        at, low, high = (
            round((share - floor) / (1 - floor) * (room - 1)) for share in (line.share, line.low, line.high)
        )
        hue, rule, muted = colour(self, line.role), colour(self, "rule"), colour(self, "muted")
        own = line.role != "muted"
        interval = f"{line.low * 100:.1f} to {line.high * 100:.1f} %" if line.high > line.low else ""
        return Text.assemble(
            (f"{line.name:<{NAME}}", colour(self, "text") if own else muted),
            ("─" * low, rule),
            ("━" * (at - low), hue),
            ("●", hue),
            ("━" * (high - at), hue),
            ("─" * (room - 1 - high), rule),
            (f"{percent(line.share):>{FIGURE}}", f"bold {colour(self, 'text')}" if own else muted),
            (f"{interval:^{INTERVAL}}", muted),
            (line.words, muted),
        )

    def _others(self) -> Text:
        result, width = self._result, self.content_region.width
        parts = [f"{split} {percent(result[split]['accuracy'])}" for split in ("train", "validation")]
        parts += [f"weights of step {result['checkpoint']:,}", f"took {clock(result['seconds']['total'])}"]
        parts += filter(None, [saved_in_words(result)])
        if len(" · ".join(parts)) > width:
            parts.pop(2)
        return Text(cut(" · ".join(parts), width), colour(self, "muted"))
