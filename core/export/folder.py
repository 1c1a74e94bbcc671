"""The folder that an export fills: its files stand in it once all of them are whole."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from core import files
from core.errors import BadModel

BEGUN = ".exporting"  # in the folder, while it is filled

Content = str | Callable[[Path], None]  # of a file: its text, or what writes it to the path that it is given


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """A place for an export's files, from which they are moved into the folder at the end.

    The folder is new or empty, or holds what an export has left that was killed, which goes on from the beginning.
    Raises BadModel where there is anything else, or where it cannot be written.
    """
    place = folder / BEGUN
    there = os.path.lexists(folder)
    if there and (not folder.is_dir() or (any(folder.iterdir()) and (place.is_symlink() or not place.is_dir()))):
        raise BadModel(f"{folder} is there already.", "Name a new or empty folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            shutil.rmtree(place)
        place.mkdir()
    except OSError as error:
        raise BadModel(f"{folder} cannot be made: {error.strerror}.", "Name another folder.") from error
    try:
        yield place
        for path in sorted(place.iterdir()):
            path.chmod(0o644)  # safetensors keeps what it writes to its owner
            files.sync(path)
        for path in sorted(place.iterdir()):
            os.replace(path, folder / path.name)
        files.sync(folder)
    except (OSError, SafetensorError) as error:
        why = "the disk is full" if files.disk_full(error) else error
        raise BadModel(f"{folder} cannot be written: {why}.", "Nothing was left there. Name another folder.") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def put(place: Path, written: Mapping[str, Content]) -> None:
    """Write files by their names."""
    for name, content in written.items():
        if callable(content):
            content(place / name)
        else:
            (place / name).write_text(content, encoding="utf-8")


def write(folder: Path, written: Mapping[str, Content]) -> list[Path]:
    """Fill a folder; its files. Raises BadModel as `filling` does, and leaves none."""
    with filling(folder) as place:
        put(place, written)
    return [folder / name for name in written]
