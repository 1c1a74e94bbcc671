"""`workbench sweep`: one question that takes many runs, and a table for its answer."""

import argparse
import os
from pathlib import Path
from typing import Any

import msgspec

from core.architectures.lookup import preset_for
from core.architectures.models import MODELS
from core.errors import BadData, BadRecipe, BadRun, Problem
from core.exercises import EXERCISES, Facts
from core.options import layer, merge, options
from core.recipe import Recipe
from core.rows import Profile
from core.runs import group as groups
from core.runs.folder import RunFolder
from core.runs.group import Group
from core.runs.group_table import table_of
from core.runs.halving import IN_WORDS, Rung, due, halved
from core.runs.records import Status
from core.runs.root import PATHS, from_anywhere, runs_root
from core.runs.sweep import MANY, Plan, values_of
from core.wording import plural
from workbench.cli.flags import DONE, FAILED, INTERRUPTED, SOURCE, add_options, bring_small, layers_of
from workbench.cli.group_view import show_group
from workbench.cli.interrupts import Interrupts
from workbench.cli.printing import agreed, print_json, say
from workbench.cli.train import demand_columns, recipe_to_train
from workbench.cli.watch import Line, checked, in_words, tested, watch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="?", metavar="FILE", help=SOURCE)
    words = "values of an option, as train.lr=1e-4,3e-4: with several of these, every combination is run"
    parser.add_argument("--set", action="append", default=[], metavar="NAME=V1,V2", help=words)
    words = "run each setting with so many seeds, which tells how much is chance (1)"
    parser.add_argument("--seeds", type=int, metavar="N", help=words)
    words = "k-fold cross-validation: run each setting K times, so that every row is tested once"
    parser.add_argument("--folds", type=int, metavar="K", help=words)
    words = "; ".join(f"{name}: {exercise.question}" for name, exercise in EXERCISES.items())
    parser.add_argument("--exercise", choices=list(EXERCISES), help=f"a question by its name. {words}")
    words = "what the group of runs is called; one that is there is gone on with"
    parser.add_argument("--name", help=words)
    words = "stop the worse half of the settings on validation after a quarter of their epochs, and again after half"
    parser.add_argument("--halving", action="store_true", help=words)
    parser.add_argument("--yes", action="store_true", help=f"do not ask before making more than {MANY} runs")
    parser.add_argument("--detach", action="store_true", help="leave the runs in the queue and return at once")
    words = "say what the runs will cost on this machine, each and together; make none"
    parser.add_argument("--dry-run", action="store_true", help=words)
    add_options(parser, [*options(Recipe)])


def execute(given: argparse.Namespace) -> int:
    """Make the runs that are missing, wait for them, print what they come to; returns the exit code.

    Raises WorkbenchError, and where a setting is none, nothing has been made.
    """
    from core.text.usable import demand_model

    root = runs_root(given.runs)
    group = _asked(given, root)
    group.plan.demand_sound()  # before anybody is asked
    n_runs = group.plan.n_runs
    asks = n_runs > MANY and not (given.yes or given.dry_run)
    if asks and not agreed(f"That makes {plural(n_runs, 'run')}. Make them?"):
        do = "With fewer values or seeds there are fewer; --yes makes them all."
        raise BadRecipe([Problem("sweep", f"makes {plural(n_runs, 'run')}, and nobody agreed.", do)])
    for name in group.plan.varied.get("model.name", []):
        bring_small(str(name), typed=True)
    planned = group.plan.planned(group.name)
    for recipe in {repr((one.recipe.model, one.recipe.data)): one.recipe for one in planned}.values():
        demand_model(preset_for(recipe), recipe.model.weights)
        if not recipe.data.fold_of or recipe.data.fold_of[0] == 1:  # other folds are of the same file
            demand_columns(recipe.data)
    if given.dry_run:
        from workbench.cli.sweep_cost import show_costs

        return show_costs(group, planned, root, given.json)
    if group.plan.folds and not groups.runs_of(root, group.name):
        _look_at(planned[0].recipe, root)  # else every fold would fail by itself
    group = groups.keep(root, group, named=bool(given.name))
    with Interrupts() as interrupts:
        if group.halving:
            _by_halves(root, group, interrupts)
        else:
            runs = groups.fill(root, group, group.plan.planned(group.name))
            if not given.detach:
                with Line(group.name, len(runs)) as line:
                    watch(root, runs, line, interrupts)
    if given.detach and not interrupts.count:
        if given.json:
            print_json({"group": group.name, "runs": [str(run.path) for run in runs]})
        else:
            say(
                [f"{group.name}: {plural(len(runs), 'run')} in the queue. Look at it with: workbench show {group.name}"]
            )
        return DONE
    table = table_of(root, group)
    show_group(table, given.json)
    if table.done == table.planned:
        return DONE
    say([f"Not all is done. Go on with: {group.go_on}"], to_errors=True)
    return INTERRUPTED if interrupts.count else FAILED


