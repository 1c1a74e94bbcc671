"""Splits that keep together what belongs together: the rows of a group, and what came before from what came after."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy as np

LOOK = 200  # different cells, by which it is found out how dates are written


def by_group(groups: np.ndarray, labels: np.ndarray, shares: Mapping[str, float]) -> np.ndarray:
    """The part, a key of `shares`, of each row, (N,) str: all rows of a group are in one.

    `groups` and `labels` are (N,). The largest groups go first, each to the part that lacks most of its labels; of
    equal ones those whose rows come first. So the parts have about their shares of the rows and of each label.
    """
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    rows = np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1])
    _, label = np.unique(labels, return_inverse=True)
    totals = np.bincount(label)
    lacking = np.outer([*shares.values()], np.ones(len(totals)))  # of each label in each part, as a share of its rows
    part = np.zeros(len(groups), dtype=np.int64)
    for group in sorted(range(len(rows)), key=lambda i: (-len(rows[i]), first[i])):
        at = rows[group]
        held, counts = np.unique(label[at], return_counts=True)
        chosen = int(np.argmax(lacking[:, held] @ counts))
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


def moments(cells: Sequence[str]) -> np.ndarray:
    """When each cell says, (N,) float64, seconds since 1970 or the number that it is; NaN where it says nothing.

    All cells are read in the one way that makes sense of most of them; without a zone, the time is UTC.
    """
    cells = [cell.strip() for cell in cells]
    sample = [*dict.fromkeys(cells)][:LOOK]
    read = max(_WAYS, key=lambda way: sum(map(np.isfinite, map(way, sample))))
    return np.fromiter(map(read, cells), np.float64, len(cells))


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


def _iso(cell: str) -> float:
    try:
        return _seconds(datetime.fromisoformat(cell))
    except (ValueError, OverflowError):
        return np.nan


def _mail(cell: str) -> float:
    try:
        return _seconds(parsedate_to_datetime(cell))
    except (ValueError, OverflowError, TypeError, IndexError):
        return np.nan


def _as(form: str) -> Callable[[str], float]:
    def read(cell: str) -> float:
        try:
            return _seconds(datetime.strptime(cell, form))
        except (ValueError, OverflowError):
            return np.nan

    return read


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_DAYS = ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y")
_SPELLED = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%Y年%m月%d日", "%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_FORMS = [day + time for day in (*_DAYS, *_SPELLED) for time in _TIMES] + ["%a %b %d %H:%M:%S %z %Y"]
# of ways that make sense of equally many, the first is taken
_WAYS = [_number, _iso, *map(_as, _FORMS), _mail]
