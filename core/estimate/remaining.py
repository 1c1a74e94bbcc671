"""What another freeze plan makes of the rest of a live run, by that run's own pace. No torch."""

from core.architectures.lookup import architecture_for
from core.estimate.cost import Costs, Workload
from core.estimate.speeds import Speeds
from core.freeze import FreezePlan
from core.recipe import Recipe
from core.runs.history import History

USUAL = 1e11  # FLOP/s, where nothing was measured: only how plans compare is taken from it


def plan_now(recipe: Recipe, history: History) -> FreezePlan:
    """What learns in a run at present."""
    return FreezePlan.parse(history.trainable, recipe.plan.n_blocks) if history.trainable else recipe.plan


def extra_seconds(recipe: Recipe, history: History, plan: FreezePlan, speeds: Speeds | None) -> float | None:
    """How many seconds more the rest of a run takes with another freeze plan; below 0 where fewer.

    None before the run has a pace of its own.
    """
    if history.started is None or not history.steps_per_second:
        return None
    speeds, arch, now = speeds or Speeds.estimated(USUAL), architecture_for(recipe), plan_now(recipe, history)
    n_classes, texts = len(history.started.labels), recipe.batch * recipe.train.accumulate
    width = max(1.0, history.tokens_per_second / history.steps_per_second / texts)

    def load(n: int, batches: int) -> Workload:
        return Workload.of(arch, {width: n}, batches)

    def step(plan: FreezePlan, cached: bool) -> float:
        return speeds.seconds(Costs.of(recipe, n_classes, plan).learn(load(texts, recipe.train.accumulate), cached))

    no_room = recipe.encodes(history.started.rows["train"]) and history.encoded is None  # as its worker found
    cached = bool(plan.depth) and recipe.speed.cache != "off" and not no_room
    present = step(now, history.reads_cache)
    slower = 1 / history.steps_per_second / present  # than was reckoned, evaluations and other work aside
    more = (history.n_steps - history.step) * slower * (step(plan, cached) - present)
    if cached and not (history.reads_cache and (plan.depth, plan.head_alone) == (now.depth, now.head_alone)):
        rows = history.started.rows["train"] + history.started.rows["validation"]
        known = history.encoded
        if known and known.blocks:
            more += known.cost / known.blocks * (plan.depth or 0)
        else:
            work = Costs.of(recipe, n_classes, plan).encode(load(rows, rows // texts + 1))
            more += slower * speeds.seconds(work)
    return more
