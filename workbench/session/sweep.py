"""What the next runs are to vary: several values for some options of the draft, seeds, folds; and starting them."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from textual.app import App
from textual.signal import Signal

from core import command_line
from core.architectures.lookup import demand_weights, preset_for
from core.architectures.models import MODELS
from core.errors import BadData, BadRecipe, Problem
from core.exercises import EXERCISES, Facts
from core.options import layer, merge
from core.recipe import Recipe
from core.runs import group as groups
from core.runs.group import Group
from core.runs.root import PATHS, from_anywhere
from core.runs.sweep import FOLD, Plan, values_of
from core.wording import plural
from workbench.session.draft import KEPT_BY_PRESETS, Draft

SEEDS = 3
PRICED = 64  # settings that are priced one by one; of more, each is taken for the draft itself
BETWEEN = " | "


class Sweep:
    """`varied` has the values of each option as they were typed; widgets subscribe to `changed` in `on_mount`."""

    def __init__(self, app: App, root: Path, draft: Draft):
        self._root, self._draft = root, draft
        self.varied: dict[str, list[str]] = {}
        self.seeds = SEEDS
        self.folds = 0  # parts of k-fold cross-validation; 0 are none
        self.problems: list[Problem] = []  # why it could not be started, by option
        self.changed: Signal[Sweep] = Signal(app, "sweep changed")

    @property
    def plan(self) -> Plan:
        """What stands in the recipe's form."""
        return self.plan_of(self.varied, self.seeds, self.folds)

    @property
    def marked(self) -> set[str]:
        """The options of which several values are to be run."""
        return {*self.varied, *([FOLD] if self.folds else [])}

    @property
    def command_line(self) -> str:
        return command_line.sweep(self._draft.recipe, self.varied, self.seeds, self.folds)

    def plan_of(self, varied: Mapping[str, Sequence[Any]], seeds: int, folds: int = 0) -> Plan:
        """The draft, with several values for some of its options, each with so many seeds, in so many folds."""
        recipe = self._draft.recipe
        base: dict[str, Any] = recipe.model_dump(mode="json")
        if "preset" in varied:  # what else the draft says would take the place of what each preset says
            base = merge(*(layer(name, _of(recipe, name)) for name in KEPT_BY_PRESETS))
        paths = (layer(name, from_anywhere(name, _of(recipe, name))) for name in PATHS if _is_set(base, name))
        meant = {name: [from_anywhere(name, value) for value in values] for name, values in varied.items()}
        return Plan(base=merge(base, *paths), varied=meant, seeds=seeds, folds=folds)

    def values(self, name: str) -> str:
        """The values of an option as they are typed, or how many folds; empty where it does not vary."""
        if name == FOLD and self.folds:
            return plural(self.folds, "fold")
        return BETWEEN.join(self.varied.get(name, []))

    async def mark(self, name: str, words: str, seeds: int) -> None:
        """Have an option take several values. Raises BadRecipe where that makes a plan that is none."""
        varied = self.varied | self.typed(name, words)
        plan = self.plan_of(varied, seeds, self.folds)
        if plan.n_runs == 1:
            raise BadRecipe([Problem(name, "One value and one seed make one run.", "Give two values, or more seeds.")])
        await asyncio.to_thread(plan.planned, "sweep")
        self.varied, self.seeds, self.problems = varied, seeds, []
        self.changed.publish(self)

    async def cut(self, folds: int, seeds: int) -> None:
        """Have every row tested once, in so many folds. Raises BadRecipe, and BadData where the rows allow no such."""
        await asyncio.to_thread(self.plan_of(self.varied, seeds, folds).planned, "sweep")
        await self._draft.demand_folds(folds)
        self.folds, self.seeds, self.problems = folds, seeds, []
        self.changed.publish(self)

    @staticmethod
    def typed(name: str, words: str) -> dict[str, list[str]]:
        """Values as a person types them, separated by commas or |. Raises BadRecipe."""
        return values_of([f"{name}={words}"])

    def unmark(self, name: str) -> None:
        self.varied = {other: values for other, values in self.varied.items() if other != name}
        self.folds = 0 if name == FOLD else self.folds
        self.problems = []
        self.changed.publish(self)

    def clear(self) -> None:
        """Go on with single runs."""
        self.varied, self.folds, self.problems = {}, 0, []
        self.changed.publish(self)

    def asks(self, exercise: str, seeds: int) -> Plan:
        """The plan of a question by its name. Raises BadRecipe and BadData where the draft has no answer to it."""
        asked = EXERCISES[exercise]
        facts = Facts(self._draft.recipe, self._rows, self._models)
        return self.plan_of({asked.option: [_plain(value) for value in asked.values(facts)]}, seeds)

    def _rows(self) -> int:
        profile = self._draft.profile
        if profile is None:
            raise BadData("How many labels there are is known once the file has been read.", "1 leads to Data.")
        return profile.training_rows

    def _models(self) -> list[str]:
        found = [name for name in MODELS if self._draft.models.get(name) in ("built in", "on disk")]
        if len(found) < 2:
            raise BadRecipe([Problem("model.name", "fewer than two models are here.", "Fetch one in Backbone.")])
        return found

    def seconds(self, plan: Plan) -> float | None:
        """What all runs take, as far as it can be told: without what they share. Raises BadRecipe."""
        from core.estimate.prices import price

        draft = self._draft
        recipes = plan.recipes() if plan.n_settings <= PRICED else [draft.recipe]
        same = draft.recipe.model.name
        each = [price(one, draft.profile, one.plan, draft.speeds if one.model.name == same else None).total
                for one in recipes]  # fmt: skip
        known = [seconds for seconds in each if seconds is not None]
        return sum(known) / len(known) * plan.n_runs if known else None

    async def start(self, plan: Plan, exercise: str = "") -> Group:
        """Put the runs of a plan into the queue; a group that asks just this and is not done goes on.

        Raises BadRecipe before anything is made, BadModel where weights are missing, BadRun.
        """

        def begin() -> Group:
            group = groups.group_for(self._root, plan, exercise)
            planned = group.plan.planned(group.name)
            for recipe in {repr(one.recipe.model): one.recipe for one in planned}.values():
                demand_weights(preset_for(recipe), recipe.model.weights)
            group = groups.keep(self._root, group, named=False)
            groups.fill(self._root, group, group.plan.planned(group.name))
            return group

        return await asyncio.to_thread(begin)

    def refuse(self, problems: list[Problem]) -> None:
        """Say at the options why what varies cannot be started."""
        self.problems = problems
        self.changed.publish(self)


def _of(recipe: Recipe, name: str) -> Any:
    part, option = name.split(".")
    return getattr(getattr(recipe, part), option)


def _is_set(base: Mapping[str, Any], name: str) -> bool:
    part, option = name.split(".")
    return option in base.get(part, {})


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else str(value)
