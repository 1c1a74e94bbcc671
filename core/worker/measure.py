"""Measuring this machine at what a run does: a few passes through two blocks of the model's width."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.nn.functional as F
from torch import Tensor

from core import files, recipe_parts
from core.architectures.architecture import Architecture
from core.architectures.lookup import architecture_for
from core.estimate import speeds
from core.estimate.cost import STEPPED
from core.estimate.speeds import DISK, Memory, Pace, Speeds
from core.files import Progress
from core.freeze import FreezePlan
from core.model.backbone import Context
from core.model.classifier import Classifier
from core.model.linear import multiply_in
from core.readout import ClassifierKind
from core.recipe import Recipe
from core.train.change import relative_change
from core.train.optim import adamw
from core.worker.resolve import resolve_speed

# batches, as texts and tokens: a small step's, and one at which matrix products are at their full speed
SMALL, LARGE = (8, 16), (8, 128)
SMALL_ROW, LARGE_ROW = (8, 16), (32, 64)
FEWEST, MOST = 2, 20  # tries of each thing, after one that warms up
ENOUGH = 0.06  # seconds after which a few tries are enough
FAR = 8_000_000  # parameters whose gradients and moments are more than caches hold
WRITTEN = 1 << 24  # bytes
RATES = recipe_parts.Train(lr=1e-3, head_lr=1e-3)
MEASURED = 15  # things, two more where fp32 is another


def measure(recipe: Recipe, progress: Progress) -> Speeds:
    """The speeds of this machine at a recipe's model, precision, device and threads. They are remembered.

    `progress` may raise to break off.
    """
    threads = torch.get_num_threads()
    asked = resolve_speed(recipe.speed)
    try:
        probe = _Probe(architecture_for(recipe), asked["device"], asked["precision"], progress)
        found = probe.speeds()
    finally:
        torch.set_num_threads(threads)
    speeds.remember(recipe, found)
    return found


class _Probe:
    def __init__(self, arch: Architecture, device: str, precision: str, progress: Progress):
        self.arch = replace(arch, n_blocks=2, max_tokens=LARGE[1], vocab=1)
        self.device, self.precision, self.progress = device, precision, progress
        self.model = self._new(self.arch)
        self.done = 0

    def _new(self, arch: Architecture) -> Classifier:
        model = Classifier(arch, 2, ClassifierKind())
        model.backbone.initialize(torch.Generator().manual_seed(0))
        return model.to(self.device).eval()

    def speeds(self) -> Speeds:
        multiply_in(self.model, self.precision)
        learn, learn_row = self._pace(self._learn, 3, False), self._pace(self._learn, 3, True)
        (memory, table), compare = self._memory(), self._compare()
        # what is only looked at is mostly frozen
        self.model.freeze(FreezePlan.parse("head", 2))
        look, look_row = self._pace(self._look, 1, False), self._pace(self._look, 1, True)
        step, batch = self._besides()
        exact = look
        if self.precision != "fp32":
            multiply_in(self.model, "fp32")
            exact = self._pace(self._look, 1, False)
        disk, now = self._disk(), time.time()
        return Speeds(look, look_row, learn, learn_row, exact, batch, step, memory, table, compare, disk, now)

    def _seconds(self, job: Callable[[], object]) -> float:
        """What a job takes: the first quartile, for what disturbs a try makes it slower, but the fastest is luck."""
        job()
        self._wait()
        times: list[float] = []
        while len(times) < FEWEST or (len(times) < MOST and sum(times) < ENOUGH):
            start = time.perf_counter()
            job()
            self._wait()
            times.append(time.perf_counter() - start)
        self.done += 1
        self.progress("measure", self.done, MEASURED + 2 * (self.precision != "fp32"), "")
        return sorted(times)[len(times) // 4]

    def _wait(self) -> None:
        """Until the device has done what it was told."""
        if self.device != "cpu":
            getattr(torch, self.device).synchronize()

    def _pace(self, way: Callable[[Tensor, Context, Tensor | None], None], products: int, one_row: bool) -> Pace:
        """The pace of a way through a block, which takes so many products for each of a forward pass."""
        points = []
        for texts, width in (SMALL_ROW, LARGE_ROW) if one_row else (SMALL, LARGE):
            h = torch.randn(texts, width, self.arch.width, device=self.device)
            rows = torch.full((texts,), width - 1, device=self.device) if one_row else None
            flops = self.arch.block_flops(width, "one" if one_row else "all")
            lengths = torch.full((texts,), width, device=self.device)
            with torch.no_grad():  # it is made once, and the block alone learns
                context = self.model.backbone.batch_context(lengths, width)
            points.append((products * texts * flops, self._seconds(partial(way, h, context, rows))))
        return Pace.through(*points)

    def _look(self, h: Tensor, context: Context, rows: Tensor | None) -> None:
        with torch.no_grad():
            self.model.backbone.block(1, h, context, rows)

    def _learn(self, h: Tensor, context: Context, rows: Tensor | None) -> None:
        self.model.zero_grad(set_to_none=True)
        self.model.backbone.block(1, h, context, rows).sum().backward()

    def _besides(self) -> tuple[float, float]:
        """Seconds of a step of the head alone, and of a batch that is only looked at."""
        optimizer = adamw(self.model, RATES)
        hidden = torch.randn(SMALL[0] * SMALL[1], self.arch.width)
        at = torch.arange(len(hidden)).view(SMALL)
        lengths = torch.full(SMALL[:1], 1, device=self.device)

        def forward() -> Tensor:
            h = hidden[at].to(self.device)[:, :1]
            logits = self.model.suffix(h, lengths, self.arch.n_blocks)
            return F.cross_entropy(logits, torch.zeros_like(lengths))

        def step() -> None:
            loss = forward()
            loss.item()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

        def look() -> None:
            with torch.no_grad():
                forward().item()

        return self._seconds(step), self._seconds(look)

    def _memory(self) -> tuple[Memory, float]:
        """The optimizer's pace over one block and over more than caches hold, and that of an embedding's gradient."""
        d = self.arch.width
        size, near = self._update(self.model, FreezePlan.of(2, ["blocks.1"]))
        large = self._new(replace(self.arch, n_blocks=1, max_tokens=1, vocab=FAR // d))
        moved, seconds = self._update(large, FreezePlan.of(1, ["embeddings"]))
        far = (moved - size) / (seconds - near) if moved > size and seconds > near else size / near
        ids = torch.zeros(SMALL[0], 1, dtype=torch.long, device=self.device)

        def look_up() -> None:
            large.zero_grad(set_to_none=True)
            large.backbone.embed(ids).sum().backward()

        return Memory(size / near, far, size), FAR / self._seconds(look_up)

    def _update(self, model: Classifier, plan: FreezePlan) -> tuple[int, float]:
        """Bytes that an update of a plan's parameters moves, and its seconds."""
        model.freeze(plan)
        for _, p in model.trainable_parameters():
            p.grad = torch.zeros_like(p)
        moved = STEPPED * sum(p.numel() for _, p in model.trainable_parameters())
        return moved, self._seconds(adamw(model, RATES).step)

    def _compare(self) -> float:
        """Parameters a second whose way from where they began is measured."""
        self.model.freeze(FreezePlan.of(2, ["blocks.1"]))
        # a file of published weights keeps matrices the other way round
        began = {
            name: p.detach().T.contiguous().T if p.dim() == 2 else p.detach()
            for name, p in self.model.trainable_parameters()
        }
        compared = sum(p.numel() for p in began.values())
        return compared / self._seconds(
            lambda: relative_change(self.model.trainable_parameters(), began.__getitem__, self.model.group_of)
        )

    def _disk(self) -> float:
        """Bytes a second of writing a file and taking its hash."""
        content = b"1" * WRITTEN

        def write(path: Path) -> None:
            files.write(path, content)
            files.sha256(path)

        try:
            files.cache_root().mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=files.cache_root()) as folder:
                return WRITTEN / self._seconds(partial(write, Path(folder) / "written"))
        except OSError:  # no room, which is said where room is needed
            return DISK
