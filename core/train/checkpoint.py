"""Checkpoints: immutable folders `checkpoints/<step>/`, and the pointers `best` and `last` to them."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from core import files, inside
from core.architectures.file_names import TOKENS
from core.errors import BadRun, WorkbenchError
from core.options import options
from core.runs import document
from core.runs.folder import POINTERS, RunFolder, step_of
from core.train.control_source import ControlSource
from core.train.loop import State

WEIGHTS, OPTIMIZER, STATE, MANIFEST = "weights.safetensors", "optimizer.safetensors", "state.json", "manifest.json"
MARGINS = "margins.safetensors"
OURS = re.compile(r"[0-9]+|\.[0-9]+\.(tmp|old)")  # names of folders that are made here; no other is ever removed


class MadeOf(msgspec.Struct):
    """What a checkpoint was made with: the recipe's options, and the SHA-256 of files by their names in the run."""

    recipe: dict[str, Any] = {}
    sha256: dict[str, str] = {}


class Manifest(msgspec.Struct, kw_only=True):
    """What manifest.json says of a checkpoint; `sha256` is of its files, by their names."""

    sha256: dict[str, str]
    made_of: MadeOf = msgspec.field(default_factory=MadeOf)


def write(
    run: RunFolder,
    state: State,
    weights: Mapping[str, Tensor],
    optimizer: Mapping[str, Tensor],
    best: bool,
    margins: Mapping[str, Tensor] | None = None,
) -> None:
    """A checkpoint of a network: what it has learned, its optimizer, and its texts' margins if any. As `put`."""
    written: dict[str, Callable[[Path], object]] = {
        WEIGHTS: lambda path: save_file(_plain(weights), path),
        OPTIMIZER: lambda path: save_file(_plain(optimizer), path),
        STATE: lambda path: path.write_bytes(msgspec.json.encode(state)),
    }
    if margins is not None:
        written[MARGINS] = lambda path: save_file(_plain(margins), path)
    put(run, state.step, written, best)


def put(run: RunFolder, step: int, written: Mapping[str, Callable[[Path], object]], best: bool) -> None:
    """Put a checkpoint on disk whole, then its pointers; older ones that nothing points to are removed afterwards.

    Each of its files is written by a function of its path. Raises WorkbenchError where the disk does not take it; what
    was there before stays.
    """
    final, temporary, older = (run.checkpoints / name for name in (str(step), f".{step}.tmp", f".{step}.old"))
    for folder in (run.checkpoints, final, temporary, older):
        inside.demand_folder(folder)
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        run.checkpoints.mkdir(mode=0o700, exist_ok=True)
        temporary.mkdir(mode=0o700)
        for name, write_it in written.items():
            write_it(temporary / name)
        sums = {name: files.sha256(temporary / name) for name in written}
        for name in sums:
            files.sync(temporary / name)
        manifest = {"step": step, "sha256": sums, "made_of": _once(run.path)}
        files.write(temporary / MANIFEST, json.dumps(manifest, indent=2))
        if final.exists():  # stopped in the midst of this step's evaluation, and now it is done
            os.replace(final, older)
        os.replace(temporary, final)
        files.sync(run.checkpoints)
        shutil.rmtree(older, ignore_errors=True)
        # `last` first: what a resumed run goes on from says itself what is best
        for pointer in ("last", "best") if best else ("last",):
            files.write(run.checkpoints / pointer, str(step))
    except (OSError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise WorkbenchError(
            f"The checkpoint of step {step} could not be written: "
            f"{'the disk is full' if files.disk_full(error) else error}.",
            f"The one before it is safe. Free some space, then: workbench resume {run.name}",
        ) from error
    _remove_old(run)


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _remove_old(run: RunFolder) -> None:
    kept = {run.pointed(name) for name in POINTERS}
    inside.demand_folder(run.checkpoints)
    with os.scandir(run.checkpoints) as entries:
        for entry in entries:
            if OURS.fullmatch(entry.name) and entry.name not in kept and entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)


def read(folder: Path, name: str) -> dict[str, Tensor]:
    """The tensors of one file of a checkpoint. Raises BadRun where it is not what the manifest says."""
    try:
        # its header says how long it is, and is read at once; its hash takes as long as the file is
        if inside.holds(folder / name, folder):
            safe_open(folder / name, framework="pt")
        verify(folder, name)
        return load_file(inside.checked(folder / name, folder))
    except SafetensorError as error:
        raise _not_whole(folder, f"{name} is damaged: {error}") from error


def has(folder: Path, name: str) -> bool:
    """Whether a checkpoint was written with such a file, which an older version knew nothing of. Raises BadRun."""
    return name in _manifest(folder).sha256


def read_state(folder: Path) -> bytes:
    """The training state of a checkpoint, as JSON. Raises BadRun where it is damaged."""
    try:
        state = files.content(folder / STATE, folder, most=document.MOST)
    except OSError as error:
        raise _not_whole(folder, f"{STATE} cannot be read: {error.strerror}") from error
    verify(folder, STATE)
    return state


