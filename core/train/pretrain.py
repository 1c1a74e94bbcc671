"""Pretraining: the loop that teaches a language model to guess the next token (chapter 5 of the book)."""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data.corpus import Windows
from core.files import Progress
from core.model.generate import continued
from core.model.language import LanguageModel
from core.options import resolved
from core.pretraining import Pretraining
from core.runs import control
from core.runs.control import Control, Settings
from core.runs.events import Changed, Evaluated, Event, Sampled
from core.text.tokenizer import Tokenizer
from core.train.change import relative_change
from core.train.control_source import ControlSource
from core.train.loop import SAFE, Loop, NotFinite, State, Stopped
from core.train.optim import AdamW, Muon, set_rates, share_of_rate

AT_ONCE = 1024  # positions on the CPU: what lies between its layers then stays in its caches
PROMPT, WRITTEN = 12, 40  # tokens of the text that is begun for the model, and that it writes
BETAS = 0.9, 0.95


class Optimizers(NamedTuple):
    """Muon for the blocks' matrices, AdamW for embeddings, norms and biases."""

    muon: Muon
    adamw: AdamW

    @classmethod
    def of(cls, model: LanguageModel, lr: float, weight_decay: float) -> "Optimizers":
        backbone = model.backbone
        matrices = [p for p in backbone.blocks.parameters() if p.ndim == 2]
        rest = [p for p in backbone.parameters() if p.ndim == 1]
        groups = [{"params": backbone.tables, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
        adamw = AdamW(groups, lr=lr, betas=BETAS, fused=True)
        made = cls(Muon(matrices, lr, weight_decay), adamw)
        made.set_full_rate(lr)
        return made

    def set_full_rate(self, lr: float) -> None:
        """The rate that the next steps take their shares of."""
        for optimizer in self:
            for group in optimizer.param_groups:
                group["initial_lr"] = lr

    def step(self, share: float) -> None:
        """One step at this share of the full rates; gradients are cleared."""
        for optimizer in self:
            set_rates(optimizer, share)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)


def windows_of(step: int, batch: int, n: int, seed: int) -> list[int]:
    """Which of `n` windows step number `step` (from 0) learns from: each pass takes all, in its own order."""
    found: list[int] = []
    at = step * batch
    while len(found) < batch:
        turn, i = divmod(at + len(found), n)
        order = np.random.default_rng([seed, turn]).permutation(n)
        found += order[i : i + batch - len(found)].tolist()
    return found


class LanguageLoop(Loop):
    """Learns from the windows of a text, again and again."""

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        text: Windows,
        held_out: Windows,
        recipe: Pretraining,
        state: State,
        optimizers: Optimizers,
        *,
        save: Callable[[bool], None],
        control_source: ControlSource,
        origin: Callable[[str], Tensor],
    ):
        self.model, self.tokenizer, self.text, self.held_out = model, tokenizer, text, held_out
        self.optimizers, self.origin, self.recipe = optimizers, origin, recipe
        self.train, self.device = recipe.train, recipe.speed.device
        self._checked = np.random.default_rng(self.train.seed).permutation(len(held_out))
        settings, per_epoch = settings_of(recipe), steps(recipe, len(text), 1)
        super().__init__(
            [*model.parameters()], state, settings, per_epoch, self.train.checkpoint_seconds, save, control_source
        )

    def _learn(self) -> tuple[float, float, int]:
        t, step = self.train, self.state.step
        ids = self._windows(self.text, windows_of(step, t.batch, len(self.text), t.seed))
        value = 0.0
        for part in self._parts(ids):
            loss = self._losses_of(part).sum() / (len(ids) * self.text.context)
            loss.backward()
            value += loss.item()
        if not math.isfinite(value):
            raise NotFinite(f"Loss stopped being a number at step {step + 1}.", SAFE)
        torch.nn.utils.clip_grad_norm_(self.parameters, t.clip)
        share = share_of_rate(step, self.n_steps, t.warmup, t.cooldown)
        self.optimizers.step(share)
        return value, share * resolved(self.settings.lr), len(ids) * self.text.context

    def _set_rates(self, lr: float, head_lr: float) -> None:
        self.optimizers.set_full_rate(lr)

    def _steps_in(self, epochs: float) -> int:
        return steps(self.recipe, len(self.text), epochs)

    def _refused(self, received: Control) -> str | None:
        match received:
            case control.Rates(head_lr=float()):
                return "a language model learns at one rate: lr"
            case control.SetTrainable():
                return "all of a language model learns"
        return super()._refused(received)

    def _windows(self, text: Windows, which: Sequence[int]) -> Tensor:
        return torch.from_numpy(text.take(which)).to(self.device)

    def _parts(self, ids: Tensor) -> Iterator[Tensor]:
        return iter(ids.split(max(1, AT_ONCE // self.text.context) if self.device == "cpu" else self.train.batch))

    def _losses_of(self, ids: Tensor) -> Tensor:
        """Windows (B, T + 1) -> what each next token costs in nats (B * T,)."""
        logits = self.model(ids[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")

    def _evaluate(self) -> Generator[Event, None, bool]:
        step = self.state.step
        if self.state.evaluated >= step or (step % self.train.eval_every and step != self.n_steps):
            return False
        yield from self._report()
        yield self._look(self._checked[: self.train.eval_windows], whole=False)
        prompt = self.held_out.take([step // self.train.eval_every % len(self.held_out)])[0, :PROMPT].tolist()
        yield Changed(parts=relative_change(self.model.named_parameters(), self.origin, self.model.group_of), step=step)
        yield Sampled(prompt=self._decoded(prompt), text=self._decoded(self._written(prompt)), step=step)
        self.state.evaluated = step
        return False

    def _written(self, prompt: list[int]) -> list[int]:
        seed, stop = self.state.step, self.tokenizer.pad
        written = continued(self.model, prompt, temperature=0.8, top_k=40, seed=seed, stop=stop)
        return list(islice(written, WRITTEN))

    def _decoded(self, ids: list[int]) -> str:
        return b"".join(self.tokenizer.bytes_of(ids)).decode(errors="replace")

    def _look_now(self) -> Iterator[Event]:
        yield self._look(np.arange(len(self.held_out)), whole=True)

    def evaluate(self, progress: Progress) -> Evaluated:
        """What the whole held-out text costs, its windows reported as a phase. Raises Stopped."""
        return self._look(np.arange(len(self.held_out)), whole=True, progress=progress)

    @torch.no_grad()
    def _look(self, which: np.ndarray, whole: bool, progress: Progress | None = None) -> Evaluated:
        nats, right, n_bytes, done = 0.0, 0, 0, 0
        for part in self._parts(self._windows(self.held_out, which.tolist())):
            if self.control_source.stopping():
                raise Stopped
            logits = self.model(part[:, :-1]).flatten(0, 1)
            targets = part[:, 1:].flatten()
            nats += F.cross_entropy(logits, targets, reduction="sum").item()
            right += int((logits.argmax(dim=1) == targets).sum())
            n_bytes += sum(map(len, self.tokenizer.bytes_of(targets.tolist())))
            done += len(part)
            if progress:
                progress("test", done, len(which), "windows")
        if not math.isfinite(nats):
            raise NotFinite(f"Loss on the held-out text stopped being a number at step {self.state.step}.", SAFE)
        tokens = len(which) * self.held_out.context
        return Evaluated(
            split="validation",
            rows=len(which),
            loss=nats / tokens,
            accuracy=right / tokens,
            bits=nats / math.log(2) / n_bytes,
            whole=whole,
            step=self.state.step,
        )


def settings_of(recipe: Pretraining) -> Settings:
    """What a recipe learns with, until it is told otherwise."""
    return Settings(recipe.train.lr, recipe.train.lr, recipe.train.epochs)


def steps(recipe: Pretraining, n_windows: int, epochs: float) -> int:
    """How many steps so many passes over a text of `n_windows` windows are."""
    return max(1, int(epochs * n_windows) // recipe.train.batch)
