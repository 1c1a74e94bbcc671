"""The training loop: a generator of events. It prints nothing and knows no file but through `save`."""

import math
import time
from collections.abc import Callable, Iterator

import msgspec
import psutil
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data import batches
from core.errors import WorkbenchError
from core.files import Progress
from core.model.classifier import Classifier
from core.recipe import Recipe
from core.runs.events import Changed, Checkpointed, Evaluated, Event, Phase, Steps
from core.train.change import relative_change
from core.train.inputs import Inputs
from core.train.texts import Texts

SAFE = "What was saved before is safe. Try a tenth of the learning rate."
REPORT = 0.25  # seconds between two lines of steps
SHARE = 20  # saving takes at most one part in this many of the time


class State(msgspec.Struct):
    """All of training that is neither weights nor optimizer. A step's batch follows from the seed and `step`."""

    step: int = 0
    evaluated: int = -1  # the last step after which everything due was evaluated
    best_step: int | None = None
    best_loss: float | None = None
    seconds: float = 0.0  # spent learning, over all attempts


class Stopped(Exception):
    """A stop was asked for; raised only between batches."""


class NotFinite(WorkbenchError):
    """The loss is no number any more."""


def epoch_plan(recipe: Recipe, texts: Texts, epoch: int) -> list[batches.Batch]:
    """The batches of an epoch."""
    t = recipe.train
    lengths = texts.split_lengths["train"]
    return batches.plan(lengths, t.padding, recipe.batch, t.seed, epoch, t.drop_last, texts.context)


def steps_per_epoch(recipe: Recipe, texts: Texts) -> int:
    """Raises WorkbenchError where there is no batch at all."""
    if steps := len(epoch_plan(recipe, texts, 0)):
        return steps
    raise WorkbenchError(
        f"A batch of {recipe.batch} is more than the {len(texts.splits['train'])} texts to learn from, "
        "and train.drop_last leaves out what is no whole batch.",
        "Make the batch smaller, or turn train.drop_last off.",
    )


