"""Splits that keep together what belongs together: the rows of a group, and what came before from what came after."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy as np

LOOK = 200  # different cells, by which it is found out how dates are written
LONGEST = 100  # characters: no date has more, and to search a long text for one takes long

Way = Callable[[str], float]


def by_group(groups: np.ndarray, labels: np.ndarray, shares: Mapping[str, float]) -> np.ndarray:
    """The part, a key of `shares`, of each row, (N,) str: all rows of a group are in one.

    `groups` and `labels` are (N,). The largest groups go first, each to the part that lacks most of its labels; of
    equal ones those whose rows come first. So the parts have about their shares of the rows and of each label. No part
    is empty where there are as many groups as parts.
    """
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    rows = np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1])
    _, label = np.unique(labels, return_inverse=True)
    totals = np.bincount(label)
    lacking = np.outer([*shares.values()], np.ones(len(totals)))  # of each label in each part, as a share of its rows
    part, empty = np.zeros(len(groups), dtype=np.int64), np.ones(len(lacking), dtype=bool)
    order = sorted(range(len(rows)), key=lambda i: (-len(rows[i]), first[i]))
    for left, group in zip(range(len(order), 0, -1), order, strict=True):
        at = rows[group]
        held, counts = np.unique(label[at], return_counts=True)
        wanted = lacking[:, held] @ counts
        if left <= empty.sum():  # as many groups as parts that have none
            wanted[~empty] = -np.inf
        chosen = int(np.argmax(wanted))
        empty[chosen] = False
        lacking[chosen, held] -= counts / totals[held]
        part[at] = chosen
    return np.array([*shares])[part]


def by_time(times: np.ndarray, shares: Mapping[str, float]) -> np.ndarray:
    """The part, a key of `shares`, of each row, (N,) str: the earliest are in the first one, the latest in the last.

    `times` are (N,) float64. Rows of one moment stay together, in the earlier part.
    """
    order = np.argsort(times, kind="stable")
    part, start, share = np.zeros(len(times), dtype=np.int64), 0, 0.0
    for i, each in enumerate(shares.values()):
        share += each
        end = len(times) if i == len(shares) - 1 else round(len(times) * share)
        while 0 < end < len(times) and times[order[end]] == times[order[end - 1]]:
            end += 1
        part[order[start:end]] = i
        start = max(start, end)
    return np.array([*shares])[part]


def moments(cells: Sequence[str]) -> tuple[np.ndarray, bool]:
    """When each cell says, (N,) float64, and whether these are dates, as seconds since 1970, or the numbers that stand
    there; NaN where a cell says nothing.

    All cells are read in the one way that makes sense of most of them; without a zone, the time is UTC.
    """
    cells = [cell if len(cell) <= LONGEST else "" for cell in map(str.strip, cells)]
    different = [*dict.fromkeys(cells)]
    # from all over the file: on its first days, day and month may look alike
    sensible = _most_sensible(_WAYS, different[:: max(1, len(different) // LOOK)])
    if len(sensible) > 1:
        sensible = _most_sensible(sensible, different)
    return np.fromiter(map(sensible[0], cells), np.float64, len(cells)), sensible[0] is not _number


def _most_sensible(ways: Sequence[Way], cells: Sequence[str]) -> list[Way]:
    """The ways that make sense of most cells; of those that read them alike, the first."""
    read: dict[tuple[float, ...], Way] = {}
    for way in ways:
        read.setdefault(tuple(map(way, cells)), way)
    count = {values: int(np.isfinite(values).sum()) for values in read}
    return [way for values, way in read.items() if count[values] == max(count.values())]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _iso(cell: str) -> float:
    try:
        return _seconds(datetime.fromisoformat(_UTC.sub("Z", cell)))
    except (ValueError, OverflowError):
        return np.nan


def _mail(cell: str) -> float:
    try:
        return _seconds(parsedate_to_datetime(cell))
    except (ValueError, OverflowError, TypeError, IndexError):
        return np.nan


def _as(form: str) -> Way:
    def read(cell: str) -> float:
        try:
            return _seconds(datetime.strptime(_plain(cell), form))
        except (ValueError, OverflowError):
            return np.nan

    return read


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_UTC = re.compile(r"\s*(UTC|GMT)$")
_WEEKDAY = re.compile(r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]*\s+", re.IGNORECASE)
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th)\b", re.IGNORECASE)
_FRACTION = re.compile(r"(?<=:\d\d)[.,]\d+")
_HALF = re.compile(r"(?<=\d)(?=[ap]m\b)", re.IGNORECASE)


def _plain(cell: str) -> str:
    """A date without what says nothing more: weekday, commas, endings of numbers, parts of a second, UTC."""
    whole = _ORDINAL.sub("", _WEEKDAY.sub("", _UTC.sub("", cell)))
    whole = _HALF.sub(" ", _FRACTION.sub("", whole)).replace(",", " ")
    return " ".join(whole.split()).removesuffix(".")


_NUMBERS = ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d")
_SHORT = ("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y")
_SPELLED = ("%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y", "%Y年%m月%d日")
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%m.%Y", "%B %Y", "%b %Y", "%b-%Y", "%b-%y", "%Y年%m月", "%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z")
_FORMS = [day + time for day in (*_NUMBERS, *_SHORT, *_SPELLED) for time in _TIMES]
_LOGGED = ("%b %d %H:%M:%S %z %Y", "%d/%b/%Y:%H:%M:%S %z")  # by Twitter, by web servers
# of ways that make sense of equally many, the first is taken
_WAYS: list[Way] = [_number, _iso, *map(_as, (*_FORMS, *_MONTHS, *_LOGGED)), _mail]
