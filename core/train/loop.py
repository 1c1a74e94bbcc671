"""The training loop: a generator of events. It prints nothing and knows no file but through `save`."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence

import msgspec
import psutil
from torch import Tensor

from core.errors import WorkbenchError
from core.options import resolved
from core.runs import control
from core.runs.control import Change, Control, Settings
from core.runs.events import Checkpointed, Continued, Event, Paused, Phase, Planned, StepExamples, Steps
from core.train.control_source import ControlSource

SAFE = "What was saved before is safe. Try a tenth of the learning rate."
REPORT = 0.25  # seconds between two lines of steps
WATCHED = 10  # steps before a pause: as many as a person looks at one by one
SHARE = 20  # saving takes at most one part in this many of the time, but for the best weights and the last


class State(msgspec.Struct):
    """All of training that is neither weights nor optimizer. A step's batch follows from the seed and `step`."""

    step: int = 0
    evaluated: int = -1  # the last step after which everything due was evaluated
    best_step: int | None = None
    # of the recipe's metric, the lower the better; in checkpoints it is named after what it once always was
    best: float | None = msgspec.field(default=None, name="best_loss")
    seconds: float = 0.0  # spent learning, over all attempts
    # what the run was told to change so far, after which step, in the order in which it came
    received: list[tuple[int, Change]] = msgspec.field(default_factory=list, name="told")


class Stopped(Exception):
    """A stop was asked for; raised only between batches."""


class NotFinite(WorkbenchError):
    """The loss is no number any more."""


