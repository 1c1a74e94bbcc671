"""A run's history as pictures for the charts."""

import math
from collections.abc import Mapping

from core.runs.events import Resumed
from core.runs.history import History
from workbench.widgets import scale
from workbench.widgets.chart import Level, Picture, Series

GLYPHS = "+∘▴×·"  # of curves laid over the first


def loss(history: History) -> Picture:
    """Training loss of every step, validation loss where it was looked at."""
    checked = history.evaluations["validation"]
    return Picture(
        [
            Series("train", "train", range(1, len(history.losses) + 1), history.losses),
            Series("validation", "validation", [p.step for p in checked], [p.loss for p in checked], "◆"),
        ],
        marks=_resumes(history),
        x=(0, max(1, history.n_steps)),
        source=history,
    )


def accuracy(history: History) -> Picture:
    """Accuracy in per cent, above what counting words gets right."""
    splits = [("train", ""), ("validation", "◆")]
    series = [_accuracy(history, split, split, split, glyph) for split, glyph in splits]
    baseline = history.words
    levels = [Level("counting words", "muted", 100 * baseline.validation)] if baseline else []
    x = (0, max(1, history.n_steps))
    y = (_floor([history], series, x), 100)
    return Picture(series, levels, _resumes(history), x, y, source=history)


def side_by_side(histories: Mapping[str, History], glyphs: Mapping[str, str]) -> Picture:
    """Validation accuracy in per cent of several runs by name: the first one as a line, the others by their glyphs."""
    first = next(iter(histories), "")
    series = [
        _accuracy(history, "validation", name, "validation", "")
        if name == first
        else _accuracy(history, "validation", name, "muted", glyphs[name])
        for name, history in histories.items()
    ]
    runs = list(histories.values())
    x = (0, max([1, *(history.n_steps for history in runs)]))
    marks = [step for history in runs for step in _resumes(history)]
    return Picture(series, x=x, marks=marks, y=(_floor(runs, series, x), 100), source=runs)


def _accuracy(history: History, split: str, label: str, role: str, glyph: str) -> Series:
    points = history.evaluations[split]
    return Series(label, role, [p.step for p in points], [100 * p.accuracy for p in points], glyph)


def _floor(histories: list[History], series: list[Series], x: scale.Limits) -> float:
    """At or just under the share of the largest class, unless a run has settled below it."""
    shares = [100 * history.started.majority for history in histories if history.started]
    points = [point for one in series for point in zip(one.xs, one.ys, strict=True)]
    lowest = min([*shares, *scale.settled(points, x), 95.0])
    return 5 * math.floor(lowest / 5)


def _resumes(history: History) -> list[float]:
    return [event.from_step for event, _ in history.log if isinstance(event, Resumed) and event.from_step]
