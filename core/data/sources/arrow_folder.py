"""Folders of Arrow or Parquet files: a data set that `datasets` has saved, or one as the hub keeps it."""

import json
from pathlib import Path
from typing import Any

from core import files
from core.data.columns import LOOK
from core.data.sources.arrow import read_files
from core.data.sources.input import Input
from core.data.sources.layouts import split_of_name
from core.data.sources.source import Cells, Options
from core.errors import BadData
from core.files import Progress

DICT, STATE = "dataset_dict.json", "state.json"  # by which `datasets` knows what it has saved
SUFFIXES = {".parquet", ".arrow", ".feather"}
MOST = 10_000  # files
MOST_SAID = 1 << 24  # bytes of what `datasets` says of so many


def recognises(given: Input) -> float:
    """1 for a folder that `datasets` has saved, or that holds Arrow or Parquet files."""
    folder = given.path
    return float(folder.is_dir() and (any((folder / name).is_file() for name in (DICT, STATE)) or bool(_files(folder))))


def read(given: Input, options: Options, progress: Progress) -> Cells:
    """The rows of all parts, one after another, with a column `split` where there are several. Raises BadData."""
    folder = given.path
    is_saved = any((folder / name).is_file() for name in (DICT, STATE))
    parts = _saved(folder) if is_saved else _by_name(folder)
    if not parts:
        raise BadData(f"{folder.name} holds no rows.", "Name a file with one row for each text.")
    splits = [split for split, _ in parts]
    form = "a saved data set" if is_saved else f"{len(parts):,} files of Parquet or Arrow"
    has_splits = len(set(splits)) > 1
    listed = {path.relative_to(folder).as_posix(): path for _, path in parts}
    most = max(1, LOOK // len(listed)) if given.is_cut_short else None
    return read_files(lambda: listed, folder.name, form, options, progress, splits if has_splits else (), most)


def _by_name(folder: Path) -> list[tuple[str, Path]]:
    return [(split_of_name(path.relative_to(folder).as_posix()), path) for path in _files(folder)]


def _files(folder: Path) -> list[Path]:
    """The files of the formats, in order, where a folder holds any."""
    found = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if len(found) > MOST:
        raise BadData(f"{folder.name} holds more than {MOST:,} files.", "Name one file with a row for each text.")
    return found


def _saved(folder: Path) -> list[tuple[str, Path]]:
    """The files of each split of what `datasets` has saved, as it says itself."""
    if (folder / DICT).is_file():
        splits = _said(folder / DICT, "splits")
        return [(split, path) for split in splits for _, path in _saved(_inside(folder, split))]
    said = _said(folder / STATE, "_data_files")
    names = [one.get("filename") if isinstance(one, dict) else None for one in said]
    return [("", _inside(folder, name)) for name in names]


def _said(path: Path, key: str) -> list[Any]:
    try:
        found = json.loads(files.content(path, most=MOST_SAID))[key]
        if isinstance(found, list):
            return found
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path.parent) from error
    raise _damaged(path.parent)


def _inside(folder: Path, name: Any) -> Path:
    """What lies in a folder under a name. Raises BadData for a name that leads elsewhere, or to nothing."""
    if not isinstance(name, str) or Path(name).name != name or not (folder / name).exists():
        raise _damaged(folder)
    return folder / name


def _damaged(folder: Path) -> BadData:
    return BadData(f"The data set saved in {folder.name} is damaged.", "Save it again with save_to_disk.")
