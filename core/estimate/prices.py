"""What a recipe costs on this machine: its work, at speeds that were measured or guessed."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from core import memory
from core.architectures.architecture import Architecture
from core.architectures.lookup import architecture_for
from core.estimate.cost import BF16, FP32, Costs, all_parameters, trainable_parameters
from core.estimate.schedule import Schedule, Stage
from core.estimate.speeds import START, Speeds
from core.freeze import FreezePlan, adapted, lowest, parts_of, role
from core.recipe import Recipe
from core.rows import Profile

GB = 1e9


class Price(NamedTuple):
    """Times are seconds, and None where no data says how long the texts are."""

    learns: int  # parameters
    parameters: int
    memory: int  # bytes
    blocks: int  # below the boundary, computed once
    cache: int  # bytes of what they make of the texts
    epochs: int
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
    """'blocks.11' -> 'block 11', 'blocks.11.mlp' -> 'block 11 mlp'."""
    words = part.replace("blocks.", "block ").replace("lora.", "LoRA in block ")
    return "final norm" if part == "norm" else words.replace(".", " ")


@cache
def machine_memory() -> tuple[int, int]:
    """Bytes of memory of this machine, and those that were free when this was first asked."""
    return memory.total(), memory.free()


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


def rungs(arch: Architecture) -> list[str]:
    """The parts of a model that hold anything, from the head down."""
    if not arch.n_blocks:
        return ["head"]
    return [part for part in parts_of(arch.n_blocks)[::-1] if part != "norm" or arch.final_norm]


def ladder(recipe: Recipe, profile: Profile | None, speeds: Speeds | None = None) -> list[Price]:
    """What it costs to learn from each of the `rungs` upwards: one price for each."""
    arch, plan = architecture_for(recipe), recipe.plan
    parts = parts_of(plan.n_blocks)[::-1]
    plans = [each for part, each in zip(parts, upwards(plan), strict=True) if part in rungs(arch)]
    return prices(recipe, profile, plans, speeds)


def prices(
    recipe: Recipe, profile: Profile | None, plans: Iterable[FreezePlan], speeds: Speeds | None = None
) -> list[Price]:
    """One price for each plan. Where nothing was measured, times are estimates from what the profile says."""
    course = Schedule(recipe, profile)
    if profile and speeds is None:
        speeds = Speeds.estimated(profile.speed)
    return [_price(course, plan, speeds) for plan in plans]


def _price(course: Schedule, plan: FreezePlan, speeds: Speeds | None) -> Price:
    stages, keep = course.stages(plan), course.recipe.speed.cache != "off"
    first = stages[0]
    held = max((_cache(course, stage.costs) for stage in stages if keep and stage.earns_cache), key=sum, default=(0, 0))
    found = Price(
        learns=trainable_parameters(course.sizes, plan),
        parameters=all_parameters(course.sizes, plan),
        memory=max(stage.costs.memory(course.recipe.batch, course.widest) for stage in stages) + held[0],
        blocks=first.costs.depth if keep and first.earns_cache else 0,
        cache=sum(held),
        epochs=course.epochs(plan),
    )
    if not course.is_known or speeds is None:
        return found
    once, learn, besides = _seconds(course, stages, speeds, keep)
    found = found._replace(once=once, epoch=learn / found.epochs, besides=besides, total=once + learn + besides)
    earned = any(stage.earns_cache for stage in stages)
    return found._replace(otherwise=sum(_seconds(course, stages, speeds, not keep))) if earned else found


def _cache(course: Schedule, costs: Costs) -> tuple[int, int]:
    """Bytes of the prefix cache in memory, or else in a file: one of them is 0."""
    values, wish = course.cached_values(costs), course.recipe.speed.cache_memory
    most = machine_memory()[1] / 4 if wish == "auto" else wish * GB
    return (round(values * FP32), 0) if values * FP32 <= most else (0, round(values * BF16))


def _seconds(course: Schedule, stages: list[Stage], speeds: Speeds, keep: bool) -> tuple[float, float, float]:
    """Seconds of encoding, of all epochs, and of what comes before and after them."""
    bills = [course.bill(stage.costs, keep and stage.earns_cache) for stage in stages]
    once = sum(speeds.seconds(bill.once) for bill in bills)
    learn = sum(stage.epochs * speeds.seconds(bill.epoch) for stage, bill in zip(stages, bills, strict=True))
    return once, learn, speeds.seconds(bills[-1].besides) + START
