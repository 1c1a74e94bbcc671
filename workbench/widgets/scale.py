"""The arithmetic of a chart: buckets that keep spikes, limits that rarely move, ticks at round values."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

Limits = tuple[float, float]
Run = list[tuple[float, float]]  # points that one line joins


class Ends(NamedTuple):
    """Where the least and the greatest of some values stand, in their order; how many are not finite."""

    places: list[int]
    not_finite: int


class Buckets(NamedTuple):
    """What is left of a series for a chart so many columns wide."""

    runs: list[Run]
    not_finite: int  # values left out; each of them ends a run


def ends(ys: Sequence[float], start: int, stop: int) -> Ends:
    """Of the values from `start` up to `stop`."""
    values = ys[start:stop]
    finite, left_out = values, 0
    if not math.isfinite(sum(values)):
        finite = [value for value in values if math.isfinite(value)]
        left_out = len(values) - len(finite)
    places = {start + values.index(value) for value in (min(finite), max(finite))} if finite else ()
    return Ends(sorted(places), left_out)


def buckets(
    xs: Sequence[float], ys: Sequence[float], limits: Limits, columns: int, known: dict[tuple[int, int], Ends]
) -> Buckets:
    """At most two points a column, its least and its greatest value in their order.

    `xs` ascend; `ys` may have grown since they were counted. Columns stand at fixed places of the axis, so that a growing series does not shimmer, and
    `known` keeps what full columns came to, so that a long one costs no more than its latest column.
    """
    first, width = limits[0], (limits[1] - limits[0]) / max(1, columns)
    edges = [bisect_left(xs, first + width * column) for column in range(1, columns)]
    runs: list[Run] = [[]]
    missing, n = 0, min(len(xs), len(ys))
    for start, stop in zip([0, *edges], [*edges, n], strict=True):
        if start == stop:
            continue
        found = known.get((start, stop)) or ends(ys, start, stop)
        if stop < n:
            known[start, stop] = found
        runs[-1] += [(xs[i], ys[i]) for i in found.places]
        missing += found.not_finite
        if found.not_finite and runs[-1]:
            runs.append([])
    return Buckets([run for run in runs if run], missing)


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


def steady(before: Limits | None, low: float, high: float) -> Limits:
    """The limits to draw `low` to `high` in: those before, until data leave them or fill too little of them."""
    if before and before[0] <= low and high <= before[1] and high - low > 0.4 * (before[1] - before[0]):
        return before
    return nice_limits(low, high)


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


def steps_ticks(last: float, most: int) -> list[float]:
    """Ticks for an axis of steps: round values, and the last step itself."""
    found = [tick for tick in ticks((0, last), min(most, int(last) + 1)) if tick == int(tick)]
    gap = found[1] - found[0]
    return [tick for tick in found if last - tick >= gap * 0.6] + [last]


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