class Loop:
    """Learns from the inputs' training split until the recipe's epochs are over, or `stopping()` says so.

    `save(best)` puts a checkpoint of the present weights, optimizer and state on disk before it returns.
    `origin(name)` gives a parameter as it was before training.
    """

    def __init__(
        self,
        model: Classifier,
        inputs: Inputs,
        recipe: Recipe,
        state: State,
        optimizer: torch.optim.Optimizer,
        *,
        save: Callable[[bool], None],
        stopping: Callable[[], bool],
        origin: Callable[[str], Tensor],
    ):
        self.model, self.inputs, self.recipe, self.state, self.optimizer = model, inputs, recipe, state, optimizer
        self.save, self.stopping, self.origin = save, stopping, origin
        self.train, self.context = recipe.train, inputs.texts.context
        self.lengths = inputs.texts.split_lengths
        self.per_epoch = steps_per_epoch(recipe, inputs.texts)
        self.n_steps = self.train.epochs * self.per_epoch
        self._process = psutil.Process()
        self._saved = (state.step, state.evaluated)  # what the last checkpoint holds, or a run that has none yet
        self._losses: list[float] = []
        self._tokens = 0
        self._reported = time.monotonic()

    def run(self) -> Iterator[Event]:
        """Every event from `state.step` to the last step. Returns early, after a checkpoint, when stopped.

        Raises NotFinite where the loss stops being a number; what was saved before stays good.
        """
        yield Phase(name="learn", done=self.state.step, total=self.n_steps, unit="steps", step=self.state.step)
        saved = began = self._reported = time.monotonic()
        cost = 0.0
        epoch, plan = None, []
        while True:
            try:
                best = yield from self._evaluate()
            except Stopped:
                break
            now = time.monotonic()
            self.state.seconds += now - began
            began = now
            epoch_ends = self.state.step > 0 and self.state.step % self.per_epoch == 0
            if best or epoch_ends or now - saved > max(self.train.checkpoint_seconds, SHARE * cost):
                yield from self._save(best)
                saved = time.monotonic()
                cost = saved - now
            if self.state.step == self.n_steps:
                yield Phase(name="learn", done=self.n_steps, total=self.n_steps, unit="steps", step=self.n_steps)
                return
            if self.stopping():
                break
            if epoch != self.state.step // self.per_epoch:
                epoch = self.state.step // self.per_epoch
                plan = epoch_plan(self.recipe, self.inputs.texts, epoch)
            self._learn(plan[self.state.step % self.per_epoch])
            if time.monotonic() - self._reported > REPORT:
                yield from self._report()
        self.state.seconds += time.monotonic() - began
        yield from self._save(False)

    def _learn(self, batch: batches.Batch) -> None:
        """One optimizer step."""
        h, lengths, labels = self.inputs.batch("train", batch)
        logits = self.model.suffix(h, lengths, self.inputs.depth)
        loss = F.cross_entropy(logits, labels)
        value = loss.item()
        if not math.isfinite(value):
            raise NotFinite(f"Loss stopped being a number at step {self.state.step + 1}.", SAFE)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.state.step += 1
        self._losses.append(value)
        self._tokens += int(lengths.sum())

    def _report(self) -> Iterator[Event]:
        """The steps since the last report."""
        now = time.monotonic()
        if self._losses:
            yield Steps(
                loss=self._losses,
                lr=[self.optimizer.param_groups[0]["lr"]] * len(self._losses),
                tokens=self._tokens,
                seconds=now - self._reported,
                rss=self._process.memory_info().rss,
                step=self.state.step,
            )
        self._losses, self._tokens, self._reported = [], 0, now

    def _save(self, best: bool) -> Iterator[Event]:
        yield from self._report()
        if self._saved == (self.state.step, self.state.evaluated):
            return
        if not all(bool(p.isfinite().all()) for _, p in self.model.learning()):
            raise NotFinite(f"The weights stopped being numbers by step {self.state.step}.", SAFE)
        self.save(best)
        self._saved = (self.state.step, self.state.evaluated)
        self._reported = time.monotonic()
        yield Checkpointed(name=str(self.state.step), best=best, step=self.state.step)

    def _evaluate(self) -> Iterator[Event]:
        """What is due after the present step; whether the whole validation split has never been better."""
        step, t = self.state.step, self.train
        ends = step > 0 and step % self.per_epoch == 0
        if self.state.evaluated >= step or not (ends or step % t.eval_every == 0):
            return False
        yield from self._report()
        for split in ("train", "validation"):
            if not (split == "validation" and ends):
                sample = batches.sample(
                    self.lengths[split], t.padding, self.recipe.batch, self.context, t.eval_batches, t.seed
                )
                yield self._look(split, sample, whole=False)
        best = False
        if ends:
            seen = self._look("validation", self.whole("validation"), whole=True)
            yield seen
            best = self.state.best_loss is None or seen.loss < self.state.best_loss
            if best:
                self.state.best_step, self.state.best_loss = step, seen.loss
        yield Changed(parts=relative_change(self.model, self.origin), step=step)
        self.state.evaluated = step
        self._reported = time.monotonic()
        return best

    def whole(self, split: str) -> list[batches.Batch]:
        """Every row of a split, in batches for evaluation."""
        return batches.filled(self.lengths[split], self.context if self.train.padding == "fixed" else None)

    def evaluate(self, split: str, progress: Progress) -> Evaluated:
        """Loss and accuracy over a whole split, its rows reported as a phase. Raises Stopped."""
        return self._look(split, self.whole(split), whole=True, progress=progress)

    def _look(
        self, split: str, plan: list[batches.Batch], whole: bool, progress: Progress | None = None
    ) -> Evaluated:
        loss, right, rows = 0.0, 0, 0
        with torch.no_grad():
            for batch in plan:
                if self.stopping():
                    raise Stopped
                h, lengths, labels = self.inputs.batch(split, batch)
                logits = self.model.suffix(h, lengths, self.inputs.depth)
                loss += F.cross_entropy(logits, labels, reduction="sum").item()
                right += int((logits.argmax(dim=1) == labels).sum())
                rows += len(labels)
                if progress:
                    progress(f"evaluate {split}", rows, len(self.lengths[split]), "texts")
        if not math.isfinite(loss):
            raise NotFinite(f"Loss on {split} stopped being a number at step {self.state.step}.", SAFE)
        return Evaluated(
            split=split, rows=rows, loss=loss / rows, accuracy=right / rows, whole=whole, step=self.state.step
        )
