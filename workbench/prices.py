"""What a recipe costs on this machine, before anything is learned: an estimate from shape, lengths and FLOP/s."""

from bisect import bisect_left
from typing import NamedTuple

from core.data.profile import Profile
from core.model import cost
from core.model.freeze import FreezePlan
from core.presets import MODELS, Shape
from core.recipe import Recipe

WIDTHS = 48  # so many different widths at most are reckoned with
# Fitted to nano and gpt2, last block and all layers, on two cores, within a tenth: the share of the speed of large
# matrix products that a step reaches, what it takes besides, and how fast the optimizer passes through its state.
EFFICIENCY = 0.75
STEP = 0.014  # seconds
BANDWIDTH = 5e9  # bytes a second
TOUCHED = 28  # bytes that AdamW reads and writes for each learning parameter


class Price(NamedTuple):
    """Times are None where no data says how long the texts are."""

    learns: int  # parameters
    parameters: int
    memory: int  # bytes
    epoch: float | None  # seconds
    total: float | None  # seconds


def price(recipe: Recipe, profile: Profile | None, plan: FreezePlan) -> Price:
    """The price of a recipe with another freeze plan in place of its own."""
    shape = MODELS[recipe.model.name].shape
    n_classes = max(2, len(profile.labels)) if profile else 2
    widths = padded(recipe, profile) if profile else {}
    widest = max(widths, default=shape.context)
    epoch = total = None
    if profile and sum(profile.learning.values()):
        epoch, total = _seconds(recipe, profile, shape, plan, widths)
    return Price(
        cost.learning(shape, plan, n_classes),
        sum(cost.parameters(shape, n_classes).values()),
        cost.memory(shape, plan, n_classes, recipe.train.batch, widest),
        epoch,
        total,
    )


def _seconds(
    recipe: Recipe, profile: Profile, shape: Shape, plan: FreezePlan, widths: dict[int, float]
) -> tuple[float, float]:
    rows = {split: sum(labels.values()) for split, labels in profile.splits.items()}
    everything = sum(widths.values())
    learn = sum(n * cost.step_flops(shape, plan, width) for width, n in widths.items()) / everything
    check = sum(n * cost.forward_flops(shape, width) for width, n in widths.items()) / everything
    looks = rows["train"] / recipe.train.batch / recipe.train.eval_every  # an epoch
    quick = looks * 2 * recipe.train.eval_batches * recipe.train.batch
    epoch = rows["train"] * learn + (rows["validation"] + quick) * check
    rate = profile.speed * EFFICIENCY
    optimizer = cost.learning(shape, plan, max(2, len(profile.labels))) * TOUCHED / BANDWIDTH
    steps = rows["train"] / recipe.train.batch * (STEP + optimizer)
    # the final evaluation reads every split once more
    return epoch / rate + steps, recipe.train.epochs * (epoch / rate + steps) + sum(rows.values()) * check / rate


def padded(recipe: Recipe, profile: Profile) -> dict[int, float]:
    """Width of a text in its batch, in tokens -> rows."""
    counts: dict[int, float] = {}
    for lengths in profile.lengths.values():
        for tokens, rows in lengths.items():
            width = min(max(1, tokens), profile.context)
            counts[width] = counts.get(width, 0) + rows
    total = sum(counts.values())
    if recipe.train.padding == "fixed" or not counts:
        return {profile.context: total}
    if recipe.train.padding == "dynamic":
        counts = _longest_of(counts, total, recipe.train.batch)
    return _coarse(counts)


def _longest_of(counts: dict[int, float], total: float, batch: int) -> dict[int, float]:
    """Rows by the width of the longest of `batch` texts drawn at random."""
    below, found = 0.0, {}
    for width in sorted(counts):
        upto = below + counts[width] / total
        found[width] = total * (upto**batch - below**batch)
        below = upto
    return found


def _coarse(counts: dict[int, float]) -> dict[int, float]:
    """The same rows in at most WIDTHS widths, each rounded up."""
    widths = sorted(counts)
    n = min(WIDTHS, len(widths))
    edges = sorted(widths[-1 - i * len(widths) // n] for i in range(n))
    found = dict.fromkeys(edges, 0.0)
    for width, rows in counts.items():
        found[edges[bisect_left(edges, width)]] += rows
    return found
