"""What a folder of parts holds, as a file in it says: a start that asks for anything else is refused."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from core import files, inside
from core.errors import BadRun, WorkbenchError
from core.runs import document

NAME = "_manifest.json"  # what reads a folder of Parquet leaves names with _ in front out


class Asked(msgspec.Struct, frozen=True):
    """All that decides what the parts hold. `sha256` is the file's, `weights` that of the checkpoint's manifest."""

    run: str
    step: int
    weights: str
    file: str
    bytes: int
    sha256: str
    options: dict[str, str | int]
    format: str  # the ending of the names of parts
    probabilities: bool
    fast: bool
    window: tuple[int, int, int]  # at most so many rows, or characters, that are answered at once; these in a part


class Whole(msgspec.Struct, frozen=True):
    """What all parts hold together."""

    rows: int
    parts: int


class Difference(msgspec.Struct, frozen=True):
    """What answers of the fast way differ in, on a sample: how many labels, and the probabilities at most."""

    texts: int
    labels: int
    most: float


class Manifest(msgspec.Struct, frozen=True):
    """What a folder of parts holds; `precision` is that of matrix products, `whole` is there when all parts are."""

    asked: Asked
    precision: str = "fp32"
    sample: Difference | None = None
    whole: Whole | None = None


def begin(folder: Path, asked: Asked, first: Callable[[], Manifest]) -> Manifest:
    """What was begun in a folder, if the same is asked for now; where nothing was, what `first` gives, written there.

    The folder is made where there is none. Of processes that begin at the same time one does, the others wait for it.
    Raises WorkbenchError where the folder holds anything else, BadRun where the disk refuses.
    """
    if found := _begun(folder, asked):
        return found
    with files.writing(folder.parent, f"{folder} cannot be written"):
        folder.mkdir(exist_ok=True)
    with _alone(folder):
        if found := _begun(folder, asked):
            return found
        manifest = first()
        _write(folder, manifest)
    return manifest


def finish(folder: Path, manifest: Manifest, whole: Whole) -> None:
    """Say in a folder that all parts are there. Raises BadRun where the disk refuses."""
    with _alone(folder):
        _write(folder, msgspec.structs.replace(manifest, whole=whole))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (
        files.writing(folder, f"{folder / NAME} cannot be written"),
        files.alone(folder / ".manifest.lock", lambda: None),
    ):
        yield


def _write(folder: Path, manifest: Manifest) -> None:
    remove_leftovers(folder / NAME)
    files.write(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def remove_leftovers(path: Path) -> None:
    """Remove what processes that were killed while they wrote a file left beside it. No other may write it now."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        left.unlink(missing_ok=True)


def _begun(folder: Path, asked: Asked) -> Manifest | None:
    """What was begun in a folder; None where nothing was. Raises WorkbenchError where it holds anything else."""
    if not folder.exists():
        if not folder.parent.is_dir():
            raise WorkbenchError(f"There is no folder {folder.parent}.", "Make it first, or name another.")
        return None
    if not folder.is_dir():
        raise WorkbenchError(f"{folder} is {inside.kind(folder.stat().st_mode)}, not a folder.", "Name another.")
    if files.stat_of(folder / NAME) is None:
        if any(not name.startswith(".") for name in os.listdir(folder)):
            raise WorkbenchError(f"{folder} is not empty, and holds no parts of answers.", "Name a new folder.")
        return None
    try:
        found = msgspec.json.decode(files.content(folder / NAME, folder, most=document.MOST), type=Manifest)
    except (msgspec.MsgspecError, OSError, UnicodeDecodeError) as error:
        raise BadRun(f"{folder / NAME} is damaged: {error}.", "Name a new folder.") from error
    if found.asked != asked:
        raise WorkbenchError(
            f"{folder} was begun with something else: {_difference(found.asked, asked)}.",
            "Ask for the same again to go on with it, or name a new folder.",
        )
    return found


def _difference(there: Asked, now: Asked) -> str:
    """The first thing that differs, in words and without a full stop."""
    if (there.run, there.step) != (now.run, now.step):
        return f"answers of {there.run}, step {there.step}, and now it is {now.run}, step {now.step}"
    if there.weights != now.weights:
        return f"{there.run} had other weights then"
    if there.file != now.file:
        return f"answers for {there.file}, and now it is {now.file}"
    if (there.bytes, there.sha256) != (now.bytes, now.sha256):
        return f"{there.file} has changed since then"
    for name, flag in {"probabilities": "--probabilities", "fast": "--fast"}.items():
        if getattr(there, name) != getattr(now, name):
            return f"{flag} was {'given' if getattr(there, name) else 'not given'} then"
    changed = [name for name in {**there.options, **now.options} if there.options.get(name) != now.options.get(name)]
    if changed:
        return f"the file was read with another {changed[0]}"
    return "another version of the program made parts of another size or format"
