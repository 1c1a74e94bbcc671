"""Checkpoints: immutable folders `checkpoints/<step>/`, and the pointers `best` and `last` to them."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from core import files
from core.errors import BadRun, WorkbenchError
from core.runs.folder import RunFolder
from core.train.loop import State

WEIGHTS, OPTIMIZER, STATE, MANIFEST = "weights.safetensors", "optimizer.safetensors", "state.json", "manifest.json"


def write(run: RunFolder, step: int, weights: Mapping[str, Tensor], optimizer: Mapping[str, Tensor], state: bytes, best: bool) -> None:
    """Put a checkpoint on disk whole, then its pointers; older ones that nothing points to are removed afterwards.

    Raises WorkbenchError where the disk does not take it; what was there before stays.
    """
    final, temporary = run.checkpoints / str(step), run.checkpoints / f".{step}.tmp"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        save_file(_plain(weights), temporary / WEIGHTS)
        save_file(_plain(optimizer), temporary / OPTIMIZER)
        (temporary / STATE).write_bytes(state)
        sums = {name: files.sha256(temporary / name) for name in (WEIGHTS, OPTIMIZER, STATE)}
        for name in sums:
            files.sync(temporary / name)
        files.write(temporary / MANIFEST, json.dumps({"step": step, "sha256": sums}, indent=2))
        older = run.checkpoints / f".{step}.old"
        if final.exists():  # stopped in the midst of this step's evaluation, and now it is done
            os.replace(final, older)
        os.replace(temporary, final)
        files.sync(run.checkpoints)
        shutil.rmtree(older, ignore_errors=True)
        for pointer in ("best", "last") if best else ("last",):
            files.write(run.checkpoints / pointer, str(step))
    except (OSError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise WorkbenchError(
            f"The checkpoint of step {step} could not be written: {'the disk is full' if files.disk_full(error) else error}.",
            f"The one before it is safe. Free some space, then: workbench resume {run.name}",
        ) from error
    _remove_old(run)


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _remove_old(run: RunFolder) -> None:
    kept = {(run.checkpoints / p).read_text().strip() for p in ("best", "last") if (run.checkpoints / p).exists()}
    for folder in run.checkpoints.iterdir():
        if folder.is_dir() and folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def read(folder: Path, name: str) -> dict[str, Tensor]:
    """The tensors of one file of a checkpoint. Raises BadRun where it is not what the manifest says."""
    verify(folder, name)
    return load_file(folder / name)


def read_state(folder: Path) -> bytes:
    """The training state of a checkpoint, as it was given to `write`. Raises BadRun where it is damaged."""
    verify(folder, STATE)
    return (folder / STATE).read_bytes()


def last_state(run: RunFolder) -> State:
    """The training state of the last checkpoint, or a new one."""
    if not (run.checkpoints / "last").is_file():
        return State()
    return msgspec.json.decode(read_state(run.checkpoint("last")), type=State)


def verify(folder: Path, name: str) -> None:
    """Raises BadRun where a checkpoint's file is missing or is not the one that was written."""
    try:
        expected = json.loads((folder / MANIFEST).read_text())["sha256"][name]
        same = files.sha256(folder / name) == expected
    except (OSError, ValueError, KeyError) as error:
        raise BadRun(f"The checkpoint {folder} is not whole: {error}.", "Use another one, or train again.") from error
    if not same:
        raise BadRun(f"{folder / name} is damaged.", "Use another checkpoint, or train again.")