def take_up(run: RunFolder, control_source: ControlSource) -> State:
    """The training state of the last checkpoint, or a new one; what a kill in the midst of writing left is put right.

    `best` then points where that state says, where the best weights are kept, and nothing lies there that is not
    pointed to.
    Raises BadRun where the checkpoint is damaged, or was made from what the run, or its log, does not hold any more.
    """
    if run.pointed("last") is None:
        return State()
    folder = run.checkpoint("last")
    try:
        state = msgspec.json.decode(read_state(folder), type=State)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _not_whole(folder, f"{STATE} is damaged: {error}") from error
    demand_same(run, folder)
    if control_source.changes[: len(state.received)] != state.received:
        raise BadRun(
            f"{run.events_file} is damaged: it lacks what {run.name} was told by step {state.step}.",
            "Train again from the recipe.",
        )
    if step_of(folder) != state.step:
        raise BadRun(f"{run.checkpoints / 'last'} is damaged.", "Train again from the recipe.")
    final = run.checkpoints / str(state.step)
    if folder != final:  # killed before its successor was in place
        os.replace(folder, final)
    if state.best_step is not None and run.pointed("best") != str(state.best_step):
        best = run.checkpoints / "best"
        if run.recipe().keep == "best":
            files.write(best, str(state.best_step))
        else:  # only an earlier version kept the best, too, where the last are used
            best.unlink(missing_ok=True)
    _remove_old(run)
    return state


def demand_same(run: RunFolder, folder: Path, rows: bool = True) -> None:
    """Raises BadRun where the recipe, or a file that a run never writes again, is not what a checkpoint was made with.

    Without `rows`, those that the run learns from do not matter. What the baselines said can be made again.
    """
    before = _manifest(folder).made_of
    now = _recipe(run)
    for name, value in before.recipe.items():
        if name in now and now[name] != value:
            raise BadRun(
                f"The recipe of {run.name} has changed: {name} was {value} at its checkpoint and is {now[name]} now.",
                "Put it back, or train a new run.",
            )
    for name, digest in before.sha256.items():
        path = run.path / name
        if path == run.baselines_file or (not rows and path in (run.data_file, *_texts(run))):
            continue
        if not inside.holds(path, run.path):
            raise BadRun(f"{path} is missing.", "Put it back, or train a new run.")
        if files.sha256(path, home=run.path) != digest:
            raise BadRun(f"{path} is damaged.", "Put it back as it was, or train a new run.")


def lost_baselines(run: RunFolder, folder: Path) -> bool:
    """Whether what the baselines said when a checkpoint was made is missing now, or damaged."""
    digest = _manifest(folder).made_of.sha256.get(run.baselines_file.name)
    kept = inside.holds(run.baselines_file, run.path)
    return digest is not None and not (kept and files.sha256(run.baselines_file, home=run.path) == digest)


def _manifest(folder: Path) -> Manifest:
    try:
        found = document.read(folder / MANIFEST, folder, Manifest)
    except BadRun as error:
        raise _not_whole(folder, error.what.rstrip(".")) from error
    if found is None:
        raise _not_whole(folder, f"it has no {MANIFEST}")
    return found


def _not_whole(folder: Path, why: str) -> BadRun:
    return BadRun(f"The checkpoint {folder} is not whole: {why}.", "Use another one, or train again.")


@cache
def _once(path: Path) -> dict:
    """What all checkpoints of the run that this process trains are made with."""
    run = RunFolder(path)
    kept = run.base_file, run.tokens_file, run.data_file, run.baselines_file, *_texts(run), run.model_folder / TOKENS
    there = (file for file in kept if inside.holds(file, path))
    sums = {str(file.relative_to(path)): files.sha256(file, home=path) for file in there}
    return {"recipe": _recipe(run), "sha256": sums}


def _texts(run: RunFolder) -> Iterator[Path]:
    return (run.text_folder / f"{name}.npy" for name in ("learn", "held_out"))


def _recipe(run: RunFolder) -> dict:
    """A run's options by name, but for those of the machine: another may go on with it."""
    recipe, later = run.pretraining_as_known() if run.pretrains else run.recipe_as_known()
    unknown = {problem.field for problem in later}
    names = (option for option in options(type(recipe)) if option.name not in unknown)
    return json.loads(json.dumps({each.name: each.of(recipe) for each in names if not each.name.startswith("speed.")}))


def verify(folder: Path, name: str) -> None:
    """Raises BadRun where a checkpoint's file is missing or is not the one that was written."""
    expected = _manifest(folder).sha256.get(name)
    if expected is None:
        raise _not_whole(folder, f"its {MANIFEST} does not know {name}")
    try:
        same = files.sha256(folder / name, home=folder) == expected
    except OSError as error:
        raise _not_whole(folder, f"{name} cannot be read: {error.strerror}") from error
    if not same:
        raise BadRun(f"{folder / name} is damaged.", "Use another checkpoint, or train again.")
