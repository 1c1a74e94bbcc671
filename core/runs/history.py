"""A run's events folded into what a viewer shows: the one place where lines become curves. No torch."""

from collections import deque
from collections.abc import Iterable

import msgspec

from core.runs import control
from core.runs import events as e
from core.runs.describe import describe
from core.runs.result import BaselineName, ClassifierResult, strongest_of


class Point(msgspec.Struct, frozen=True):
    """One evaluation of a split."""

    step: int
    loss: float
    accuracy: float
    rows: int
    whole: bool


class History:
    """Feed it events in the order of the log; read its attributes at any time."""

    @classmethod
    def of(cls, events: Iterable[e.Event]) -> "History":
        """The history that these events make."""
        history = cls()
        for event in events:
            history.apply(event)
        return history

    def __init__(self) -> None:
        self.started: e.Started | None = None
        self.phases: dict[str, e.Phase] = {}  # in order of appearance
        self.phase_times: dict[str, tuple[float, float]] = {}  # name -> first and last time
        self.step = 0
        self.losses: list[float] = []  # losses[i] is the training loss of step i + 1
        self.rates: list[float] = []
        self.evaluations: dict[str, list[Point]] = {"train": [], "validation": [], "test": []}
        self.changes: list[e.Changed] = []
        self.followed: list[e.Followed] = []
        self.step_examples: e.StepExamples | None = None  # the latest step that was taken to be looked at
        self.baselines: dict[BaselineName, e.Baseline] = {}
        self.checkpoints: list[e.Checkpointed] = []
        self.log: list[tuple[e.Event, str]] = []  # events worth a line, with its words
        self.ended: e.Ended | None = None
        self.paused = False
        self.encoded: e.Encoded | None = None  # the latest attempt's; its seconds are those of all attempts
        self.trainables: list[e.Trainable] = []  # what learns, as the run began and whenever that changed
        self.rss = 0
        self.version = 0  # grows with every event: redraw when it has changed
        self._received: list[tuple[int, control.Change]] = []  # with their steps, in the order in which they came
        # steps, seconds and tokens of the latest Steps lines
        self._recent: deque[tuple[int, float, int]] = deque(maxlen=20)
        self._begun: dict[str, int] = {}  # how far each phase was when it began
        self._checked = 0  # texts of training and validation that were evaluated, over all attempts
        self._banked = 0.0  # seconds that caches before this one have saved
        self._served = 0.0  # texts that had been served when this one came

    @property
    def n_steps(self) -> int:
        return self.started.n_steps if self.started else 0

    @property
    def result(self) -> ClassifierResult | None:
        """The result of a classifier that is done."""
        found = self.ended.result if self.ended and self.ended.state == "done" else None
        return found if isinstance(found, ClassifierResult) else None

    @property
    def baseline(self) -> e.Baseline | None:
        """The strongest, by validation; None where there is none but the most frequent label."""
        known: dict[BaselineName, e.Baseline] = {k: v for k, v in self.baselines.items() if k != "majority"}
        return known[strongest_of(known)] if known else None

    @property
    def settings(self) -> control.Settings:
        """What it learns with now; None where that is what its recipe says."""
        return control.Settings().at(self.step, self._received)

    @property
    def trainable(self) -> str | None:
        """The parts that learn now, as a recipe names them; None before an attempt has reported them."""
        return self.trainables[-1].parts if self.trainables else None

    @property
    def marks(self) -> list[tuple[int, str]]:
        """What has changed during the run, by a schedule or by a control: after which step, and to what."""
        return [(step, words) for step, words, _ in self._marks]

    @property
    def steered(self) -> list[tuple[int, str]]:
        """Those of the `marks` that a control made, and not the recipe."""
        return [(step, words) for step, words, scheduled in self._marks if not scheduled]

    @property
    def _marks(self) -> list[tuple[int, str, bool]]:
        # without changes that a newer one replaces, which a later attempt received at an earlier step
        holds = {step: control.Settings().at(step, self._received) for step, _ in self._received}
        held = [(step, one) for step, one in self._received if holds[step].changed_by(one) == holds[step]]
        told = [(step, control.in_words(one), False) for step, one in held if not isinstance(one, control.SetTrainable)]
        last = {event.step: event for event in self.trainables[1:]}  # of several before one step
        thawed, before = [], self.trainables[:1]
        for event in last.values():
            if not _same(event, before[-1]):
                thawed.append((event.step, event.words, event.scheduled))
                before.append(event)
        # an attempt may end before the step at which an earlier one received a change
        seen = [mark for mark in told + thawed if self.ended is None or mark[0] < self.step]
        return sorted(seen, key=lambda mark: mark[0])

    def changes_in_words(self, step: int) -> list[str]:
        """The marks that weights of a step have seen, for a person who reads of them: 'from step 401 on head only'."""
        return [f"from step {after + 1:,} on {words}" for after, words in self.marks if after < step]

    @property
    def is_training(self) -> bool:
        return self.started is not None and self.ended is None and "test" not in self.phases

    @property
    def steps_per_second(self) -> float:
        return self._per_second(sum(steps for steps, _, _ in self._recent))

    @property
    def tokens_per_second(self) -> float:
        return self._per_second(sum(tokens for _, _, tokens in self._recent))

    def _per_second(self, recent: int) -> float:
        seconds = sum(seconds for _, seconds, _ in self._recent)
        return recent / seconds if seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Until the last step, from the speed so far, evaluations included; None before the first, after the last."""
        learn = self.phases.get("learn")
        if not self.is_training or self.step == 0 or (learn and learn.done == learn.total):
            return None
        first, last = self.phase_times.get("learn", (0.0, 0.0))
        done = self.step - self._begun.get("learn", 0)
        return (last - first) / done * (self.n_steps - self.step) if done > 0 and last > first else None

    @property
    def cache_savings(self) -> float | None:
        """Seconds that the prefix cache has saved, less those spent on it: negative at first. None without one."""
        if self.encoded is None or not self.encoded.texts:
            return None
        return self._banked + self._of_this_cache - self.encoded.seconds

    @property
    def reads_cache(self) -> bool:
        """Whether what lies under the lowest learning part comes from the prefix cache now."""
        return self.encoded is not None and (not self.trainables or self.trainables[-1].depth == self.encoded.blocks)

    @property
    def _texts_served(self) -> float:
        """How often a text was learned from or looked at."""
        started = self.started
        if not started or not started.n_steps:
            return self._checked
        return self.step / started.n_steps * started.epochs * started.rows["train"] + self._checked

    @property
    def _of_this_cache(self) -> float:
        """Seconds that the present cache has saved."""
        if self.encoded is None or not self.reads_cache:
            return 0.0
        return self.encoded.cost / max(1, self.encoded.texts) * (self._texts_served - self._served)

    def phase_left(self, name: str) -> float | None:
        """Seconds until a phase ends, from its own speed; None before it has come anywhere, and once it is over."""
        phase = self.phases.get(name)
        if phase is None or phase.done in (self._begun[name], phase.total):
            return None
        first, last = self.phase_times[name]
        return (last - first) / (phase.done - self._begun[name]) * (phase.total - phase.done)

    def apply(self, event: e.Event) -> None:
        """Take one event in."""
        self.version += 1
        if isinstance(event, e.Steps):  # of which a long log has a million
            self._steps(event)
            self._keep_time(event)
            return
        match event:
            case e.Started():
                self.started, self.ended = event, None
            case e.Trainable():
                self._thaw(event)
            case e.Phase():
                self._phase(event)
            case e.Encoded():
                self._encode(event)
            case e.StepExamples():
                self.step_examples = event
            case e.Evaluated():
                self._evaluated(event)
            case e.Changed():
                self.changes.append(event)
            case e.Followed():
                self.followed.append(event)
            case e.Baseline():
                self.baselines[event.name] = event
            case e.Checkpointed():
                self.checkpoints.append(event)
            case e.Applied(refused=None):
                if change := control.change_of(event.control):
                    self._received.append((event.step, change))
            case e.Planned():
                self._plan(event)
            case e.Paused():
                self.paused = True
            case e.Continued():
                self._go_on(event)
            case e.Resumed():
                self._resume(event)
            case e.Ended():
                self.ended, self.paused = event, False
        self._keep_time(event)
        words = describe(event)
        if words and self.log and words == self.log[-1][1] and isinstance(event, e.Checkpointed):
            self.log.pop()  # of checkpoints one after the other, the last is what there is
        if words:
            self.log.append((event, words))

    def _keep_time(self, event: e.Event) -> None:
        """It has been learning until now."""
        if "learn" in self.phase_times and self.is_training and not self.paused:
            self.phase_times["learn"] = (self.phase_times["learn"][0], event.t)

    def _phase(self, event: e.Phase) -> None:
        before = self.phases.pop(event.name, None)
        # while it learns, something else may have to be encoded; from then on another pace holds
        anew = before is None or before.attempt != event.attempt or before.done == before.total or event.name == "learn"
        if anew and (event.done < event.total or before is None):
            self.phase_times[event.name] = (event.t, event.t)
            self._begun[event.name] = event.done
        self.phases[event.name] = event  # as the latest
        self.phase_times[event.name] = (self.phase_times[event.name][0], event.t)

    def _steps(self, event: e.Steps) -> None:
        before = max(0, event.step - len(event.loss))
        self.losses[before:] = event.loss
        self.rates[before:] = event.lr
        self.step, self.rss = event.step, event.rss
        self._recent.append((len(event.loss), event.seconds, event.tokens))

    def _evaluated(self, event: e.Evaluated) -> None:
        self._checked += event.rows if event.split != "test" else 0
        if self.phases and next(reversed(self.phases)) != "learn":
            return  # the weights that are kept, which need not be those of this step: no point of the curve
        point = Point(event.step, event.loss, event.accuracy, event.rows, event.whole)
        points = self.evaluations[event.split]
        if points and (points[-1].step, points[-1].whole) == (point.step, point.whole):
            points.pop()  # an attempt that was stopped in the midst of it had it looked at again
        points.append(point)

    def _thaw(self, event: e.Trainable) -> None:
        if not self.trainables or not _same(event, self.trainables[-1]):
            self._bank()
            self.trainables.append(event)

    def _bank(self) -> None:
        """What is served from now on, another cache serves, or none."""
        self._banked += self._of_this_cache
        self._served = self._texts_served

    def _encode(self, event: e.Encoded) -> None:
        self._bank()
        before = self.encoded.seconds if self.encoded else 0.0
        self.encoded = msgspec.structs.replace(event, seconds=before + event.seconds)

    def _plan(self, event: e.Planned) -> None:
        if self.started:
            self.started = msgspec.structs.replace(self.started, n_steps=event.n_steps, epochs=event.epochs)
        if "learn" in self.phases:
            self.phases["learn"] = msgspec.structs.replace(self.phases["learn"], total=event.n_steps)

    def _go_on(self, event: e.Continued) -> None:
        self.paused = False
        if "learn" in self.phase_times:
            first, last = self.phase_times["learn"]
            self.phase_times["learn"] = first + event.t - last, event.t  # the pause took no time

    def _resume(self, event: e.Resumed) -> None:
        at = self.step = event.from_step
        self.ended, self.paused = None, False
        self._recent.clear()
        self.step_examples = None
        self.phases, self.phase_times = {}, {}
        del self.losses[at:], self.rates[at:]
        for split, points in self.evaluations.items():
            self.evaluations[split] = [p for p in points if p.step <= at]
        self.changes = [c for c in self.changes if c.step <= at]
        self.followed = [f for f in self.followed if f.step <= at]
        self.checkpoints = [c for c in self.checkpoints if c.step <= at]
        self.trainables = [one for one in self.trainables if one.step < at]  # what changed at this step changes again


def _same(event: e.Trainable, before: e.Trainable) -> bool:
    """Whether two events name the same parts: an attempt that begins reports again what learns."""
    return (event.parts, event.thaws) == (before.parts, before.thaws)
