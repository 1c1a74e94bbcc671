"""`workbench auto`: the best classifier within a budget of time, every step a run of its own."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import BadData, BadRecipe, BadRun, Problem
from core.estimate.candidates import candidates
from core.options import layer, merge, options
from core.presets import RECIPES
from core.recipe import Recipe, load
from core.rows import Profile
from core.runs import auto
from core.runs import group as groups
from core.runs.auto import Budget, Candidate
from core.runs.auto_table import auto_table, outcome_of, runs_by_candidate, unfinished
from core.runs.control import Epochs
from core.runs.edits import of_data
from core.runs.folder import RunFolder
from core.runs.group import Group
from core.runs.history import History
from core.runs.records import Member
from core.runs.root import runs_root
from core.runs.sweep import Plan, Planned
from workbench.cli.auto_view import show_auto
from workbench.cli.flags import DONE, FAILED, INTERRUPTED, SOURCE, add_options, layers_of
from workbench.cli.interrupts import Interrupts
from workbench.cli.printing import bars, say
from workbench.cli.sweep import in_any_folder, models_here
from workbench.cli.train import demand_columns, recipe_to_train
from workbench.cli.watch import Line, checked, watch

if TYPE_CHECKING:
    from core.data.survey import Survey

MINUTES, MOST = 5.0, 100_000.0
OWN = {"model", "freeze", "lora", "train"}  # parts of a recipe that are chosen here
CHECKED = 2.0  # seconds between two looks at how fast a run learns
STEADY = 20  # steps that tell how fast; the first are slower


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", nargs="?", metavar="FILE", help=SOURCE)
    words = f"the budget: what all runs together may take ({MINUTES:g})"
    parser.add_argument("--minutes", type=float, metavar="N", help=words)
    parser.add_argument("--name", help="what the group of runs is called; one that is there is gone on with")
    add_options(parser, [each for each in options(Recipe) if _is_given(each.name)])


def _is_given(option: str) -> bool:
    return option.partition(".")[0] not in OWN and option != "data.probe"


def execute(given: argparse.Namespace) -> int:
    """Try what the budget holds, and print what is best; returns the exit code.

    Raises WorkbenchError, and where nothing can be learned from the data, nothing has been made.
    """
    clock, root = Clock(), runs_root(given.runs)
    group = groups.keep(root, _asked(given, root), named=bool(given.name))
    assert group.budget is not None
    clock.left = group.budget.seconds - sum(outcome_of(run).seconds for run in runs_by_candidate(root, group).values())
    with Interrupts() as interrupts, Line(group.name, len(auto.taken_in(group.budget)), checked) as line:
        _try_all(root, group, clock, line, interrupts)
    if not interrupts.count:
        group = groups.keep(root, _within(group, group.budget.seconds, over=True))
    table = auto_table(root, group)
    show_auto(table, given.json)
    if interrupts.count:
        say([f"Not all is done. Go on with: {group.go_on}"], to_errors=True)
        return INTERRUPTED
    return FAILED if table.chosen is None else DONE


def _try_all(root: Path, group: Group, clock: "Clock", line: Line, interrupts: Interrupts) -> None:
    """Make and run one candidate after the other, until nothing is left that the budget holds."""
    budget, tried = group.budget, set[int]()
    assert budget is not None
    while not interrupts.count:
        runs = runs_by_candidate(root, group)
        outcomes = {i: outcome_of(run) for i, run in runs.items()}
        for number in tried & outcomes.keys():  # one that vanished again and again would be tried for ever
            outcomes[number] = outcomes[number]._replace(over=True)
        clock.tick()
        step = auto.next_step(budget, outcomes, budget.seconds - clock.left)
        if step is None:
            return
        tried.add(step.number)
        candidate = budget.candidates[step.number]
        planned = Planned(Member(group.name, step.number, 0), _recipe(group, step, candidate))
        (run,) = groups.fill(root, group, [planned])
        watch(root, [run], line, interrupts, Keeper(clock, candidate, auto.slowness(budget, outcomes)))


def _recipe(group: Group, step: auto.Step, candidate: Candidate) -> Recipe:
    setting = group.plan.settings[step.number]
    fewer = [layer("train.epochs", step.epochs)] if step.epochs < candidate.epochs else []
    return load(merge(group.plan.base, *(layer(*each) for each in setting.items()), *fewer))


class Clock:
    """The seconds that are `left` of a budget. What passes while others' runs have their turn is not counted."""

    def __init__(self) -> None:
        self.left, self._at = 0.0, time.monotonic()

    def tick(self, waiting: bool = False) -> None:
        """Count the time since the last tick, unless it was spent `waiting`."""
        now = time.monotonic()
        self.left -= 0.0 if waiting else now - self._at
        self._at = now