def _by_halves(root: Path, group: Group, interrupts: Interrupts) -> None:
    """Let the settings that are in learn as far as it is decided next, until those that are left have learned all."""
    planned = group.plan.planned(group.name)
    places = [one.member for one in planned]
    before: tuple | None = None
    while not interrupts.count:
        runs = groups.runs_of(root, group.name)
        found = halved(places, runs)
        left = due(found, places, runs)
        if not left or (found.share, left) == before:  # a run that does not get there is not tried for ever
            return
        before = found.share, left
        made = groups.fill(root, group, [one for one in planned if one.member in left])
        name = f"{group.name}, {IN_WORDS[found.share]}" if found.share else group.name
        over = Rung(found.share) if found.share else lambda run: False
        with Line(name, len(made), tested if found.share is None else _reached) as line:
            watch(root, made, line, interrupts, over)


def _reached(run: RunFolder, status: Status) -> str:
    at = f"step {status.step:,} of {status.n_steps:,}"
    return checked(run, status) if status.state == "done" else at if status.state == "stopped" else in_words(status)


def _asked(given: argparse.Namespace, root: Path) -> Group:
    """The group that was asked for: one that is there, where nothing but its name is given, or a new one."""
    layers, seeds = layers_of(given), 1 if given.seeds is None else given.seeds
    if seeds < 1:
        raise BadRecipe([Problem("--seeds", f"cannot be {seeds}.", "One is the least.")])
    varies = given.set or given.exercise or given.folds or given.halving
    there = groups.find(root, given.name) if given.name else None
    if there and there.budget:
        raise BadRun(f"{there.name} is no sweep.", f"Go on with it: {there.go_on}")
    if there and not layers and not varies:
        return msgspec.structs.replace(there, plan=there.plan.widened(seeds))
    if given.name:
        groups.demand_name(given.name)
    if given.halving and given.detach:
        raise BadRecipe([Problem("--halving", "goes not with --detach: the command decides who goes on.")])
    if not varies and seeds == 1:
        what, do = "nothing varies.", "Say what does, with --set, --seeds, --folds or --exercise."
        if given.name and not layers:
            what, do = f"there is no group {given.name} in {root}.", "workbench runs lists them."
        raise BadRecipe([Problem("sweep", what, do)])
    plan = _plan(given, layers, seeds)
    exercise = given.exercise or ""
    if given.halving and plan.n_settings < 2:
        raise BadRecipe([Problem("--halving", "has no settings to choose between.", "Vary something with --set.")])
    if given.name:
        return Group(name=given.name, plan=plan, exercise=exercise, halving=given.halving)
    group = groups.group_for(root, plan, exercise, given.halving)
    if groups.find(root, group.name):
        say([f"{group.name} asks just this and is not done: it goes on."], to_errors=True)
    return group


def _plan(given: argparse.Namespace, layers: list[dict], seeds: int) -> Plan:
    """What is to vary, over what is the same in all runs. Raises BadRecipe."""
    varied: dict[str, list[Any]] = dict(values_of(given.set))
    recipe = recipe_to_train(given)
    if given.exercise:
        exercise = EXERCISES[given.exercise]
        if exercise.option in varied:
            what = f"varies {exercise.option} itself."
            raise BadRecipe([Problem("--exercise", what, "Leave out one of the two.")])
        varied = {exercise.option: exercise.values(_facts(recipe, runs_root(given.runs)))} | varied
        if exercise.option == "preset":  # each is asked of one model, and not of its own
            layers = [layer("model.name", recipe.model.name), *layers]
    if both := [name for name in varied if name in vars(given)]:
        raise BadRecipe([Problem(name, "is given once, and varied.", "Leave out one of the two.") for name in both])
    varied = {name: [_anywhere(name, value) for value in values] for name, values in varied.items()}
    base = in_any_folder(merge(*layers), recipe)
    return Plan(base=base, varied=varied, seeds=seeds, folds=0 if given.folds is None else given.folds)


def in_any_folder(base: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    """What runs share, with the paths in it as they are meant in any folder; `recipe` is what it makes."""
    for name in PATHS:
        part, _, key = name.partition(".")
        if key in base.get(part, {}):
            base = merge(base, layer(name, from_anywhere(name, getattr(getattr(recipe, part), key))))
    return base


def _anywhere(name: str, value: Any) -> Any:
    """A varied value as it is meant in any folder; what is no path stays as it was given, and is named so."""
    return from_anywhere(name, value) if name in PATHS and os.path.exists(value) else value


def models_here() -> list[str]:
    """The names of the models whose weights are on this machine."""
    from core.model_files.kept import where

    return [name for name, preset in MODELS.items() if where(preset) != "download"]


def _facts(recipe: Recipe, root: Path) -> Facts:
    return Facts(recipe, lambda: sum(_look_at(recipe, root).splits["train"].values()), models_here)


def _look_at(recipe: Recipe, root: Path) -> Profile:
    """What is in the data under a recipe. Raises BadData where nothing can be learned from it."""
    from workbench.cli.data import profiled

    found = profiled(recipe, root)
    if found.problem:
        raise BadData(found.problem)
    return found
