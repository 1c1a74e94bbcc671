"""The arithmetic of a chart: buckets that keep spikes, limits that rarely move, ticks at round values."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from core.wording import rate

Limits = tuple[float, float]
Run = list[tuple[float, float]]  # points that one line joins


class Ends(NamedTuple):
    """What a chart draws of some values: where the least and the greatest are, in their order, and the finite mean."""

    places: list[int]
    mean: float
    finite: int
    not_finite: int
    too_low: int  # finite, but not above 0, where only what is above 0 can be drawn


class Mean(NamedTuple):
    """The mean `y` of `n` values, the last of which stands at `x`."""

    x: float
    y: float
    n: int


class Buckets(NamedTuple):
    """What a chart of so many columns draws of a series."""

    runs: list[Run]
    means: list[Mean]  # of every column; first of what lies just before the first one, where that is asked for
    not_finite: int  # values left out, each of which ends a run
    too_low: int  # values left out, each of which ends a run


def ends(ys: Sequence[float], start: int, stop: int, positive: bool = False) -> Ends:
    """Of the values from `start` up to `stop`; with `positive` the least is the least above 0."""
    values = ys[start:stop]
    finite, mean = values, sum(values) / max(1, len(values))
    if not math.isfinite(mean):
        finite = [value for value in values if math.isfinite(value)]
        mean = sum(value / len(finite) for value in finite)
    drawn = [value for value in finite if value > 0] if positive and min(finite, default=1) <= 0 else finite
    places = {start + values.index(value) for value in (min(drawn), max(drawn))} if drawn else ()
    return Ends(sorted(places), mean, len(finite), len(values) - len(finite), len(finite) - len(drawn))


def buckets(
    xs: Sequence[float],
    ys: Sequence[float],
    limits: Limits,
    columns: int,
    cache: dict[tuple[int, int], Ends],
    positive: bool = False,
    before: int = 0,
) -> Buckets:
    """At most two points a column, its least and its greatest value in their order.

    `xs` ascend; `ys` may have grown since they were counted. Columns stand at fixed places of the axis, so that a
    growing series does not shimmer, and `cache` keeps what full columns came to, so that a long one costs no more than
    its latest column. The means begin with that of so many values `before` the limits.
    """
    left, width = limits[0], (limits[1] - limits[0]) / max(1, columns)
    n = min(len(xs), len(ys))
    first, last = (min(n, place) for place in (bisect_left(xs, left), bisect_right(xs, limits[1])))
    edges = [min(last, bisect_left(xs, left + width * column)) for column in range(1, columns)]
    runs: list[Run] = [[]]
    means, not_finite, too_low = [], 0, 0
    for start, stop in zip([max(0, first - before), first, *edges], [first, *edges, last], strict=True):
        if start == stop:
            continue
        found = cache.get((start, stop)) or ends(ys, start, stop, positive)
        if stop < n:
            cache[start, stop] = found
        if found.finite:
            means.append(Mean(xs[stop - 1], found.mean, found.finite))
        if stop == first:  # before the limits
            continue
        runs[-1] += [(xs[i], ys[i]) for i in found.places]
        not_finite, too_low = not_finite + found.not_finite, too_low + found.too_low
        if found.not_finite + found.too_low and runs[-1]:
            runs.append([])
    return Buckets([run for run in runs if run], means, not_finite, too_low)


def crossing(xs: Sequence[float], ys: Sequence[float], x: float) -> Run:
    """The point at `x` of the line through the points, where `x` lies between two of them; else nothing.

    `ys` may have grown since `xs` were counted.
    """
    i = bisect_left(xs, x)
    if not 0 < i < min(len(xs), len(ys)) or xs[i] == x:
        return []
    share = (x - xs[i - 1]) / (xs[i] - xs[i - 1])
    y = ys[i - 1] + share * (ys[i] - ys[i - 1])
    return [(x, y)] if math.isfinite(y) else []


def smoothed(means: Sequence[Mean], span: int) -> Run:
    """The exponential moving mean over about `span` values, unbiased at its beginning (Kingma and Ba 2015).

    Exact where columns hold one value; the values of a column all count as its mean.
    """
    keep = (span - 1) / (span + 1)
    total = weight = 0.0
    points = []
    for x, y, n in means:
        new = 1 - keep**n
        total, weight = total + new * (y - total), weight + new * (1 - weight)
        points.append((x, total / weight))
    return points


def nice_step(span: float, most: int) -> float:
    """The least of 1, 2, 2.5 and 5 times a power of ten that divides `span` into at most `most` parts."""
    raw = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 2.5, 5, 10, 20) if m * power >= raw * (1 - 1e-9))


def nice_limits(low: float, high: float, most: int = 5) -> Limits:
    """Round limits around a range; a range of one value is given room."""
    if not high > low:
        low, high = low - (abs(low) / 2 or 0.5), high + (abs(high) / 2 or 0.5)
    step = nice_step(high - low, most)
    return step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9)


def log_limits(low: float, high: float) -> Limits:
    """Limits around a range at 1, 2 and 5 times powers of ten; all of them as logarithms to the base of 10."""
    below = [m for m in _one_two_five(low - 1, low) if m <= low + 1e-9]
    above = [m for m in _one_two_five(high, high + 1) if m >= high - 1e-9]
    return (below[-1], above[0]) if above[0] > below[-1] else (below[-2], above[1])


def log_ticks(limits: Limits, most: int) -> list[float]:
    """Powers of ten, with 2 and 5 times them where there is room, else with the limits; all as logarithms."""
    every = _one_two_five(*limits)
    if len(every) <= most:
        return every
    powers = [value for value in every if value == round(value)]
    return powers[:: math.ceil(len(powers) / most)] if len(powers) > 1 else [every[0], *powers, every[-1]]


def log_labels(values: Sequence[float]) -> list[str]:
    """-5 -> 1e-5, -2 -> 0.01, 2.301 -> 200."""
    return [rate(10**value) for value in values]


def _one_two_five(low: float, high: float) -> list[float]:
    found = (power + math.log10(m) for power in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5))
    return [value for value in found if low - 1e-9 <= value <= high + 1e-9]


def steady(
    before: Limits | None, low: float, high: float, nice: Callable[[float, float], Limits] = nice_limits
) -> Limits:
    """The limits to draw `low` to `high` in: those before, until data leave them or fill too little of them."""
    if before and before[0] <= low and high <= before[1] and high - low > 0.4 * (before[1] - before[0]):
        return before
    return nice(low, high)


def settled(points: Sequence[tuple[float, float]], limits: Limits) -> list[float]:
    """The values an axis should hold: all; if a fresh head began far off, those after a twentieth of it."""
    start = limits[0] + (limits[1] - limits[0]) / 20
    every, later = [y for _, y in points], [y for x, y in points if x >= start]
    return later if later and max(every) - min(every) > 2 * (max(later) - min(later)) else every


def ticks(limits: Limits, most: int) -> list[float]:
    """Round values within the limits, at most `most`; the limits themselves if that leaves fewer than two."""
    step = nice_step(limits[1] - limits[0], max(1, most - 1))
    first = math.ceil(limits[0] / step - 1e-9)
    last = math.floor(limits[1] / step + 1e-9)
    return [round(n * step, 12) for n in range(first, last + 1)] if last > first else list(limits)


def steps_ticks(limits: Limits, most: int) -> list[float]:
    """Ticks for an axis of steps: where it begins and ends, and round values between."""
    first, last = limits
    found = [tick for tick in ticks(limits, min(most, int(last - first) + 1)) if tick == int(tick)]
    room = (found[1] - found[0]) * 0.45 if len(found) > 1 else last - first
    return [first, *(tick for tick in found if tick - first >= room and last - tick >= room), last]


def dashes(limits: Limits, columns: int) -> list[float]:
    """Places of the dots of a dashed line: three in every four half columns."""
    step = (limits[1] - limits[0]) / (2 * columns)
    return [limits[0] + step * i for i in range(2 * columns) if i % 4 != 3]


def labels(values: Sequence[float]) -> list[str]:
    """Tick labels with as many decimals as tell them apart; thousands and millions are shortened."""
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if max(map(abs, values), default=0) >= unit * 10:
            return [f"{value / unit:g}{letter}" if value else "0" for value in values]
    gap = min((b - a for a, b in pairwise(values)), default=1.0)
    decimals = max(0, -math.floor(math.log10(gap) + 1e-9)) if gap < 1 else 0
    if round(gap * 10**decimals, 6) % 1:  # steps of 2.5 need one more
        decimals += 1
    return [f"{value:.{decimals}f}" for value in values]


def steps_labels(values: Sequence[float]) -> list[str]:
    """Labels of an axis of steps, shortened only where that keeps them exact."""
    return labels(values) if all(value % 100 == 0 for value in values) else [f"{value:,.0f}" for value in values]