class Loop(ABC):
    """Takes steps until it is over, after `n_steps` at the latest, or told to stop; a subclass says what a step is.

    `save(best)` puts a checkpoint of the present weights, optimizer and state on disk before it returns.
    `parameters` are what learns, `recipe` the settings before any change. An epoch is `per_epoch` steps.
    """

    n_steps: int

    def __init__(
        self,
        parameters: Sequence[Tensor],
        state: State,
        recipe: Settings,
        per_epoch: int,
        checkpoint_seconds: float,
        save: Callable[[bool], None],
        control_source: ControlSource,
    ):
        self.parameters, self.state, self.save, self.control_source = parameters, state, save, control_source
        self.per_epoch, self.checkpoint_seconds = per_epoch, checkpoint_seconds
        self._recipe = recipe
        self._process = psutil.Process()
        self._saved = (state.step, state.evaluated)  # what the last checkpoint holds, or a run that has none yet
        self._pause_at: int | None = None
        self._learned: StepExamples | None = None
        self._losses: list[float] = []
        self._rates: list[float] = []
        self._tokens = 0
        self._restart_clocks()
        self._set(control_source.settings(recipe, state.step))

    @abstractmethod
    def _learn(self) -> tuple[float, float, int]:
        """The optimizer step after `state.step`: its loss, learning rate and tokens. Raises NotFinite.

        A kind of training that tells texts apart leaves those of a step that is `_watched` in `_learned`.
        """

    def _asides(self) -> Iterator[Event]:
        """What has to be said beside the steps; mostly nothing."""
        yield from ()

    @abstractmethod
    def _evaluate(self) -> Generator[Event, None, bool]:
        """What is due after the present step; returns whether these weights are to be kept. Raises Stopped."""

    @abstractmethod
    def _look_now(self) -> Iterator[Event]:
        """All of validation, because someone wants to see it: nothing comes of it. Raises Stopped."""

    @abstractmethod
    def _steps_in(self, epochs: float) -> int:
        """How many steps so many epochs are."""

    @abstractmethod
    def _set_rates(self, lr: float, head_lr: float) -> None:
        """Learn at these full rates from the next step on."""

    @property
    def over(self) -> bool:
        """Whether there is nothing left to learn."""
        return self.state.step == self.n_steps

    def run(self) -> Iterator[Event]:
        """Every event from `state.step` to the last step. Returns early, after a checkpoint, when stopped.

        Raises NotFinite where the loss stops being a number; what was saved before stays good.
        """
        yield Phase(name="learn", done=self.state.step, total=self.n_steps, unit="steps", step=self.state.step)
        self._restart_clocks()
        try:
            yield from self._to_the_end()
        except Stopped:
            self._count_time()
            self.control_source.close("the run is stopping")
            yield from self._save(False)
        else:
            self.control_source.close("it has learned already")
            yield Phase(name="learn", done=self.state.step, total=self.state.step, unit="steps", step=self.state.step)

    def _to_the_end(self) -> Iterator[Event]:
        cost = 0.0
        while True:
            best = yield from self._evaluate()
            now = self._count_time()
            epoch_ends = self.state.step > 0 and self.state.step % self.per_epoch == 0
            since = now - self._saved_at
            due = (epoch_ends or since > self.checkpoint_seconds) and since > SHARE * cost
            if best or due or self.over:
                yield from self._save(best)
                cost = self._saved_at - now
            if self.over:
                return
            yield from self._obey()
            if self.over:  # it has just been told so, and what is due at the end has not been evaluated
                continue
            loss, rate, tokens = self._learn()
            yield from self._asides()
            self.state.step += 1
            self._losses.append(loss)
            self._rates.append(rate)
            self._tokens += tokens
            if self._learned:
                yield self._learned
                self._learned = None
            if time.monotonic() - self._reported > REPORT:
                yield from self._report()

    @property
    def _watched(self) -> bool:
        """Whether someone who has asked for so many steps looks at what the next one learns from."""
        return self._pause_at is not None and self._pause_at - self.state.step <= WATCHED

    @property
    def _pausing(self) -> bool:
        return self._pause_at is not None and self.state.step >= self._pause_at

    def _obey(self) -> Iterator[Event]:
        """Do what was told to be done before the next step, and stay here while paused. Raises Stopped."""
        yield from self._adopt()
        yield from self._answer()
        if not self._pausing or self.over:
            return
        self._count_time()
        yield from self._save(False)
        yield Paused(step=self.state.step)
        try:
            while self._pausing and not self.over:
                self.control_source.wait()
                yield from self._answer()
        finally:
            self._restart_clocks()
        yield Continued(step=self.state.step)

    def _answer(self) -> Iterator[Event]:
        """Answer what has come, and act on it. Raises Stopped."""
        if self.control_source.stopping():
            raise Stopped
        while line := self.control_source.next():
            yield from self._report()
            refused = self._refused(line.control)
            self.control_source.answer(line, self.state.step, refused)
            if refused is None:
                yield from self._act(line.control)

    def _refused(self, received: Control) -> str | None:
        """Why it cannot obey now; None where it can."""
        match received:
            case control.Pause() if self._pausing:
                return "it is paused already"
            case control.Continue() if self._pause_at is None:
                return "it is not paused"
            case control.Epochs(epochs=epochs) if (
                not control.wrong(received) and self._steps_in(epochs) < self.state.step
            ):
                return f"it has learned for {self.state.step:,} steps, which is more"
        return control.wrong(received)

    def _act(self, received: Control) -> Iterator[Event]:
        match received:
            case control.Pause():
                self._pause_at = self.state.step
            case control.Continue():
                self._pause_at = None
            case control.Step(n=n):
                self._pause_at = self.state.step + n
            case control.Save():
                known = self._saved == (self.state.step, self.state.evaluated)
                yield from self._save(False)
                if known:
                    yield self._checkpointed(False)  # whoever told it so waits for it
            case control.Evaluate():
                yield from self._look_now()
                self._reported = time.monotonic()
            case control.Rates() | control.Epochs() | control.SetTrainable():
                yield from self._adopt()

    def _adopt(self) -> Iterator[Event]:
        """Learn with the settings that hold from here on, as they were told now or to an earlier attempt."""
        settings, n_steps = self.control_source.settings(self._recipe, self.state.step), self.n_steps
        if settings != self.settings:
            self._set(settings)
        if self.n_steps != n_steps:
            yield Planned(n_steps=self.n_steps, epochs=math.ceil(resolved(settings.epochs)), step=self.state.step)

    def _set(self, settings: Settings) -> None:
        self.settings, self.n_steps = settings, self._steps_in(resolved(settings.epochs))
        self._set_rates(resolved(settings.lr), resolved(settings.head_lr))

    def _restart_clocks(self) -> None:
        self._began = self._saved_at = self._reported = time.monotonic()

    def _count_time(self) -> float:
        """Count the time since it was counted last as learning; returns the present."""
        now = time.monotonic()
        self.state.seconds += now - self._began
        self._began = now
        return now

    def _report(self) -> Iterator[Event]:
        """The steps since the last report."""
        now = time.monotonic()
        if self._losses:
            yield Steps(
                loss=self._losses,
                lr=self._rates,
                tokens=self._tokens,
                seconds=now - self._reported,
                rss=self._process.memory_info().rss,
                n_steps=self.n_steps,
                step=self.state.step,
            )
        self._losses, self._rates, self._tokens, self._reported = [], [], 0, now

    def _save(self, best: bool) -> Iterator[Event]:
        yield from self._report()
        if self._saved != (self.state.step, self.state.evaluated):
            if not all(bool(p.isfinite().all()) for p in self.parameters):
                raise NotFinite(f"The weights stopped being numbers by step {self.state.step}.", SAFE)
            self.state.received = [*self.control_source.changes]
            self.save(best)
            self._saved = (self.state.step, self.state.evaluated)
            yield self._checkpointed(best)
        self._saved_at = self._reported = time.monotonic()

    def _checkpointed(self, best: bool) -> Checkpointed:
        return Checkpointed(name=str(self.state.step), best=best, step=self.state.step)
