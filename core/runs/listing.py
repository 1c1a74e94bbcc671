"""What runs there are, read from disk without reading twice what has not changed; their baseline; and their bin."""

import itertools
import os
import re
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import msgspec

from core import files
from core.errors import BadRun
from core.pretraining import Pretraining
from core.recipe import Recipe
from core.runs import queue
from core.runs.compare import Comparison, compare
from core.runs.folder import Label, RunFolder, Status
from core.runs.result import ClassifierResult
from core.runs.root import list_runs

BASELINE = ".baseline"  # under the root
DELETED = re.compile(r"\.(.+)\.(\d+)\.\d+\.deleted")  # a run's name, and the process that will remove it


class Entry(NamedTuple):
    """A run as a list shows it, with its place in the queue, from 1. Without a recipe `status` says what is wrong."""

    run: RunFolder
    status: Status
    recipe: Recipe | Pretraining | None
    result: ClassifierResult | None
    label: Label
    place: int = 0


class Listing:
    """Looks at every run under `root`, newest first."""

    def __init__(self, root: Path):
        self.root = root
        self._entries: dict[Path, tuple[tuple, Entry]] = {}
        self._compared: dict[tuple, Comparison | None] = {}

    def look(self) -> list[Entry]:
        """A run is read again when its log has grown, a worker has taken or left it, it has been named, or moved up in
        the queue.
        """
        places = {run.path: place for place, run in enumerate(queue.waiting(self.root), 1)}
        entries = {}
        for run in list_runs(self.root):
            key = _version(run.events_file), run.locked(), _version(run.label_file), places.get(run.path, 0)
            before = self._entries.get(run.path)
            entries[run.path] = before if before and before[0] == key else (key, entry_of(run)._replace(place=key[-1]))
        self._entries = entries
        return [entry for _, entry in entries.values()]

    def compare(self, entry: Entry, other: Entry) -> Comparison | None:
        """Two runs on the test rows that they share; None where one is not done, or its answers cannot be read."""
        if not (entry.result and other.result):
            return None
        pair = tuple((one.run.path, _version(one.run.result_file)) for one in (entry, other))
        if pair not in self._compared:
            try:
                self._compared[pair] = compare(entry.run, other.run)
            except BadRun:
                self._compared[pair] = None
        return self._compared[pair]

    def baseline(self, entries: list[Entry]) -> Entry | None:
        """The run that all others are compared with, where one was chosen and is still there."""
        try:
            chosen = msgspec.json.decode(files.content(self.root / BASELINE, self.root), type=_Chosen)
        except (OSError, BadRun, msgspec.DecodeError, UnicodeDecodeError):
            return None
        found = next((entry for entry in entries if entry.result and entry.run.name == chosen.run), None)
        return found if found and _version(found.run.result_file) == chosen.result else None

    def choose(self, run: RunFolder | None) -> None:
        """Compare all other runs with a finished run from now on, or with none. Raises BadRun."""
        file = self.root / BASELINE
        with files.writing(self.root, "The baseline cannot be kept"):
            if run is None:
                file.unlink(missing_ok=True)
            else:
                files.write(file, msgspec.json.encode(_Chosen(run.name, _version(run.result_file))))


class _Chosen(msgspec.Struct):
    """The baseline, and its result as it was: once it is deleted for good, another may get its name."""

    run: str
    result: tuple[int, ...]


def _version(path: Path) -> tuple[int, ...]:
    """Size and time of change; of no file, nothing."""
    found = files.stat_of(path)
    return (found.st_size, found.st_mtime_ns) if found else ()


def entry_of(run: RunFolder) -> Entry:
    """The entry of a run, without its place in the queue."""
    status, label = run.status(), run.label()
    try:
        recipe = run.pretraining() if run.pretrains else run.recipe()
    except BadRun as error:
        if not status.alive and status.state != "failed":
            status = Status("failed", why=error.what, do=error.do)
        return Entry(run, status, None, None, label)
    return Entry(run, status, recipe, run.classifier_result() if status.state == "done" else None, label)


def hide(run: RunFolder) -> Path:
    """Take a run out of sight until `empty_bin`; where it is now. Raises BadRun where it cannot be."""
    with files.writing(run.path.parent, f"{run.name} cannot be deleted"):
        fd = files.lock(run.lock_file)  # held, so that nobody starts it meanwhile
        if fd is None:
            raise BadRun(f"{run.name} is running.", "Open it with enter and stop it with s first.")
        try:
            return run.path.rename(run.path.with_name(f".{run.name}.{os.getpid()}.{time.time_ns()}.deleted"))
        finally:
            os.close(fd)


def bring_back(hidden: Path) -> RunFolder:
    """The run that `hide` put there, under its name or a free one like it. Raises BadRun where it is gone."""
    name = DELETED.sub(r"\1", hidden.name)
    names = (hidden.with_name(name + "-again" * i) for i in itertools.count())
    try:
        run = RunFolder(hidden.rename(next(path for path in names if not path.exists())))
        queue.start(run.path.parent)  # where it waited
        return run
    except OSError as error:
        raise BadRun(f"{name} cannot be brought back: {error.strerror}.") from error


def empty_bin(root: Path, mine: bool) -> None:
    """Remove for good what this process has hidden, or else what processes that are no more have left."""
    for path in root.glob(".*.deleted"):
        match = DELETED.fullmatch(path.name)
        if match and (int(match[2]) == os.getpid() if mine else not _lives(int(match[2]))):
            path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another user's
    return True
