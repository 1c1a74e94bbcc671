"""What a recipe costs on this machine, before anything is learned: its work, at the speeds that were measured or guessed."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from core.data.profile import Profile
from core.model.cost import BF16, FP32, in_all, learning
from core.model.course import Course
from core.model.freeze import FreezePlan, adapted, parts_of
from core.model.speeds import START, Speeds
from core.recipe import Recipe
from workbench.marks import lowest, role

GB = 1e9


class Price(NamedTuple):
    """Times are seconds, and None where no data says how long the texts are."""

    learns: int  # parameters
    parameters: int
    memory: int  # bytes
    blocks: int  # below the boundary, computed once
    cache: int  # bytes of what they make of the texts
    once: float | None = None  # computing that
    epoch: float | None = None
    besides: float | None = None  # what comes before and after: reading, the last evaluations, the test
    total: float | None = None
    otherwise: float | None = None  # in all without the cache; where the recipe has it off, with it

    @property
    def with_cache(self) -> float | None:
        """In all, computing once what is frozen below the boundary; all the same where nothing is."""
        return self.total if self.blocks or self.otherwise is None else self.otherwise

    @property
    def without_cache(self) -> float | None:
        return self.otherwise if self.blocks else self.total


def in_words(part: str) -> str:
    """'blocks.11' -> 'block 11'."""
    return "final norm" if part == "norm" else part.replace("blocks.", "block ").replace("lora.", "LoRA in block ")


@cache
def machine_memory() -> tuple[int, int]:
    """Bytes of memory of this machine, and those that were free when this was first asked."""
    import psutil  # here, because the first frame needs none of it

    memory = psutil.virtual_memory()
    return memory.total, memory.available


def price(recipe: Recipe, profile: Profile | None, plan: FreezePlan, speeds: Speeds | None = None) -> Price:
    """The price of a recipe with another freeze plan in place of its own."""
    return prices(recipe, profile, [plan], speeds)[0]


def upwards(plan: FreezePlan) -> list[FreezePlan]:
    """Plans that learn from each part upwards: the head first, the embeddings last.

    What the plan adapts is adapted in them; so are the blocks below, where its lowest part is an adapter.
    """
    parts = parts_of(plan.n_blocks)
    at = lowest(plan)
    below = [adapted(part) if role(plan, parts[at]) == "lora" else part for part in parts[:at]]
    each = below + [plan.of_part(part) or part for part in parts[at:]]
    return [FreezePlan(plan.n_blocks, frozenset(each[i:])) for i in reversed(range(len(parts)))]


def ladder(recipe: Recipe, profile: Profile | None, speeds: Speeds | None = None) -> list[Price]:
    """What it costs to learn from each part upwards: one price for each of the plans `upwards`."""
    return prices(recipe, profile, upwards(recipe.plan), speeds)


def prices(
    recipe: Recipe, profile: Profile | None, plans: Iterable[FreezePlan], speeds: Speeds | None = None
) -> list[Price]:
    """One price for each plan. Where nothing was measured, times are estimates from what the profile says."""
    course = Course(recipe, profile)
    if profile and speeds is None:
        speeds = Speeds.estimated(profile.speed)
    return [_price(course, plan, speeds) for plan in plans]


def _price(course: Course, plan: FreezePlan, speeds: Speeds | None) -> Price:
    costs, wish = course.costs(plan), course.recipe.speed
    cached = bool(costs.depth) and wish.cache != "off"
    values = course.cached_values(costs) if cached else 0
    room = machine_memory()[1] / 4 if wish.cache_memory == "auto" else wish.cache_memory * GB
    held = values * FP32 <= room  # a larger one is a file
    found = Price(
        learns=learning(course.sizes, plan),
        parameters=in_all(course.sizes, plan),
        memory=costs.memory(course.recipe.batch, course.widest) + (round(values * FP32) if held else 0),
        blocks=costs.depth if cached else 0,
        cache=round(values * (FP32 if held else BF16)),
    )
    if not course.is_known or speeds is None:
        return found
    once, epoch, besides = (speeds.seconds(work) for work in course.bill(costs, cached))
    epochs, besides = course.recipe.train.epochs, besides + START
    found = found._replace(once=once, epoch=epoch, besides=besides, total=once + epochs * epoch + besides)
    if not costs.depth:
        return found
    once, epoch, besides = (speeds.seconds(work) for work in course.bill(costs, not cached))
    return found._replace(otherwise=once + epochs * epoch + besides + START)
