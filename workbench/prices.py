"""What a recipe costs on this machine, before anything is learned: work from shape and lengths, time from speeds."""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from core.data.profile import Profile
from core.model.cost import BF16, CHUNK, FP32, Costs, Load, Work, learning, parameters
from core.model.freeze import FreezePlan, parts_of
from core.model.speeds import START, Speeds
from core.presets import MODELS
from core.recipe import Recipe

WIDTHS = 48  # so many different widths at most are reckoned with


class Price(NamedTuple):
    """Times are seconds, and None where no data says how long the texts are."""

    learns: int  # parameters
    parameters: int
    memory: int  # bytes
    cached: int  # blocks below the boundary that are computed once
    cache: int  # bytes of what they give
    once: float | None = None  # computing that
    epoch: float | None = None
    besides: float | None = None  # reading, the first and last evaluations, the test
    total: float | None = None
    uncached: float | None = None  # in all, were the cache off; where the recipe has it off, were it on


@cache
def free_memory() -> int:
    """Bytes that were free when this was first asked for."""
    import psutil  # here, because the first frame needs none of it

    return psutil.virtual_memory().available


def price(recipe: Recipe, profile: Profile | None, plan: FreezePlan, speeds: Speeds | None = None) -> Price:
    """The price of a recipe with another freeze plan in place of its own."""
    return prices(recipe, profile, [plan], speeds)[0]


def ladder(recipe: Recipe, profile: Profile | None, speeds: Speeds | None = None) -> list[Price]:
    """What it costs to learn from each part upwards: the head first, the embeddings last."""
    n_blocks = MODELS[recipe.model.name].shape.n_blocks
    boundaries = range(len(parts_of(n_blocks)) - 1, -1, -1)
    plans = [FreezePlan.from_boundary(n_blocks, boundary) for boundary in boundaries]
    return prices(recipe, profile, plans, speeds)


def prices(
    recipe: Recipe, profile: Profile | None, plans: Iterable[FreezePlan], speeds: Speeds | None = None
) -> list[Price]:
    """The prices of a recipe with other freeze plans in place of its own.

    Without measured speeds they are estimates from the one figure that reading the data brings.
    """
    if profile and speeds is None:
        speeds = Speeds.estimated(profile.speed)
    course = Course(recipe, profile)
    return [course.price(plan, speeds) for plan in plans]