class Keeper:
    """Keeps a run within the budget: asked at every look, it says when the run is to be stopped. One that turns out
    slower is told to learn for fewer epochs first, so that it comes to its end. Words are left alone.
    """

    def __init__(self, clock: Clock, candidate: Candidate, slowness: float):
        self._clock, self._candidate = clock, candidate
        self._after = candidate.besides * slowness  # seconds from the last step to the result, rather more than less
        self._history, self._offset, self._checked, self._told = History(), 0, 0.0, candidate.epochs + 1

    def __call__(self, run: RunFolder) -> bool:
        self._clock.tick(waiting=run.queued_file.exists() and not run.locked())
        if self._candidate.kind == "words":
            return False
        if self._clock.left > 0 and time.monotonic() - self._checked > CHECKED:
            self._shorten(run)
            self._checked = time.monotonic()
        return self._clock.left <= 0

    def _shorten(self, run: RunFolder) -> None:
        history = self._history
        events, self._offset = run.events(self._offset)
        for event in events:
            history.apply(event)
        to_go, started = history.seconds_left, history.started
        if to_go is None or started is None or history.step < STEADY:
            return
        left = self._clock.left - self._after
        epochs = auto.shortened(history.step, started.n_steps, started.epochs, to_go, left)
        if epochs is not None and epochs < min(self._told, started.epochs):
            run.send(Epochs(epochs))
            self._told = epochs


def _asked(given: argparse.Namespace, root: Path) -> Group:
    """The group that was asked for: one that is there, or a new one. Raises WorkbenchError."""
    minutes = given.minutes
    if minutes is not None and not 0 < minutes <= MOST:
        what = f"cannot be {minutes:g}."
        raise BadRecipe([Problem("--minutes", what, f"It is above 0, and {MOST:,.0f} at most; 0.5 is half a minute.")])
    layers = layers_of(given)
    there = groups.find(root, given.name) if given.name else None
    if there and not there.budget:
        raise BadRun(f"{there.name} has no budget: it is a sweep.", f"Go on with it: {there.go_on}")
    if there and there.budget and not layers:
        return there if minutes is None else _within(there, minutes * 60)
    if given.name:
        groups.demand_name(given.name)
    if given.source is None:
        what, do = "no file is named.", "Name the labelled texts: workbench auto FILE"
        if given.name:
            what, do = f"there is no group {given.name} in {root}.", "workbench runs lists them."
        raise BadRecipe([Problem("auto", what, do)])
    base, seconds = _base(given, layers), (MINUTES if minutes is None else minutes) * 60
    if there and there.plan.base == base:
        return there if minutes is None else _within(there, seconds)
    if not given.name and (open_one := unfinished(root, base, seconds)):
        say([f"{open_one.name} asks just this and is not done: it goes on."], to_errors=True)
        return open_one
    found = candidates(base, models_here(), Looks(root))
    plan = Plan(base=base, listed=[each.setting for each in found])
    budget = Budget(seconds, [each.candidate for each in found])
    return Group(name=given.name or groups.free_name(root, "auto"), plan=plan, budget=budget)


def _within(group: Group, seconds: float, over: bool = False) -> Group:
    """A group with so many seconds for all that it tries; with another number it is not over."""
    assert group.budget is not None
    over = over or (group.budget.over and seconds == group.budget.seconds)
    return msgspec.structs.replace(group, budget=Budget(seconds, group.budget.candidates, over))


def _base(given: argparse.Namespace, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """What all runs share. Raises BadRecipe where that says what is chosen here, or its data is not there."""
    merged, recipe = merge(*layers), recipe_to_train(given)
    if wrong := sorted(OWN & (merged.keys() | RECIPES[recipe.preset].keys())):
        do = "Leave it out, or train with it: workbench train."
        raise BadRecipe([Problem(name, "is chosen by auto itself.", do) for name in wrong])
    demand_columns(recipe.data)
    return merge(in_any_folder(merged, recipe), layer("data.probe", "off"))  # probes are runs of their own


class Looks:
    """Looks at the data under one recipe after the other, with what was mended beside the runs of a root, and reads
    the file once.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._earlier: Survey | None = None

    def __call__(self, recipe: Recipe) -> Profile:
        """Raises BadData where the rows cannot be learned from."""
        from core.data.profile import profile

        with bars() as progress:
            mended = of_data(self._root, recipe.data)
            found, self._earlier = profile(recipe, progress, self._earlier, mended)
        if found.problem:
            raise BadData(found.problem)
        return found
