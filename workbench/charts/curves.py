"""A run's history as pictures for the charts."""

import math
from collections.abc import Mapping

from core.runs.events import Resumed
from core.runs.history import History
from core.runs.result import BASELINES
from workbench.charts import scale
from workbench.charts.chart import Level, Picture, Series, Signs
from workbench.charts.view import View

GLYPHS = "+∘▴×·"  # of curves laid over the first
AS_IT_IS = View(smooth=False)


def loss(history: History, view: View = AS_IT_IS) -> Picture:
    """Training loss of every step, validation loss where it was looked at."""
    checked = history.evaluations["validation"]
    steps = range(1, len(history.losses) + 1)
    return Picture(
        [
            Series("train", "train", steps, history.losses, span=view.span(history)),
            Series("validation", "validation", [p.step for p in checked], [p.loss for p in checked], "◆"),
        ],
        marks=_marks(history),
        x=view.axis(history),
        y=(None, None) if view.log else (0, None),
        source=history,
        signs=_signs(history),
        log=view.log,
    )


def accuracy(history: History, view: View = AS_IT_IS) -> Picture:
    """Accuracy in per cent, above what the baseline gets right."""
    splits = [("train", ""), ("validation", "◆")]
    series = [_accuracy(history, split, split, split, glyph) for split, glyph in splits]
    baseline = history.baseline
    levels = []
    if baseline:
        levels = [Level(BASELINES[baseline.name].title, "muted", 100 * baseline.validation)]
    x = view.axis(history)
    y = (_floor([history] if view.last is None else [], series, x), 100)
    return Picture(series, levels, _marks(history), x, y, history, _signs(history))


def side_by_side(histories: Mapping[str, History], glyphs: Mapping[str, str]) -> Picture:
    """Validation accuracy in per cent of several runs by name: the first one as a line, the others by their glyphs."""
    first = next(iter(histories), "")
    looks = {name: ("validation", "") if name == first else ("muted", glyphs[name]) for name in histories}
    series = [_accuracy(history, "validation", name, *looks[name]) for name, history in histories.items()]
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
    points = [(at, y) for one in series for at, y in zip(one.xs, one.ys, strict=True) if x[0] <= at <= x[1]]
    lowest = min([*shares, *scale.settled(points, x), 95.0])
    return 5 * math.floor(lowest / 5)


def _signs(history: History) -> list[Signs]:
    best = best_checkpoint(history)
    saved = [checkpoint.step for checkpoint in history.checkpoints if checkpoint.step != best]
    return [
        Signs("saved", "muted", saved, "○"),
        Signs("best", "focus", [] if best is None else [best], "●"),
        Signs("changed", "text", [step for step, _ in history.marks], "◇"),
    ]


def best_checkpoint(history: History) -> int | None:
    """The step of the best so far."""
    return next((saved.step for saved in reversed(history.checkpoints) if saved.best), None)


def _marks(history: History) -> list[float]:
    """Where the curve has a reason to bend: it was taken up again, or told something."""
    return [*_resumes(history), *(step for step, _ in history.marks)]


def _resumes(history: History) -> list[float]:
    return [event.from_step for event, _ in history.log if isinstance(event, Resumed) and event.from_step]
