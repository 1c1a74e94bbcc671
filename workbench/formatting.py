"""Texts and figures in terminal cells."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

EIGHTHS = " ▏▎▍▌▋▊▉█"
LEVELS = "▁▂▃▄▅▆▇█"


def cut(text: str, width: int) -> str:
    """At most `width` cells of a text, ending in … where it is longer; wide characters stay whole."""
    if width <= 0:
        return ""
    if len(text) > width or cell_len(text) > width:
        return set_cell_size(text[: width + 1], width - 1).rstrip() + "…"
    return text


def pad(text: str, width: int, right: bool = False) -> str:
    """Exactly `width` cells: cut, or filled with spaces at the end (`right`: at the start)."""
    text = cut(text, width)
    gap = " " * (width - cell_len(text))
    return gap + text if right else text + gap


def bar(share: float, width: int) -> str:
    """A horizontal bar of `share` of `width` cells, to an eighth; more than nothing is always seen."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    if share > 0:
        eighths = max(1, eighths)
    return "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")


def spark(values: Sequence[float], top: float | None = None) -> str:
    """One character per value; nothing is a blank, anything more at least the lowest block."""
    top = top or max(values, default=0)
    return "".join(LEVELS[min(7, int(value / top * 7.999))] if value > 0 else " " for value in values)
