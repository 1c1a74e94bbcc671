"""What no widget may send to the terminal, whatever it draws."""

import re

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from core.wording import UNSAFE

# emoji are measured with what joins them, and moved by its absence
JOINS = re.compile("[\u200d\ufe00-\ufe0f]")


class OutputFilter(LineFilter):
    """Takes out what would act on the terminal, or hide, where a widget has not escaped it: a field that is typed in,
    say. Every line keeps its width.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if not any(UNSAFE.search(segment.text) for segment in segments):
            return segments
        return [s if s.control else Segment(UNSAFE.sub(_in_place, s.text), s.style) for s in segments]


def _in_place(match: re.Match) -> str:
    return match[0] if JOINS.match(match[0]) else "�".ljust(cell_len(match[0]))[: cell_len(match[0])]
