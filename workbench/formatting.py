"""Texts and figures in terminal cells."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

from core.wording import on_one_line

EIGHTHS = " ▏▎▍▌▋▊▉█"
LEVELS = "▁▂▃▄▅▆▇█"


def cut(text: str, width: int) -> str:
    """At most `width` cells of a text, ending in … where it is longer; wide characters stay whole."""
    if width <= 0:
        return ""
    if len(text) > width or cell_len(text) > width:
        return set_cell_size(text[: width + 1], width - 1).rstrip() + "…"
    return text


def named(name: str, width: int, fill: bool = True) -> str:
    """A label in exactly `width` cells, at most so many without `fill`.

    Of a longer one the middle gives way to …, so that names with the same beginning, or the same end, still differ.
    """
    name = on_one_line(name)
    if width > 2 and cell_len(name) > width:
        end = width // 2
        tail = name[max(0, len(name) - end) :]
        while cell_len(tail) > end or (tail and not cell_len(tail[0])):  # nor begins with the mark of a lost letter
            tail = tail[1:]
        name = f"{set_cell_size(name[:width], width - 1 - end).rstrip()}…{tail.lstrip()}"
    return pad(name, width) if fill else cut(name, width)


def name_width(names: Iterable[str], room: int, least: int = 5) -> int:
    """Cells for a column of labels: as wide as the longest, where there is `room` for it."""
    return max(least, min(room, max((cell_len(on_one_line(name)) for name in names), default=0)))


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


def interval_drawn(low: float, middle: float, high: float, axis: tuple[float, float], width: int) -> str:
    """A figure between the ends of its interval, '├──●──┤', in so many cells from one end of an axis to the other."""
    span = (axis[1] - axis[0]) or 1.0
    first, at, last = (round((value - axis[0]) / span * (width - 1)) for value in (low, middle, high))
    return "".join(_in_interval(cell, first, at, last) for cell in range(width))


def _in_interval(cell: int, first: int, at: int, last: int) -> str:
    if cell == at:
        return "●"
    if cell in (first, last):
        return "├" if cell == first else "┤"
    return "─" if first < cell < last else " "
