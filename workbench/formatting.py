"""Numbers and texts as people read them, measured in terminal cells."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

EIGHTHS = " ▏▎▍▌▋▊▉█"
LEVELS = "▁▂▃▄▅▆▇█"


def count(number: float) -> str:
    """7_090_946 -> '7.1 M'; exact below a thousand."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if number >= limit:
            return f"{number / limit:.1f} {unit}"
    return f"{number:,.0f}"


def size(n_bytes: float) -> str:
    """Bytes -> '1.1 GB'."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.1f} {unit}"
    return f"{n_bytes:.0f} B"


def clock(seconds: float) -> str:
    """Seconds -> '0:20', '6:42', '1:02:03', and days where it comes to that."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def about(seconds: float) -> str:
    """An estimate: as `clock` below an hour, then '1 h 51'."""
    minutes = round(seconds / 60)
    return clock(seconds) if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02}"


def percent(share: float) -> str:
    """0.057 -> '5.7 %'. What is not quite all or nothing is never rounded to it."""
    shown = f"{share * 100:.1f}"
    if (shown == "100.0" and share < 1) or (shown == "0.0" and share > 0):
        return "> 99.9 %" if share > 0.5 else "< 0.1 %"
    return f"{'100' if share == 1 else shown} %"


def plural(number: int, thing: str, things: str = "") -> str:
    """1 row, 2 rows."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def ordinal(number: int) -> str:
    """1st, 2nd, 11th, 23rd."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number // 10 % 10 != 1 else "th"
    return f"{number}{ending}"


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
