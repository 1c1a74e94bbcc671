"""The folder that runs live in: which there are, which one is meant, and a new one."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from core import files, locks, toml
from core.architectures.file_names import CONFIG
from core.architectures.lookup import demand_weights, folder_of, is_own_folder, preset_for, whole_config
from core.architectures.models import MODELS
from core.architectures.preset import is_folder
from core.datasets import dataset_named
from core.errors import BadModel, BadRun
from core.options import AUTO
from core.pretraining import Pretraining
from core.recipe import Recipe
from core.runs import edits, mark
from core.runs.folder import RunFolder
from core.runs.records import Member

# options that may name a file or a folder, and whether a value does
PATHS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("data.path", "data.validation_path", "data.test_path"), lambda path: not dataset_named(path)),
    "data.edits": lambda path: path not in (AUTO, edits.OFF),
    "model.name": is_own_folder,
    "model.weights": is_folder,
}
NUMBERED = re.compile(r"r?([0-9]{1,18})")  # a run's name, as it is given


def runs_root(given: str | None = None) -> Path:
    """Where runs live: what was given, else WORKBENCH_RUNS, else the user's data folder."""
    chosen = given or os.environ.get("WORKBENCH_RUNS")
    return files.absolute(chosen) if chosen else platformdirs.user_data_path("workbench") / "runs"


def list_runs(root: Path) -> list[RunFolder]:
    """Every run under a root, newest first; what may not be read, as `lost+found` on a disk of its own, is none."""
    try:
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if not entry.name.startswith(".") and _is_run(entry)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [RunFolder(root / name) for name in sorted(names, key=_age)]


def _is_run(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir() and os.access(entry.path, os.R_OK | os.X_OK)
    except OSError:  # a link that leads to itself
        return False


def _age(name: str) -> tuple:
    number = NUMBERED.fullmatch(name)
    return (0, -int(number[1]), name) if number else (1, 0, name)


def member_of(run: RunFolder) -> Member | None:
    """A run's place in a group; None where it has none, or it cannot be read, which the list of runs says."""
    try:
        return run.demand_member()
    except BadRun:
        return None


def find_run(root: Path, name: str, trained: bool = False) -> RunFolder:
    """A run by its folder's name under the root, by the name that a person gave it, by its path from here, or `last`:
    the newest, or the newest that can be asked.

    Raises BadRun where there is none, or several have been given that name; and where something lies in it that leads
    out of it, or that could be waited for.
    """
    run = _named(root, name, trained)
    run.demand_sound()
    return run


def _named(root: Path, name: str, trained: bool) -> RunFolder:
    if name == "last":
        runs = list_runs(root)
        if trained:
            runs = [run for run in runs if (run.checkpoints / "last").is_file() and not run.pretrains]
        if not runs:
            which = "trained runs" if trained else "runs"
            raise BadRun(f"There are no {which} in {root} yet.", "workbench train makes one.")
        return runs[0]
    if os.path.basename(name) == name not in ("", ".", "..") and _is_folder(root / name):
        return RunFolder((root / name).resolve())
    called = [run for run in list_runs(root) if run.label().name == name]
    if len(called) > 1:
        names = ", ".join(run.name for run in called)
        raise BadRun(f"{len(called)} runs are called {name}: {names}.", "Say which of them.")
    if called:
        return called[0]
    path = files.absolute(name)
    if _is_folder(path):
        return RunFolder(path)
    if any(member.group == name for member in map(member_of, list_runs(root)) if member):
        raise BadRun(f"{name} is a group, and a run is wanted.", "Name one of its runs: workbench runs --all")
    raise BadRun(f"There is no run {name} in {root}.", "workbench runs lists them; --runs DIR looks elsewhere.")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name longer than names can be is no folder's
        return False


def create_run(
    root: Path, recipe: Recipe | Pretraining, member: Member | None = None, beside: RunFolder | None = None
) -> RunFolder:
    """A new folder r<n> with its recipe, and with its place in a group where it is to be a `member` of one.

    What a person has mended in the data by now goes with it; of a run that is to be compared with one `beside` it, what
    was mended when that one was made. Raises BadRun where it cannot be written, or the disk has
    no locks, BadModel where the model's weights or its config.json are not there, BadData where edits cannot be read.
    """
    mended = None
    if isinstance(recipe, Recipe):
        demand_weights(preset_for(recipe), recipe.model.weights)
        recipe, mended = _with_edits(root, recipe, beside)
    config = None if recipe.model.name in MODELS else _config_of(recipe.model.name)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        locks.demand(root)
        run = RunFolder(next(_claimed(root)))
        mark.put(run)
        if member:  # before the recipe: what has one is a run, which a group that is gone on with must find again
            files.write(run.group_file, msgspec.json.encode(member))
        if mended:
            edits.keep(run, mended)
        if config is not None:  # first, because without it the recipe cannot be read
            files.write(run.config_file, config)
        file = run.pretraining_file if isinstance(recipe, Pretraining) else run.recipe_file
        files.write(file, toml.text(_from_anywhere(recipe)))
    except OSError as error:
        raise BadRun(
            f"A run cannot be written to {root}: {error.strerror}.",
            "Free some space, or name another folder with --runs.",
        ) from error
    return run


def _with_edits(root: Path, recipe: Recipe, beside: RunFolder | None) -> tuple[Recipe, edits.Edits | None]:
    """The recipe with the path of the edits of its data, and what they are; as it is where nothing was mended."""
    mended = edits.of_data(root, recipe.data)
    if beside is not None and edits.are_shared(root, recipe.data, beside.recipe().data):
        mended = edits.of_run(beside)
    if not (mended and mended.latest):
        return recipe, None
    return recipe.model_copy(update={"data": edits.found(root, recipe.data)}), mended


def _config_of(model: str) -> bytes:
    file = folder_of(model) / CONFIG
    try:
        content, whole = files.content(file), whole_config(file)
        # the tokenizer that it may be made whole from does not lie beside the run's
        return content if json.loads(content) == whole else json.dumps(whole, indent=2).encode()
    except OSError as error:
        what = f"{file} cannot be read any more: {error.strerror}."
        raise BadModel(what, "Put the model's folder back, or choose another model.") from error


def _from_anywhere(recipe: Recipe | Pretraining) -> Recipe | Pretraining:
    """The recipe with absolute paths, because the worker stands in the run's folder; names of data sets stay."""
    if isinstance(recipe, Pretraining):
        paths = tuple(str(files.absolute(path)) for path in recipe.text.paths)
        return recipe.model_copy(update={"text": recipe.text.model_copy(update={"paths": paths})})
    parts: dict[str, Any] = {}
    for option in PATHS:
        part, _, name = option.partition(".")
        here = parts.get(part, getattr(recipe, part))
        parts[part] = here.model_copy(update={name: from_anywhere(option, getattr(here, name))})
    return recipe.model_copy(update=parts)


def from_anywhere(option: str, value: Any) -> Any:
    """An option's value as it is meant in any folder: a path absolute; all else, names of data sets too, as it is."""
    return str(files.absolute(value)) if option in PATHS and value and PATHS[option](value) else value


def _claimed(root: Path) -> Iterator[Path]:
    # deleted ones, hidden until they can no longer be brought back, count: no name means two runs
    found = (re.match(r"\.?r(\d+)(\.|$)", path.name) for path in root.iterdir())
    number = max((int(match[1]) for match in found if match), default=0)
    while True:
        number += 1
        try:
            (root / f"r{number}").mkdir(mode=0o700)  # it holds people's texts
        except FileExistsError:
            continue
        yield root / f"r{number}"
