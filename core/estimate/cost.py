"""What a model costs, by arithmetic on its shape: parameters, memory, and what a run has to compute. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial

from core.architectures.architecture import Architecture
from core.architectures.lookup import architecture_for
from core.freeze import FreezePlan
from core.recipe import Recipe

FP32, BF16 = 4, 2  # bytes
PROCESS = 500_000_000  # bytes of a worker with PyTorch and scikit-learn, before any model
CHUNK = 1024  # positions that pass through the frozen layers together, and through all of them in an evaluation
# bytes that pass through memory or to disk for each learning parameter
STEPPED = 28  # AdamW reads weight, gradient and two moments, and writes all but the gradient
SAVED = 12  # a checkpoint's weight and two moments
LITTLE = 0.25  # of the time that a run spends in blocks: a probe that takes no more is fitted unasked


def parameters(arch: Architecture, n_classes: int) -> dict[str, int]:
    """Parameters of every part, from the text upwards."""
    return arch.parameters() | {"head": arch.width * n_classes + n_classes}


def sizes(recipe: Recipe, n_classes: int) -> dict[str, int]:
    """Parameters of every part of a recipe's classifier, and under `lora.3` those of block 3's adapters."""
    arch, lora = architecture_for(recipe), recipe.lora
    n_outputs = 1 if recipe.model.outputs == "sigmoid" else n_classes
    d, found = arch.width, parameters(arch, n_outputs)
    if not arch.biased(recipe.head):
        found["head"] -= n_outputs
    if dense := arch.dense_of(recipe.head):
        found["head"] += dense.parameters(d)
    around = sum(sum(arch.matrices[name]) for name in lora.adapted(arch.matrices))
    return found | {f"lora.{i}": lora.rank * around for i in range(arch.n_blocks)}


def fits_probe(recipe: Recipe, rows: Mapping[str, int]) -> bool:
    """Whether a run fits a linear probe to the untouched model; `rows` are the texts of each split."""
    if recipe.data.probe != "auto" or recipe.model.weights == "random":
        return recipe.data.probe == "on"
    n, depth = architecture_for(recipe).n_blocks, recipe.plan.depth or 0
    if not n:
        return False
    looked, test = rows["train"] + rows["validation"], n * rows["test"]
    cached = depth if recipe.encodes(rows["train"]) else 0
    each = 3 * (n - depth) + (depth - cached)  # of a block forward, for a text that is learned from
    whole = cached * looked + recipe.epochs(rows["train"]) * each * rows["train"] + test
    return (n - cached) * looked + test <= LITTLE * whole


def trainable_parameters(sizes: Mapping[str, int], plan: FreezePlan) -> int:
    """How many parameters the plan trains."""
    return sum(size for part, size in sizes.items() if part in plan.parts)


def all_parameters(sizes: Mapping[str, int], plan: FreezePlan) -> int:
    """How many parameters there are, with the plan's adapters."""
    return sum(size for part, size in sizes.items() if part in plan.parts or not part.startswith("lora."))


@dataclass(frozen=True)
class Workload:
    """Some texts on their way through one block: in so many batches, at so many FLOPs forward."""

    batches: float
    full: float  # every position is computed
    row: float  # only the one that is read
    once: float = 0.0  # FLOPs, too: what is made for all blocks

    def __add__(self, other: "Workload") -> "Workload":
        return Workload(
            self.batches + other.batches, self.full + other.full, self.row + other.row, self.once + other.once
        )

    @classmethod
    def of(cls, arch: Architecture, widths: Mapping[int, float] | Mapping[float, float], batches: float) -> "Workload":
        """`widths`: to how many tokens a text is padded -> how many texts."""
        full, row, once = (
            sum(n * flops(width) for width, n in widths.items())
            for flops in (arch.block_flops, partial(arch.block_flops, rows="one"), arch.context_flops)
        )
        return cls(batches, full, row, once)


@dataclass(frozen=True)
class Passes:
    """Batches through blocks: how often a block is entered, and the FLOPs in all of them."""

    blocks: float = 0.0
    flops: float = 0.0

    def __add__(self, other: "Passes") -> "Passes":
        return Passes(self.blocks + other.blocks, self.flops + other.flops)

    def __mul__(self, times: float) -> "Passes":
        return Passes(self.blocks * times, self.flops * times)


