"""What runs there are, read from disk without reading twice what has not changed; and their bin."""

import itertools
import os
import re
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from core.errors import BadRun
from core.pretraining import Pretraining
from core.recipe import Recipe
from core.runs.folder import RunFolder, Status, list_runs

DELETED = re.compile(r"\.(.+)\.(\d+)\.\d+\.deleted")  # a run's name, and the process that will remove it


class Entry(NamedTuple):
    """A run as a list shows it. Without a recipe `status` says what is wrong."""

    run: RunFolder
    status: Status
    recipe: Recipe | Pretraining | None
    result: dict | None


class Listing:
    """Looks at every run under `root`, newest first."""

    def __init__(self, root: Path):
        self.root = root
        self._known: dict[Path, tuple[tuple, Entry]] = {}

    def look(self) -> list[Entry]:
        """A run is read again when its log has grown or a worker has taken or left it."""
        known = {}
        for run in list_runs(self.root):
            key = _size(run.events_file), run.locked()
            before = self._known.get(run.path)
            known[run.path] = before if before and before[0] == key else (key, _entry(run))
        self._known = known
        return [entry for _, entry in known.values()]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _entry(run: RunFolder) -> Entry:
    status = run.status()
    try:
        if run.pretrains:
            return Entry(run, status, run.pretraining(), None)
        recipe = run.recipe()
    except BadRun as error:
        if not status.alive and status.state != "failed":
            status = Status("failed", why=error.what, do=error.do)
        return Entry(run, status, None, None)
    return Entry(run, status, recipe, run.result() if status.state == "done" else None)


def hide(run: RunFolder) -> Path:
    """Take a run out of sight until `empty_bin`; where it is now. Raises BadRun where it cannot be."""
    if run.locked():
        raise BadRun(f"{run.name} is running.", "Open it with enter and stop it with s first.")
    try:
        return run.path.rename(run.path.with_name(f".{run.name}.{os.getpid()}.{time.time_ns()}.deleted"))
    except OSError as error:
        do = f"Is {run.path.parent} writable?"
        raise BadRun(f"{run.name} cannot be deleted: {error.strerror}.", do) from error


def bring_back(hidden: Path) -> RunFolder:
    """The run that `hide` put there, under its name or a free one like it. Raises BadRun where it is gone."""
    name = DELETED.fullmatch(hidden.name)[1]
    names = (hidden.with_name(name + "-again" * i) for i in itertools.count())
    try:
        return RunFolder(hidden.rename(next(path for path in names if not path.exists())))
    except OSError as error:
        raise BadRun(f"{name} cannot be brought back: {error.strerror}.") from error


def empty_bin(root: Path, mine: bool) -> None:
    """Remove for good what this process has hidden, or else what processes that are no more have left."""
    for path in root.glob(".*.deleted"):
        match = DELETED.fullmatch(path.name)
        if match and (int(match[2]) == os.getpid() if mine else not _lives(int(match[2]))):
            shutil.rmtree(path, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
