"""Fine-tuning: the loop that teaches a classifier."""

import math
import time
from collections.abc import Callable, Generator, Iterator

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data import batches
from core.errors import WorkbenchError
from core.files import Progress
from core.freeze import FreezePlan
from core.model.classifier import Classifier
from core.model.lora import dropping
from core.options import resolved
from core.recipe import Recipe
from core.runs import control
from core.runs.control import Control
from core.runs.events import Changed, Evaluated, Event, Followed, Noted, Phase
from core.runs.result import CacheResult
from core.train.change import relative_change
from core.train.compiled import compile_learning
from core.train.control_source import ControlSource
from core.train.evaluation import evaluated
from core.train.inputs import Fresh, Inputs
from core.train.loop import SAFE, Loop, NotFinite, State
from core.train.margins import Margins
from core.train.optim import AdamW, renewed, set_full_rates, set_rates, share_of_rate
from core.train.sentences import Sentences
from core.train.step_recorder import StepRecorder
from core.train.steps import check_memory, epoch_plan, steps_per_epoch
from core.train.texts import Texts
from core.train.thaw import plan_at, recipe_at, settings_of, trainable

COMPARING = 100  # measuring how far the weights have moved takes at most one part in so many of the time


def class_weights(kind: str, texts: Texts, n_classes: int) -> Tensor:
    """How much a text of each class counts in the training loss (C,), 1 on average; `balanced`: classes alike."""
    if kind == "none":
        return torch.ones(n_classes, dtype=torch.float64)
    counts = np.bincount(texts.labels[texts.splits["train"]], minlength=n_classes)
    return torch.from_numpy(counts.sum() / (np.maximum(1, counts) * n_classes))


