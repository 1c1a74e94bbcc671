"""A run's events folded into what a viewer shows: the one place where lines become curves. No torch."""

import msgspec

from core.runs import events as e


class Point(msgspec.Struct, frozen=True):
    """One evaluation of a split."""

    step: int
    loss: float
    accuracy: float
    rows: int
    whole: bool


class History:
    """Feed it events in the order of the log; read its attributes at any time."""

    def __init__(self) -> None:
        self.started: e.Started | None = None
        self.phases: dict[str, e.Phase] = {}  # in order of appearance
        self.phase_times: dict[str, tuple[float, float]] = {}  # name -> first and last time
        self.step = 0
        self.losses: list[float] = []  # losses[i] is the training loss of step i + 1
        self.rates: list[float] = []
        self.evaluations: dict[str, list[Point]] = {"train": [], "validation": [], "test": []}
        self.changes: list[e.Changed] = []
        self.baselines: dict[str, e.Baseline] = {}
        self.checkpoints: list[e.Checkpointed] = []
        self.log: list[tuple[e.Event, str]] = []  # events worth a line, with its words
        self.ended: e.Ended | None = None
        self.rss = 0
        self.version = 0  # grows with every event: redraw when it has changed
        self._recent: list[tuple[int, float, int]] = []  # steps, seconds, tokens of the latest Steps lines

    @property
    def n_steps(self) -> int:
        return self.started.n_steps if self.started else 0

    @property
    def learning(self) -> bool:
        return self.started is not None and self.ended is None and "test" not in self.phases

    @property
    def steps_per_second(self) -> float:
        seconds = sum(s for _, s, _ in self._recent)
        return sum(n for n, _, _ in self._recent) / seconds if seconds else 0.0

    @property
    def tokens_per_second(self) -> float:
        seconds = sum(s for _, s, _ in self._recent)
        return sum(t for _, _, t in self._recent) / seconds if seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until the last step, from the speed of the steps behind it, evaluations included; None before any."""
        if not self.learning or self.step == 0:
            return None
        first, last = self.phase_times.get("learn", (0.0, 0.0))
        done = self.step - self._learn_from
        return (last - first) / done * (self.n_steps - self.step) if done > 0 and last > first else None

    _learn_from = 0

    def apply(self, event: e.Event) -> None:
        """Take one event in."""
        self.version += 1
        match event:
            case e.Started():
                self.started, self.ended = event, None
            case e.Phase():
                self._phase(event)
            case e.Steps():
                self._steps(event)
            case e.Evaluated():
                self._evaluated(event)
            case e.Changed():
                self.changes.append(event)
            case e.Baseline():
                self.baselines[event.name] = event
            case e.Checkpointed():
                self.checkpoints.append(event)
            case e.Resumed():
                self._resume(event)
            case e.Ended():
                self.ended = event
        if "learn" in self.phase_times and self.learning:
            self.phase_times["learn"] = (self.phase_times["learn"][0], event.t)
        words = describe(event)
        if words:
            self.log.append((event, words))

    def _phase(self, event: e.Phase) -> None:
        if event.name not in self.phases or self.phases[event.name].attempt != event.attempt:
            self.phase_times[event.name] = (event.t, event.t)
            if event.name == "learn":
                self._learn_from = event.step
        self.phases[event.name] = event
        self.phase_times[event.name] = (self.phase_times[event.name][0], event.t)

    def _steps(self, event: e.Steps) -> None:
        self.losses[event.step - len(event.loss) :] = event.loss
        self.rates[event.step - len(event.lr) :] = event.lr
        self.step, self.rss = event.step, event.rss
        self._recent = [*self._recent[-19:], (len(event.loss), event.seconds, event.tokens)]

    def _evaluated(self, event: e.Evaluated) -> None:
        learn = self.phases.get("learn")
        if learn and learn.done == learn.total:
            return  # the weights that are kept, which need not be those of this step: no point of the curve
        point = Point(event.step, event.loss, event.accuracy, event.rows, event.whole)
        self.evaluations[event.split].append(point)

    def _resume(self, event: e.Resumed) -> None:
        at = self.step = event.from_step
        self.ended = None
        self._recent = []
        self.phases, self.phase_times = {}, {}
        del self.losses[at:], self.rates[at:]
        for split, points in self.evaluations.items():
            self.evaluations[split] = [p for p in points if p.step <= at]
        self.changes = [c for c in self.changes if c.step <= at]
        self.checkpoints = [c for c in self.checkpoints if c.step <= at]


def describe(event: e.Event) -> str:
    """The log line of an event; empty for those that are only drawn."""
    match event:
        case e.Evaluated(whole=True):
            return _evaluated(event, "whole")
        case e.Evaluated():
            return _evaluated(event, "quick")
        case e.Checkpointed():
            return "checkpoint saved" + (", the best so far" if event.best else "")
        case e.Resumed():
            return f"taken up again from step {event.from_step}"
        case e.Applied():
            return f"told to {event.control['type']}" + (f", refused: {event.refused}" if event.refused else "")
        case e.Noted():
            return event.text
        case e.Ended():
            return f"{event.state}. {event.why} {event.do}".rstrip()
    return ""


def _evaluated(event: e.Evaluated, kind: str) -> str:
    return f"{event.split} {kind}: loss {event.loss:.3f}, accuracy {event.accuracy * 100:.1f} % of {event.rows:,}"
