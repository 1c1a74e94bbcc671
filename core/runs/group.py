"""A group: runs that answer one question together. No torch here.

A file in `.groups` under the root says what the group is to run, and each of its runs keeps its place in the group in
its own folder, written before its recipe. So a group that was killed at any moment is gone on with from what is there:
a run that is missing is made, one that has ended without a result is taken up again, and none is made twice.
"""

import itertools
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from core import files, inside
from core.errors import BadRecipe, BadRun
from core.runs import document, mark, queue
from core.runs.auto import Budget
from core.runs.folder import RunFolder
from core.runs.halving import due, halved
from core.runs.records import GROUP, Member
from core.runs.root import NUMBERED, create_run, list_runs
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
    """The group of that name under a root; None where there is none. Raises BadRun where it cannot be read."""
    if not _is_name(name):
        return None
    folder = root / FOLDER
    try:
        inside.demand_folder(folder)
        found = document.read(folder / f"{name}.json", folder, Group)
    except NotADirectoryError:
        return None
    if found is not None and found.name != name:
        raise document.damaged(folder / f"{name}.json", f"it is that of the group {found.name[:64]}")
    return found


def demand_name(name: str) -> None:
    """Raises BadRun where a group cannot be called that."""
    if not _is_name(name):
        what = f"A group cannot be called {name}."
        raise BadRun(what, "Letters, digits, dots and hyphens make a name; a run's own, such as r4, is none.")


def free_name(root: Path, stem: str) -> str:
    """A name that no group has yet: the stem and a number."""
    names = (f"{stem}-{i}" for i in itertools.count(1))
    return next(name for name in names if not (root / FOLDER / f"{name}.json").exists())


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


def keep(root: Path, group: Group) -> Group:
    """Write what a group is to run, or find it written; a group that asks for more seeds than before gets them.

    Raises BadRun where a group of that name runs something else, or the root cannot be written.
    """
    there = find(root, group.name)
    if there and group.goes_on_with(there):
        group = msgspec.structs.replace(group, plan=there.plan.widened(group.plan.seeds))
        if group == there:
            return there
    elif there and runs_of(root, group.name):
        what = f"There is a group {group.name} already, which varies something else."
        raise BadRun(what, f"Choose another --name. Go on with that one: {there.go_on}")
    with files.writing(root, f"The group {group.name} cannot be kept"):
        folder = root / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        inside.demand_folder(folder)
        files.write(folder / f"{group.name}.json", msgspec.json.format(msgspec.json.encode(group)))
    return group


def runs_of(root: Path, name: str) -> dict[Member, RunFolder]:
    """The runs of a group by their places in it; of two in one place the one that is done, else the older."""
    found: dict[Member, RunFolder] = {}
    for run in reversed(list_runs(root)):
        member = _member(run)
        if member and member.group == name and (member not in found or run.result_file.exists()):
            found[member] = run
    return found


def fill(root: Path, group: Group, planned: Iterable[Planned]) -> list[RunFolder]:
    """Make the runs that a group lacks, and have all wait that are not done and not running; the runs of its plan, in
    their order. One process at a time does that. Raises BadRun, and BadModel where weights are missing.
    """
    with files.alone(root / FOLDER / LOCK, lambda: None):
        there, found = runs_of(root, group.name), []
        for one in there.values():
            if one.recipe_file.exists() and not is_over(one):
                mark.demand(one)  # before anything is made for a group that came from elsewhere
        for member, recipe in planned:
            run = there.get(member)
            if run is not None and not run.recipe_file.exists():  # its maker was killed, and it never started
                if mark.grew_here(run):
                    shutil.rmtree(run.path)
                run = None
            found.append(run or create_run(root, recipe, member))
        queue.add_all(root, [run for run in found if not (is_over(run) or run.locked() or run.queued_file.exists())])
    return found


def is_over(run: RunFolder) -> bool:
    """Whether a run is done: it has a result, and will have no other."""
    return run.status().state == "done"


def _member(run: RunFolder) -> Member | None:
    try:
        return run.demand_member()
    except BadRun:  # the list of runs says so
        return None


def _is_name(name: str) -> bool:
    return bool(GROUP.fullmatch(name)) and not NUMBERED.fullmatch(name) and name not in RESERVED