class ClassifierLoop(Loop):
    """Learns from the inputs' training split, epoch by epoch. `origin(name)` gives a parameter as it was before.

    `encode(recipe)` makes the inputs of a recipe, and says so in events: where another part is to learn, they change.
    `margins` see what each step makes of its texts.
    """

    def __init__(
        self,
        model: Classifier,
        inputs: Inputs,
        recipe: Recipe,
        state: State,
        optimizer: AdamW,
        *,
        save: Callable[[bool], None],
        control_source: ControlSource,
        origin: Callable[[str], Tensor],
        encode: Callable[[Recipe], Generator[Event, None, Inputs]],
        margins: Margins | None = None,
    ):
        per_epoch = steps_per_epoch(recipe, inputs.texts)
        self.model, self.inputs, self.recipe, self.optimizer, self.origin = model, inputs, recipe, optimizer, origin
        self.train, self.context = recipe.train, inputs.texts.context
        self.lengths = inputs.texts.split_lengths
        self.weights = class_weights(recipe.train.class_weights, inputs.texts, model.n_classes)
        began = recipe_at(recipe, control_source, state.step - 1)
        self.plan, self._thaw_every = began.plan, began.freeze.thaw_every
        self._boundary = self._boundary_of(began)
        self._before: tuple[AdamW, set[str]] | None = None  # the first change since the last step
        self._encode, self._margins = encode, margins
        self._caches: list[CacheResult | None] = []  # of inputs before these
        self._sentences = Sentences()
        self._validated: dict[int, Evaluated] = {}  # from these inputs, by the step after which it was
        self._order: tuple[int, list[list[batches.Batch]]] = -1, []  # an epoch, and its steps
        self._compared = -math.inf, 0.0  # when the way of the weights was measured, and in how many seconds
        super().__init__(
            [p for _, p in model.trainable_parameters()],
            state,
            settings_of(recipe.train),
            per_epoch,
            recipe.train.checkpoint_seconds,
            save,
            control_source,
        )

    def _report(self) -> Iterator[Event]:
        stepped = bool(self._losses)
        yield from super()._report()
        at, seconds = self._compared
        if stepped and time.monotonic() - at > COMPARING * seconds:
            yield self._compare()
            self._reported = time.monotonic()

    def _compare(self) -> Changed:
        """How far each part has moved by now."""
        began = time.monotonic()
        parts = relative_change(self.model.merged_parameters(), self.origin, self.model.group_of)
        self._compared = time.monotonic(), time.monotonic() - began
        return Changed(parts=parts, step=self.state.step)

    def _asides(self) -> Iterator[Event]:
        if note := self.inputs.note():
            yield Noted(text=note, warn=True)

    def _learn(self) -> tuple[float, float, int]:
        self._before = None
        epoch, i = divmod(self.state.step, self.per_epoch)
        if self._order[0] != epoch:
            self._order = epoch, epoch_plan(self.recipe, self.inputs.texts, epoch)
        together = self._order[1][i]
        weight = sum(self._weight_of(batch) for batch in together)  # in a smaller last batch a text counts alike
        value, tokens = 0.0, 0
        watched = StepRecorder(self.inputs.texts, self.train.ignore_index) if self._watched else None
        self.optimizer.zero_grad(set_to_none=True)
        for k, batch in enumerate(together):
            h, lengths, labels = self.inputs.batch("train", batch)
            with dropping(self.model, [self.train.seed, self.state.step, k]):
                logits = self.model.suffix(h, lengths, self.inputs.depth)
            if watched:
                watched.see(batch, logits.detach())
            if self._margins:
                self._margins.see(batch.rows, logits)
            loss = F.cross_entropy(
                logits,
                labels,
                self.weights.to(logits),
                ignore_index=self.train.ignore_index,
                label_smoothing=self.train.label_smoothing,
                reduction="sum",
            ) / (weight or 1)
            value += loss.item()
            tokens += int(lengths.sum())
            if not math.isfinite(value):
                raise NotFinite(f"Loss stopped being a number at step {self.state.step + 1}.", SAFE)
            loss.backward()
        if self.train.clip:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.train.clip)
        share = self._share()
        set_rates(self.optimizer, share)
        self.optimizer.step()
        self._learned = watched.learned(self.state.step + 1) if watched else None
        return value, share * resolved(self.settings.lr), tokens

    def _share(self) -> float:
        """What part of the full learning rates the next step takes."""
        warmup, shape = self.recipe.warmup, self.recipe.schedule
        return share_of_rate(self.state.step, self.n_steps, warmup, float(shape != "constant"), shape)

    def _set_rates(self, lr: float, head_lr: float) -> None:
        set_full_rates(self.optimizer, lr, head_lr)

    def _steps_in(self, epochs: float) -> int:
        return int(epochs) * self.per_epoch

    def _refused(self, received: Control) -> str | None:
        heads = {group["head"] for group in self.optimizer.param_groups}
        match received:
            case control.Epochs(epochs=epochs) if epochs != int(epochs):
                return "an epoch is learned from whole"
            case control.Rates(lr=float()) if False not in heads:
                return "only the head learns, at a rate of its own: head lr"
            case control.Rates(head_lr=float()) if True not in heads:
                return "the head does not learn"
            case control.SetTrainable(trainable=trainable):
                return self._cannot_learn(trainable)
        return super()._refused(received)

    def _cannot_learn(self, trainable: str) -> str | None:
        """Why just these parts cannot learn from here on; None where they can."""
        try:
            plan = FreezePlan.parse(trainable, self.plan.n_blocks)
        except ValueError as error:
            return str(error)
        if not plan.parts:
            return "nothing would learn; head is the least"
        if plan == self.plan and not (self.recipe.freeze.thaw_every and self.settings.trainable is None):
            return "that is what learns already"
        try:
            check_memory(self.recipe.with_plan(plan), self.inputs.texts, self.model.n_classes)
        except WorkbenchError as error:
            return error.what
        return None

    def _adopt(self) -> Iterator[Event]:
        yield from super()._adopt()
        thaw_every = 0 if self.settings.trainable else self.recipe.freeze.thaw_every
        if (plan_at(self.recipe, self.control_source, self.state.step), thaw_every) != (self.plan, self._thaw_every):
            yield from self._let_learn(recipe_at(self.recipe, self.control_source, self.state.step))

    def _boundary_of(self, recipe: Recipe) -> tuple[int | None, bool, bool]:
        """What decides from what a step starts."""
        return recipe.plan.depth, recipe.plan.head_alone, recipe.encodes(len(self.lengths["train"]))

    def _let_learn(self, now: Recipe) -> Iterator[Event]:
        """Another plan from here on: optimizer, boundary and inputs follow from the model as it is now.

        Of several changes before one step only the last counts: a resumed run knows of no other.
        """
        yield from self._save(False)  # encoding may take long, and be broken off
        model, self.plan, self._thaw_every = self.model, now.plan, now.freeze.thaw_every
        self._before = self._before or (self.optimizer, set(model.ever_trained))
        self.optimizer.zero_grad(set_to_none=True)
        self._validated.clear()  # adapters that are there from now on may change the last bits
        model.reset_ever_trained(self._before[1])
        model.adapt(now.plan, self.recipe.lora, self.train.seed)
        model.freeze(now.plan)
        if self.recipe.speed.compile:
            compile_learning(model)
        self.parameters = [p for _, p in model.trainable_parameters()]
        self.optimizer = renewed(self._before[0], model, self.train)
        self._compared = -math.inf, 0.0  # of what learns now nothing is known
        self._set_rates(resolved(self.settings.lr), resolved(self.settings.head_lr))
        yield trainable(model, now, self.state.step, scheduled=self.settings.trainable is None)
        if self._boundary_of(now) != self._boundary:
            self._boundary, self._sentences = self._boundary_of(now), Sentences()
            self.start_from(Fresh(model, self.inputs.texts, 0, self.recipe.speed.device))  # to let go of what is kept
            self.inputs = yield from self._encode(now)
            yield Phase(name="learn", done=self.state.step, total=self.n_steps, unit="steps", step=self.state.step)
        self._reported = time.monotonic()

    def let_go(self) -> None:
        """Of what only learning needs: gradients, and the optimizer's state, which are three times the weights."""
        self.optimizer.zero_grad(set_to_none=True)
        self.optimizer.state.clear()

    def start_from(self, inputs: Inputs) -> None:
        """From now on, in place of what was read before."""
        self._caches.append(self.inputs.cache)
        self._validated.clear()
        self.inputs = inputs

    @property
    def cache(self) -> CacheResult | None:
        """What the prefix cache cost and saved, over all boundaries that it had here; the rest is of the last one."""
        known = [cache for cache in (*self._caches, self.inputs.cache) if cache]
        together = {key: sum(getattr(cache, key) for cache in known) for key in ("seconds", "saved")}
        return msgspec.structs.replace(known[-1], **together) if known else None

    def _weight_of(self, batch: batches.Batch) -> float:
        """How much a batch's texts count together."""
        texts = self.inputs.texts
        labels = torch.from_numpy(texts.labels[texts.splits["train"][batch.rows]])
        return float(self.weights[labels[labels != self.train.ignore_index]].sum())

    @property
    def over(self) -> bool:
        """Whether there is nothing left to learn, or patience is at its end."""
        state, waited = self.state, self.train.patience * self.per_epoch
        if waited and state.best_step is not None and state.evaluated == state.step and not state.step % self.per_epoch:
            return state.step - state.best_step >= waited or super().over
        return super().over

    def _evaluate(self) -> Generator[Event, None, bool]:
        step, t = self.state.step, self.train
        ends = step > 0 and step % self.per_epoch == 0
        if self.state.evaluated >= step or not (ends or step % t.eval_every == 0):
            return False
        yield from super()._report()  # the way of the weights is measured below
        yield self._look("train", self.sample("train"), whole=False)
        if not ends:
            yield self._look("validation", self.sample("validation"), whole=False)
        kept = False
        if ends:
            seen = self._look("validation", self.whole("validation"), whole=True)
            yield seen
            self._validated[step] = seen
            assert seen.f1 is not None
            found = {"loss": seen.loss, "accuracy": -seen.accuracy, "f1": -seen.f1}[t.metric]
            if self.state.best is None or found < self.state.best:
                self.state.best_step, self.state.best = step, found
                kept = self.recipe.keep == "best"
        yield self._compare()
        if self.inputs.texts.followed:
            yield Followed(probabilities=self._sentences.ask(self.model, self.inputs), step=step)
        self.state.evaluated = step
        self._reported = time.monotonic()
        return kept

    def _look_now(self) -> Iterator[Event]:
        yield self._look("train", self.sample("train"), whole=False)
        yield self._look("validation", self.whole("validation"), whole=True)

    def sample(self, split: str) -> list[batches.Batch]:
        """A few batches of a split, every time those, for a quick look."""
        t = self.train
        return batches.sample(self.lengths[split], t.padding, self.recipe.batch, self.context, t.eval_batches, t.seed)

    def whole(self, split: str) -> list[batches.Batch]:
        """Every row of a split, in batches for evaluation."""
        return batches.filled(self.lengths[split], self._width)

    @property
    def _width(self) -> int | None:
        """What texts are padded to in an evaluation; None where it is their longest."""
        return self.context if self.train.padding == "fixed" else None

    def evaluate(self, split: str, step: int, progress: Progress) -> Evaluated:
        """Loss and accuracy at the end, with the weights of a step, the rows reported as a phase: over a whole split;
        of training, where it is large and nothing of it is cached, over a sample. Raises Stopped.
        """
        if split == "validation" and (known := self._validated.get(step)):  # it would be the same again
            return msgspec.structs.replace(known, step=self.state.step)
        rows, plan = len(self.lengths[split]), self.whole(split)
        asked = rows
        if split == "train":
            asked = self.recipe.asked_at_the_end(rows, self.inputs.cache is not None)
        if asked < rows:
            plan = batches.drawn(self.lengths[split], asked, self.train.seed, self._width)
        return self._look(split, plan, whole=asked == rows, progress=progress)

    def _look(self, split: str, plan: list[batches.Batch], whole: bool, progress: Progress | None = None) -> Evaluated:
        stopping = self.control_source.stopping
        found = evaluated(self.model, self.inputs, split, plan, stopping, progress)
        if not math.isfinite(found.loss):
            raise NotFinite(f"Loss on {split} stopped being a number at step {self.state.step}.", SAFE)
        return msgspec.structs.replace(found, whole=whole, step=self.state.step)
