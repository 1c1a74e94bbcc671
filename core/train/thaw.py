"""Which parts learn when: as the recipe says, as a run is told, and as a model is frozen."""

from core.model.classifier import Classifier, part_of
from core.model.freeze import FreezePlan
from core.recipe import Recipe, Train
from core.runs.control import Settings
from core.runs.events import Trainable
from core.train.orders import Orders


def settings_of(train: Train) -> Settings:
    """What a recipe that leaves nothing open learns with, until it is told otherwise."""
    return Settings(train.lr, train.head_lr, train.epochs)


def plan_at(recipe: Recipe, orders: Orders, step: int) -> FreezePlan:
    """What learns in the step after `step` steps: what the run was told last, or what its recipe says."""
    told = orders.settings(settings_of(recipe.train), step).trainable
    return FreezePlan.parse(told, recipe.plan.n_blocks) if told else recipe.plan_after(step)


def recipe_at(recipe: Recipe, orders: Orders, step: int) -> Recipe:
    """The recipe of the step after `step` steps: what learns then, and whether a schedule goes on to thaw more."""
    told = orders.settings(settings_of(recipe.train), step).trainable
    return recipe.learning(plan_at(recipe, orders, step), 0 if told else recipe.freeze.thaw_every)


def plan_of(model: Classifier) -> FreezePlan:
    """The plan that a model was frozen by."""
    return FreezePlan.of(len(model.backbone.h), {part_of(name) for name, _ in model.learning()})


def trainable(model: Classifier, step: int, scheduled: bool = False) -> Trainable:
    """What of a model learns after `step` steps."""
    plan = plan_of(model)
    n = sum(p.numel() for _, p in model.learning())
    return Trainable(
        parts=str(plan), words=plan.in_words, parameters=n, depth=plan.depth or 0, scheduled=scheduled, step=step
    )
