"""What a run's classifier is made of before it learns, as base.json keeps it."""

from pathlib import Path
from typing import Literal

import msgspec

from core import files, inside
from core.architectures.file_names import BASE_WEIGHTS, WEIGHTS
from core.errors import BadRun
from core.model_files.kept import copy_of
from core.runs import document
from core.runs.folder import RunFolder

BaseKind = Literal["built in", "pretrained", "folder", "random", "brought in", "none"]


class Base(msgspec.Struct, frozen=True):
    """Where a run's untouched weights come from; of kind `none` a model that counts, which has none.

    `file` is where they lie now, as seen from the run's folder, in which all but published ones are kept where they
    can be; `sha256` is of that file.
    """

    kind: BaseKind
    source: str
    file: str
    sha256: str
    revision: str = ""


class Origin(msgspec.Struct, frozen=True):
    """The weights of a run's backbone before it learns, and the names of its classes."""

    base: Base
    labels: list[str]


def weights_of(base: Base, run: Path) -> Path:
    """Where a base's weights lie, as seen from the run's folder: where they were, or where they were fetched to again.

    They may be gone from there. Raises BadRun where they cannot lie where the base says.
    """
    was = run / base.file
    if base.file == BASE_WEIGHTS:
        inside.demand_file(was, run)
        return was
    # outside of the run there are only the file of a model's folder, and that of a published one in a cache
    if was != Path(base.file) or was.name != WEIGHTS or ".." in was.parts or base.kind not in ("folder", "pretrained"):
        what = f"{run / 'base.json'} is damaged: a run's weights are not kept in {base.file or 'no file'}."
        raise BadRun(what, "Put it back as it was, or train a new run.")
    again = None if was.is_file() or base.kind != "pretrained" else copy_of(base.source, base.revision, base.sha256)
    return again or was


def write_origin(run: RunFolder, origin: Origin) -> None:
    """Raises OSError where the folder cannot be written."""
    files.write(run.base_file, msgspec.json.encode(origin))


def read_origin(run: RunFolder) -> Origin | None:
    """The origin that the run wrote down; None before it did. Raises BadRun where it cannot be read."""
    return document.read(run.base_file, run.path, Origin)


def demand_origin(run: RunFolder) -> Origin:
    """Raises BadRun where the run has not written its origin down yet, or it cannot be read."""
    if (found := read_origin(run)) is None:
        raise BadRun(f"{run.name} has not built its model yet.", "Wait for it, or resume it.")
    return found