@dataclass(frozen=True)
class Work:
    """What has to be done, in the units that a machine has speeds for."""

    look: Passes = field(default_factory=Passes)  # forward only
    look_row: Passes = field(default_factory=Passes)  # forward only, where one position is computed
    learn: Passes = field(default_factory=Passes)  # forward and back
    learn_row: Passes = field(default_factory=Passes)
    exact: Passes = field(default_factory=Passes)  # forward, in fp32 whatever training multiplies in
    batches: float = 0.0  # batches that are only looked at, besides their blocks
    steps: float = 0.0  # batches that are learned from, besides their blocks
    updated: float = 0.0  # bytes that the optimizer moves in all steps together
    tables: float = 0.0  # parameters of embeddings that got a gradient, which is made whole for every step
    compared: float = 0.0  # parameters measured against where they began
    saved: float = 0.0  # bytes to disk
    tokens: float = 0.0  # read, encoded, and counted by the baseline

    def __add__(self, other: "Work") -> "Work":
        return Work(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def __mul__(self, times: float) -> "Work":
        return Work(**{f.name: getattr(self, f.name) * times for f in fields(self)})


@dataclass(frozen=True)
class Costs:
    """The work of one freeze plan.

    `one_row`: the last block computes only the position that is read; `one_token`: every block only the first token;
    `reads_out_below`: as the classifier's method of that name.
    """

    arch: Architecture
    plan: FreezePlan
    sizes: Mapping[str, int]  # parameters of every part
    one_row: bool
    accumulate: int = 1  # batches of a step
    one_token: bool = False
    reads_out_below: bool = False

    @classmethod
    def of(cls, recipe: Recipe, n_classes: int, plan: FreezePlan | None = None) -> "Costs":
        """The costs of a recipe, with another freeze plan in place of its own where one is given."""
        arch, readout = architecture_for(recipe), recipe.readout
        plan, needed = plan or recipe.plan, recipe.speed.rows == "needed"
        one_row = needed and readout.one_row
        one_token = one_row and readout.sees_only_first(arch.causal and recipe.model.causal)
        below = needed and plan.head_alone
        return cls(arch, plan, sizes(recipe, n_classes), one_row, recipe.train.accumulate, one_token, below)

    @property
    def depth(self) -> int:
        """How many leading blocks no gradient reaches."""
        return self.plan.depth or 0

    @property
    def keeps_one(self) -> bool:
        """Whether the prefix cache holds a single position of each text."""
        return self.one_token or self.reads_out_below or (self.one_row and self.depth == self.arch.n_blocks)

    def look(self, load: Workload, first: int, last: int, exact: bool = False) -> Work:
        """Texts through the blocks `first` to `last` (exclusive)."""
        rows = int(self.one_row and first < last == self.arch.n_blocks)
        full = last - first - rows
        passes = Passes(full * load.batches, full * load.full + (load.once if first < last else 0.0))
        row = Passes(rows * load.batches, rows * load.row)
        look, exactly = (Passes(), passes) if exact else (passes, Passes())
        return Work(look_row=row, batches=load.batches, look=look, exact=exactly)

    def prepare(self, tokens: float, drawn: bool) -> Work:
        """What comes before the model is used: its texts, and its weights, verified; random ones are first written."""
        weights = FP32 * all_parameters(self.sizes, self.plan)
        return Work(tokens=tokens, saved=weights * (1 + drawn))

    def encode(self, load: Workload) -> Work:
        """Texts through the frozen prefix."""
        return self.look(load, 0, self.depth)

    def evaluate(self, load: Workload, cached: bool) -> Work:
        """Texts through what is above the prefix; without a cache through everything."""
        return self.look(load, self.depth if cached else 0, self.arch.n_blocks)

    def test(self, load: Workload) -> Work:
        return self.look(load, 0, self.arch.n_blocks, exact=True)

    def probe(self, load: Workload, test: Workload, cached: bool) -> Work:
        """Texts of training and validation through what is above the prefix, those of the test through everything."""
        every = replace(self, one_row=self.one_token)  # the mean needs all positions
        return every.evaluate(load, cached) + every.look(test, 0, self.arch.n_blocks)

    def compare(self) -> Work:
        """Measuring how far the weights have moved, as each evaluation does."""
        return Work(compared=trainable_parameters(self.sizes, self.plan))

    def save(self) -> Work:
        """One checkpoint."""
        return Work(saved=SAVED * trainable_parameters(self.sizes, self.plan))

    def learn(self, load: Workload, cached: bool) -> Work:
        """Texts learned from once.

        A learning block costs two backward products for each forward one, a frozen block above the boundary one, and
        its adapters two of their own.
        """
        updated = STEPPED * trainable_parameters(self.sizes, self.plan)
        tables = self.sizes["embeddings"] if "embeddings" in self.plan.parts else 0
        work = Work(steps=load.batches, updated=load.batches / self.accumulate * updated, tables=load.batches * tables)
        if not cached:
            below = self.look(load, 0, self.depth)
            work += Work(look=below.look, look_row=below.look_row)
        if self.depth < self.arch.n_blocks:
            work += Work(look=Passes(0.0, load.once))
        for i in range(self.depth, self.arch.n_blocks):
            part = self.plan.of_part(f"blocks.{i}")
            times = 2 + 3 * self.sizes[part] / self.sizes[f"blocks.{i}"] if part == f"lora.{i}" else 3 if part else 2
            if self.one_row and i == self.arch.n_blocks - 1:
                work += Work(learn_row=Passes(load.batches, times * load.row))
            else:
                work += Work(learn=Passes(load.batches, times * load.full))
        return work

    def memory(self, batch: int, width: int) -> int:
        """Bytes at the peak of training on such batches, without a cache.

        Weights, gradients, AdamW's two moments, and what autograd keeps.
        """
        weights = all_parameters(self.sizes, self.plan) * FP32
        state = trainable_parameters(self.sizes, self.plan) * FP32 * 3
        full, arch = max(0, self.arch.n_blocks - self.depth - self.one_row), self.arch
        scores = arch.scores_kept(width, "embeddings" in self.plan.parts)
        kept = (full * (arch.values_kept() + scores.block) + arch.values_kept("one")) * batch * width
        # of what passes through a block: its input, qkv, attention's output, the MLP's wide layer twice
        passing = (4 * arch.width + 2 * arch.inner) * max(CHUNK, width) if arch.n_blocks else 0
        scored = scores.once * max(CHUNK, batch * width)
        return weights + state + round(kept + passing + scored) * FP32 + PROCESS
