"""Figures in words, and words from outside as they may be shown: nothing in them acts on a terminal, or hides."""

import json
import re
import unicodedata
from io import TextIOWrapper
from typing import TextIO

# What is drawn as nothing although Unicode counts it among the letters and marks, or has not said yet what it is.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
# Controls, format characters with those that set the direction, line and paragraph separators, surrogates.
_ACTS = (
    "\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
_JOINS = "\u200d\ufe00-\ufe0f"  # what makes one picture of several, or another picture of one
# The tones of skin, which some terminals draw over the emoji before them and others in two cells of their own.
_TONES = "\U0001f3fb-\U0001f3ff"
# Marks that any letter takes: so many on one are a tower over the lines above it, and no language.
_MARKS = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_TOWER = f"(?<=[{_MARKS}]{{8}})[{_MARKS}]"
UNSAFE = re.compile(f"[{_ACTS}{_BLANK}{_JOINS}]|{_TOWER}")
_SHOWN = re.compile(f"\r\n|[{_JOINS}{_TONES}]+|[{_ACTS}{_BLANK}]|{_TOWER}")
_WHITE = re.compile(r"\s+")
_PICTURES = "‼⁉〰〽"  # punctuation that is an emoji too


def shown(text: str) -> str:
    """A text with its line breaks, and with everything that would not be seen in it written as Python escapes it."""
    return _SHOWN.sub(_visible, text)


def on_one_line(text: str) -> str:
    """`shown` on one line: white space of any kind comes down to single blanks."""
    return shown(_WHITE.sub(" ", text))


def escaped(text: str) -> str:
    """Every character of a text as Python escapes it."""
    return text.encode("unicode_escape").decode()


def in_json(text: str) -> str:
    """JSON in which everything is escaped that would act on a terminal or hide: read again, it is the same."""
    return UNSAFE.sub(lambda match: match[0] if match[0] == "\n" else json.dumps(match[0])[1:-1], text)


class ShownStream(TextIOWrapper):
    """Standard output or errors where they become a log: whatever writes to them, it is written as `shown` has it."""

    def __init__(self, stream: TextIO):
        super().__init__(stream.buffer, stream.encoding, "backslashreplace", line_buffering=True)

    def write(self, text: str) -> int:
        super().write(shown(text))
        return len(text)


def _visible(match: re.Match) -> str:
    found = match[0]
    if found in ("\n", "\r\n"):
        return "\n"
    if found == "\t":
        return " "
    if re.match(f"[{_JOINS}{_TONES}]", found):
        # without it, an emoji falls into the ones that it is made of; escaped, nobody could read it
        before = match.string[max(0, match.start() - 1) : match.start()]
        after = match.string[match.end() : match.end() + 1]
        if before and (after == "\u20e3" or before in _PICTURES or unicodedata.category(before)[0] == "S"):
            return ""
    return escaped(found)


def count(number: float) -> str:
    """7_090_946 -> '7.1 M', 1_558_000_000 -> '1.6 B', for billions; exact below a thousand."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if number >= limit:
            return f"{number / limit:.1f} {unit}"
    return f"{number:,.0f}"


def size(n_bytes: float) -> str:
    """Bytes -> '1.1 GB'."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.1f} {unit}"
    return f"{n_bytes:.0f} B"


def clock(seconds: float | None) -> str:
    """Seconds -> '0:20', '6:42', '1:02:03', and days where it comes to that; '–' where they are not known."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def about(seconds: float | None) -> str:
    """An estimate: '0.4 s' below a second, as `clock` below an hour, then '1 h 51', and days from the second on."""
    if seconds is not None and 0 < seconds < 0.95:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "< 0.1 s"
    minutes = round((seconds or 0) / 60)
    if minutes >= 48 * 60:
        return f"{round(minutes / 60 / 24):,} days"
    return clock(seconds) if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"


def duration(seconds: float) -> str:
    """What something took: '9.9 s', and as `clock` from a minute on."""
    return f"{seconds:.1f} s" if seconds < 59.95 else clock(seconds)


def rate(number: float, digits: int = 3) -> str:
    """5e-05 -> '5e-5', a learning rate or another small number, with so many digits."""
    return f"{number:.{digits}g}".replace("e-0", "e-").replace("e+0", "e")


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
