"""What a sweep is to run: the settings that its values make, each with its seeds and folds, as recipes. No torch."""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from core.errors import BadRecipe, Problem
from core.options import MOST_PROBLEMS, layer, nearest, options
from core.recipe import Recipe, load
from core.runs.compare import in_words
from core.runs.records import Member

MOST = 10_000  # runs
MANY = 100  # runs; of more a person is asked first
SEED, FOLD = "train.seed", "data.fold"
SELF_EVIDENT = {"freeze.trainable", "model.name"}  # options of which a value says what it is


class Planned(NamedTuple):
    """A run that is to be made, and its place in its group."""

    member: Member
    recipe: Recipe


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`base` is what all runs share, as a layer for `load`; `varied` has several values for some options, of which
    every combination is a setting, or else the settings are `listed`, with an option's values each.

    Every setting is run with so many seeds, one after the other from the base's on, and in so many folds; 0 are none.
    """

    base: dict[str, Any]
    varied: dict[str, list[Any]] = {}
    listed: list[dict[str, Any]] = []
    seeds: int = 1
    folds: int = 0

    @property
    def n_settings(self) -> int:
        return len(self.listed) or math.prod(map(len, self.varied.values()))

    @property
    def names(self) -> list[str]:
        """The options that differ between the settings."""
        return list(dict.fromkeys(name for setting in (self.varied, *self.listed) for name in setting))

    @property
    def n_runs(self) -> int:
        return self.n_settings * self.seeds * max(1, self.folds)

    @property
    def settings(self) -> list[dict[str, Any]]:
        """Each setting's values by option: as listed, or all combinations, the last option's value changing first."""
        if self.listed:
            return self.listed
        return [dict(zip(self.varied, values, strict=True)) for values in itertools.product(*self.varied.values())]

    def recipes(self) -> list[Recipe]:
        """The recipe of each setting, with the first seed and no fold. Raises BadRecipe as `planned` does."""
        found: list[Recipe] = []
        known = {option.name: option for option in options(Recipe)}
        unknown = {name for name in self.names if name not in known}
        problems = {
            Problem(name, "is not an option.", nearest(name, known)): None for name in self.names if name in unknown
        }
        for setting in self.settings:
            try:
                found.append(load(self.base, *(layer(*each) for each in setting.items() if each[0] not in unknown)))
            except BadRecipe as error:
                problems.update(dict.fromkeys(error.problems))
        if problems:
            raise BadRecipe([*problems][:MOST_PROBLEMS])
        return found

    def planned(self, group: str) -> list[Planned]:
        """Every run, all settings with one seed and fold before those with the next, so that a table fills evenly.

        Raises BadRecipe with every problem of every setting.
        """
        self.demand_sound()
        recipes, found = self.recipes(), []
        problems: dict[Problem, None] = {}
        for step, fold in itertools.product(range(self.seeds), range(1, self.folds + 1) or [0]):
            for number, (setting, recipe) in enumerate(zip(self.settings, recipes, strict=True)):
                layers = [layer(name, value) for name, value in setting.items()]
                layers += [layer(SEED, recipe.train.seed + step)]
                layers += [layer(FOLD, f"{fold}/{self.folds}")] if fold else []
                try:
                    made = load(self.base, *layers)
                except BadRecipe as error:
                    problems.update(dict.fromkeys(error.problems))
                else:
                    found.append(Planned(Member(group, number, step, fold), made))
        if problems:
            raise BadRecipe([*problems][:MOST_PROBLEMS])
        return found

    def widened(self, seeds: int) -> "Plan":
        """This plan with so many seeds, where it has fewer."""
        return msgspec.structs.replace(self, seeds=max(self.seeds, seeds))

    def goes_on_with(self, other: "Plan") -> bool:
        """Whether this one runs what another began, with more seeds perhaps."""
        mine, its = ((plan.base, plan.varied, plan.listed, plan.folds) for plan in (self, other))
        return mine == its

    def has(self, member: Member) -> bool:
        """Whether a place is one of this plan's."""
        is_fold = 1 <= member.fold <= self.folds if self.folds else member.fold == 0
        return member.setting < self.n_settings and member.seed < self.seeds and is_fold

    def demand_sound(self) -> None:
        """Raises BadRecipe where the seeds and folds are none, or make too many runs; values are not looked at."""
        problems = []
        if self.seeds < 1:
            problems.append(Problem("--seeds", f"cannot be {self.seeds}.", "One is the least."))
        if self.folds < 0 or self.folds == 1:
            problems.append(Problem("--folds", f"cannot be {self.folds}.", "Two are the fewest."))
        for name, many, flag in ((SEED, self.seeds > 1, "--seeds"), (FOLD, self.folds > 0, "--folds")):
            if name in self.names and many:
                problems.append(Problem(flag, f"goes not with several values of {name}.", "Leave out one of the two."))
        if self.n_runs > MOST:
            what = f"would make {self.n_runs:,} runs, and {MOST:,} are the most."
            problems.append(Problem("sweep", what, "Ask with fewer values first."))
        if problems:
            raise BadRecipe(problems)


def values_of(words: Iterable[str]) -> dict[str, list[str]]:
    """What `NAME=VALUE,VALUE` say, by name. Between values that hold commas themselves stands |.

    Raises BadRecipe with every problem found; whether the names and values are an option's is not asked.
    """
    found: dict[str, list[str]] = {}
    problems = []
    for each in words:
        name, equals, given = each.partition("=")
        name, values = name.strip(), [value.strip() for value in given.split("|" if "|" in given else ",")]
        if not equals or not name:
            problems.append(Problem("--set", f"{each!r} is no NAME=VALUE,VALUE.", "For example train.lr=1e-4,3e-4."))
        elif "" in values:
            problems.append(Problem("--set", f"{each!r} has an empty value.", "Leave out the comma, or fill it in."))
        elif name in found:
            problems.append(Problem("--set", f"{name} is there twice.", f"Write all values in one: {name}=V1,V2."))
        elif twice := [value for value in dict.fromkeys(values) if values.count(value) > 1]:
            problems.append(Problem("--set", f"{name} has {twice[0]} twice.", "Repeat runs with --seeds."))
        else:
            found[name] = values
    if problems:
        raise BadRecipe(problems)
    return found


def titles(plan: Plan, recipes: Sequence[Recipe]) -> list[str]:
    """What each setting is called: the words for its values, with the names of the options where several vary."""
    if not plan.names:
        return ["all alike"] * len(recipes)
    return [" · ".join(_said(plan.names, recipe)) for recipe in recipes]


def _said(names: Sequence[str], recipe: Recipe) -> Iterable[str]:
    known = {option.name: option for option in options(Recipe)}
    for name in names:
        words = recipe.plan.in_words if name == "freeze.trainable" else in_words(known[name].of(recipe))
        yield words if len(names) == 1 else f"{name.rpartition('.')[2].replace('_', ' ')} {words}"


def varies(names: Sequence[str]) -> str:
    """What settings differ in, as the head of their column: 'lr'; 'setting' where that is more than one option."""
    name = names[0].replace("model.name", "model") if len(names) == 1 else "setting"
    return name.rpartition(".")[2].replace("_", " ")


def called(title: str, names: Sequence[str]) -> str:
    """A setting away from its column: 'lr 0.0003', '200 labels'; what says itself what it is stays 'last block'."""
    if len(names) != 1 or names[0] in SELF_EVIDENT:
        return title
    return f"{title} labels" if names[0] == "data.learn_from" else f"{varies(names)} {title}"
