"""The training loop: a generator of events. It prints nothing and knows no file but through `save`."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

import msgspec
import psutil
from torch import Tensor

from core.errors import WorkbenchError
from core.runs.events import Checkpointed, Event, Phase, Steps

SAFE = "What was saved before is safe. Try a tenth of the learning rate."
REPORT = 0.25  # seconds between two lines of steps
SHARE = 20  # saving takes at most one part in this many of the time


class State(msgspec.Struct):
    """All of training that is neither weights nor optimizer. A step's batch follows from the seed and `step`."""

    step: int = 0
    evaluated: int = -1  # the last step after which everything due was evaluated
    best_step: int | None = None
    best: float | None = msgspec.field(default=None, name="best_loss")  # of the recipe's metric, the lower the better
    seconds: float = 0.0  # spent learning, over all attempts


class Stopped(Exception):
    """A stop was asked for; raised only between batches."""


class NotFinite(WorkbenchError):
    """The loss is no number any more."""


class Loop(ABC):
    """Takes steps until it is over, after `n_steps` at the latest, or `stopping()` says so; a kind of training says what one is.

    `save(best)` puts a checkpoint of the present weights, optimizer and state on disk before it returns.
    `parameters` are what learns. An epoch is `per_epoch` steps.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        state: State,
        n_steps: int,
        per_epoch: int,
        checkpoint_seconds: float,
        save: Callable[[bool], None],
        stopping: Callable[[], bool],
    ):
        self.parameters, self.state, self.save, self.stopping = parameters, state, save, stopping
        self.n_steps, self.per_epoch, self.checkpoint_seconds = n_steps, per_epoch, checkpoint_seconds
        self._process = psutil.Process()
        self._saved = (state.step, state.evaluated)  # what the last checkpoint holds, or a run that has none yet
        self._losses: list[float] = []
        self._rates: list[float] = []
        self._tokens = 0
        self._reported = time.monotonic()

    @abstractmethod
    def _learn(self) -> tuple[float, float, int]:
        """The optimizer step after `state.step`: its loss, learning rate and tokens. Raises NotFinite."""

    @abstractmethod
    def _evaluate(self) -> Iterator[Event]:
        """What is due after the present step; returns whether the weights have never been better. Raises Stopped."""

    @property
    def over(self) -> bool:
        """Whether there is nothing left to learn."""
        return self.state.step == self.n_steps

    def run(self) -> Iterator[Event]:
        """Every event from `state.step` to the last step. Returns early, after a checkpoint, when stopped.

        Raises NotFinite where the loss stops being a number; what was saved before stays good.
        """
        yield Phase(name="learn", done=self.state.step, total=self.n_steps, unit="steps", step=self.state.step)
        saved = began = self._reported = time.monotonic()
        cost = 0.0
        while True:
            try:
                best = yield from self._evaluate()
            except Stopped:
                break
            now = time.monotonic()
            self.state.seconds += now - began
            began = now
            epoch_ends = self.state.step > 0 and self.state.step % self.per_epoch == 0
            if best or epoch_ends or now - saved > max(self.checkpoint_seconds, SHARE * cost):
                yield from self._save(best)
                saved = time.monotonic()
                cost = saved - now
            if self.over:
                yield Phase(name="learn", done=self.state.step, total=self.state.step, unit="steps", step=self.state.step)
                return
            if self.stopping():
                break
            loss, rate, tokens = self._learn()
            self.state.step += 1
            self._losses.append(loss)
            self._rates.append(rate)
            self._tokens += tokens
            if time.monotonic() - self._reported > REPORT:
                yield from self._report()
        self.state.seconds += time.monotonic() - began
        yield from self._save(False)

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
                step=self.state.step,
            )
        self._losses, self._rates, self._tokens, self._reported = [], [], 0, now

    def _save(self, best: bool) -> Iterator[Event]:
        yield from self._report()
        if self._saved == (self.state.step, self.state.evaluated):
            return
        if not all(bool(p.isfinite().all()) for p in self.parameters):
            raise NotFinite(f"The weights stopped being numbers by step {self.state.step}.", SAFE)
        self.save(best)
        self._saved = (self.state.step, self.state.evaluated)
        self._reported = time.monotonic()
        yield Checkpointed(name=str(self.state.step), best=best, step=self.state.step)
