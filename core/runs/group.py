"""A group: runs that answer one question together. No torch here.

A file in `.groups` under the root says what the group is to run, and each of its runs keeps its place in the group in
its own folder, written before its recipe. So a group that was killed at any moment is gone on with from what is there:
a run that is missing is made, one that has ended without a result is taken up again, and none is made twice.
"""

import itertools
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from core import files, inside
from core.errors import BadRecipe, BadRun, WorkbenchError
from core.runs import document, mark, queue
from core.runs.auto import Budget
from core.runs.folder import RunFolder
from core.runs.halving import due, halved
from core.runs.records import GROUP, Member
from core.runs.root import NUMBERED, create_run, list_runs, member_of
from core.runs.sweep import Plan, Planned

FOLDER = ".groups"  # under the root
LOCK = ".lock"
RESERVED = {"last"}  # what a run is called where a group may be, too


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run under one name; `exercise` names the question where it is one of those by name. Where there is
    a `budget`, its rule says which of the plan's settings are run; `halving` stops the worse half of them early.
    """

    name: str
    plan: Plan
    exercise: str = ""
    budget: Budget | None = None
    halving: bool = False

    @property
    def go_on(self) -> str:
        """The command that goes on with it."""
        return f"workbench {'auto' if self.budget else 'sweep'} --name {self.name}"

    def goes_on_with(self, other: "Group") -> bool:
        """Whether it asks what another began, with more seeds perhaps, or within another budget."""
        kinds = {(one.exercise, one.halving, one.budget is None) for one in (self, other)}
        return len(kinds) == 1 and self.plan.goes_on_with(other.plan)


def find(root: Path, name: str) -> Group | None:
    """The group of that name under a root; None where there is none.

    Raises BadRun where it cannot be read, or its file is gone and its runs are there.
    """
    if not _is_name(name):
        return None
    folder = root / FOLDER
    try:
        inside.demand_folder(folder)
        found = document.read(folder / f"{name}.json", folder, Group)
    except NotADirectoryError:
        found = None
    if found is None and name in _of_runs(root):  # a group of the same name would take them for its own
        what = f"What {name} was to run is not known any more: its file in {FOLDER} is gone."
        raise BadRun(what, "Its runs are there as any others: workbench runs --all")
    if found is not None and found.name != name:
        raise document.damaged(folder / f"{name}.json", f"it is that of the group {found.name[:64]}")
    return found


def demand_name(name: str) -> None:
    """Raises BadRun where a group cannot be called that."""
    if not _is_name(name):
        what = f"A group cannot be called {name}."
        raise BadRun(what, "Letters, digits, dots and hyphens make a name; a run's own, such as r4 or last, is none.")


def free_name(root: Path, stem: str) -> str:
    """A name that no group has yet: the stem and a number."""
    of_runs = _of_runs(root)  # which stay where a group's file is gone
    names = (f"{stem}-{i}" for i in itertools.count(1))
    return next(name for name in names if name not in of_runs and not os.path.lexists(root / FOLDER / f"{name}.json"))


def names(root: Path) -> list[str]:
    """The names of all groups under a root."""
    return sorted(file.stem for file in (root / FOLDER).glob("*.json") if _is_name(file.stem))


def unfinished(root: Path, asked: Group) -> str:
    """The name of a group that asks just this and has not come to its end; empty where there is none."""
    for name in names(root):
        with suppress(BadRun, BadRecipe):  # one that cannot be read is none that is gone on with
            there = find(root, name)
            if there and there == msgspec.structs.replace(asked, name=name) and left_of(root, there):
                return name
    return ""


def group_for(root: Path, plan: Plan, exercise: str = "", halving: bool = False) -> Group:
    """The group that asks just this and has not come to its end, else a new one under a name that none has."""
    stem = exercise or ("folds" if plan.folds and not plan.varied else "sweep")
    asked = Group(name="", plan=plan, exercise=exercise, halving=halving)
    return msgspec.structs.replace(asked, name=unfinished(root, asked) or free_name(root, stem))


def left_of(root: Path, group: Group) -> list[Member]:
    """The places of a group whose runs have yet to come to their end, or as far as halving looks at next.

    Raises BadRecipe where the group's plan cannot be read.
    """
    places = [one.member for one in group.plan.planned(group.name)]
    runs = runs_of(root, group.name)
    if group.halving:
        return due(halved(places, runs), places, runs)
    return [place for place in places if place not in runs or not is_over(runs[place])]


def keep(root: Path, group: Group, named: bool = True) -> Group:
    """Write what a group is to run, or find it written; a group that asks for more seeds than before gets them.

    A group that no person has `named` gets the next name where another process has taken its own meanwhile. Raises
    BadRun where a group of that name runs something else, or the root cannot be written.
    """
    folder = root / FOLDER
    with files.writing(root, f"The group {group.name} cannot be kept"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        inside.demand_folder(folder)
        with files.alone(folder / LOCK, lambda: None):
            there = find(root, group.name)
            if there and group.goes_on_with(there):
                group = msgspec.structs.replace(group, plan=there.plan.widened(group.plan.seeds))
                if group == there:
                    return there
            elif there and not named:
                group = msgspec.structs.replace(group, name=free_name(root, group.name.rpartition("-")[0]))
            elif there and runs_of(root, group.name):
                what = f"There is a group {group.name} already, which asks something else."
                raise BadRun(what, f"Choose another --name. Go on with that one: {there.go_on}")
            files.write(folder / f"{group.name}.json", msgspec.json.format(msgspec.json.encode(group)))
    return group


def runs_of(root: Path, name: str) -> dict[Member, RunFolder]:
    """The runs of a group by their places in it; of two in one place the one that is done, else the older."""
    found: dict[Member, RunFolder] = {}
    for run in reversed(list_runs(root)):
        member = member_of(run)
        if member and member.group == name and (member not in found or run.result_file.exists()):
            found[member] = run
    return found


def fill(root: Path, group: Group, planned: Iterable[Planned]) -> list[RunFolder]:
    """Make the runs that a group lacks, and have all wait that are not done and not running; the runs of its plan, in
    their order. All learn from the rows as they were mended when the first was made: else they could not be compared.
    One process at a time does that. Raises BadRun, and BadModel where weights are missing.
    """
    with files.alone(root / FOLDER / LOCK, lambda: None):
        there, found = runs_of(root, group.name), []
        for one in there.values():
            if one.recipe_file.exists() and not is_over(one):
                mark.demand(one)  # before anything is made for a group that came from elsewhere
        first = _oldest(there)
        for member, recipe in planned:
            run = there.get(member)
            if run is not None and not run.recipe_file.exists():  # its maker was killed, and it never started
                if mark.grew_here(run):
                    shutil.rmtree(run.path)
                run = None
            found.append(run or create_run(root, recipe, member, beside=first))
            first = first or found[-1]
        queue.add_all(root, [run for run in found if not (is_over(run) or run.locked() or run.queued_file.exists())])
    return found


def _oldest(runs: dict[Member, RunFolder]) -> RunFolder | None:
    """The one that was made first, of those whose recipe can be read."""
    for run in runs.values():
        with suppress(WorkbenchError):  # a damaged one is told of where it is listed
            run.recipe()
            return run
    return None


def is_over(run: RunFolder) -> bool:
    """Whether a run is done: it has a result, and will have no other."""
    return run.status().state == "done"


def _of_runs(root: Path) -> set[str]:
    """The names of the groups that runs say they are of."""
    return {member.group for member in map(member_of, list_runs(root)) if member}


def _is_name(name: str) -> bool:
    return bool(GROUP.fullmatch(name)) and not NUMBERED.fullmatch(name) and name not in RESERVED
