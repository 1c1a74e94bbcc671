"""Which parts learn when: as the recipe says, as a run is told, and as a model is frozen."""

from core.freeze import FreezePlan
from core.model.classifier import Classifier
from core.options import resolved
from core.recipe import Recipe
from core.recipe_parts import Train
from core.runs.control import Settings
from core.runs.events import Trainable
from core.train.control_source import ControlSource


def settings_of(train: Train) -> Settings:
    """What a recipe that leaves nothing open learns with, until it is told otherwise."""
    return Settings(resolved(train.lr), resolved(train.head_lr), resolved(train.epochs))


def plan_at(recipe: Recipe, control_source: ControlSource, step: int) -> FreezePlan:
    """What learns in the step after `step` steps: what the run was told last, or what its recipe says."""
    chosen = control_source.settings(settings_of(recipe.train), step).trainable
    return FreezePlan.parse(chosen, recipe.plan.n_blocks) if chosen else recipe.plan_after(step)


def recipe_at(recipe: Recipe, control_source: ControlSource, step: int) -> Recipe:
    """The recipe of the step after `step` steps: what learns then, and whether a schedule goes on to thaw more."""
    chosen = control_source.settings(settings_of(recipe.train), step).trainable
    return recipe.with_plan(plan_at(recipe, control_source, step), 0 if chosen else recipe.freeze.thaw_every)


def trainable(model: Classifier, now: Recipe, step: int, scheduled: bool = False) -> Trainable:
    """What of a model learns after `step` steps, by the recipe of `recipe_at`; `scheduled` as in the event."""
    plan = now.plan
    return Trainable(
        parts=str(plan),
        words=plan.in_words,
        parameters=sum(p.numel() for _, p in model.trainable_parameters()),
        depth=plan.depth or 0,
        thaws=bool(now.freeze.thaw_every and plan.thawed(1) != plan),
        scheduled=scheduled,
        step=step,
    )
