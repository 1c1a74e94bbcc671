"""What runs there are, without reading twice what has not changed; their baseline; and their bin."""

import itertools
import os
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from core import files
from core.errors import BadRun
from core.pretraining import Pretraining
from core.recipe import Recipe
from core.runs import document, queue
from core.runs.compare import Comparison, compare
from core.runs.folder import RunFolder
from core.runs.index import Index
from core.runs.log_reader import LogEnd
from core.runs.records import Label, Member, Status
from core.runs.root import list_runs
from core.runs.steering import learned
from core.runs.summary import About, Score, Summary, summary_of

BASELINE = ".baseline"  # under the root
DELETED = re.compile(r"\.(.+)\.(\d+)\.\d+\.deleted")  # a run's name, and the process that will remove it


class Entry(NamedTuple):
    """A run as a list shows it, with its place in the queue, from 1.

    `about` is None where its recipe cannot be read, `score` where it is no classifier that is done; `status` says what
    is wrong with it, `steered` what it was told to change while it trained.
    """

    run: RunFolder
    status: Status
    about: About | None
    score: Score | None
    label: Label
    place: int = 0
    grew_here: bool = False
    steered: str = ""
    member: Member | None = None

    @property
    def learned(self) -> str:
        """What learned, in words, with what the run was told later; empty where no recipe says it."""
        return learned(self.about.plan, self.steered) if self.about else ""


class Listing:
    """Looks at every run under `root`, newest first."""

    def __init__(self, root: Path):
        self.root = root
        self._index = Index(root)
        self._entries: dict[Path, tuple[Summary, bool, Entry]] = {}
        self._recipes: dict[Path, tuple[Summary, Recipe | Pretraining | None, Recipe | None]] = {}
        self._compared: dict[tuple, Comparison | None] = {}

    def look(self) -> list[Entry]:
        """A run is read again when what its files say has changed, a worker has taken or left it, or it has moved up
        in the queue.
        """
        runs = list_runs(self.root)
        places = {run.path: place for place, run in enumerate(queue.waiting_among(runs), 1)}
        entries = {}
        for run in runs:
            # the lock before the log: a worker writes its last event before it lets go
            place, locked = places.get(run.path, 0), run.locked()
            summary = self._index.summary(run)
            before = self._entries.get(run.path)
            same = before and before[0] is summary and before[1] == locked and before[2].place == place
            entries[run.path] = before if before and same else (summary, locked, _entry(run, summary, locked, place))
        self._entries = entries
        self._index.keep()
        return [entry for _, _, entry in entries.values()]

    def recipe(self, entry: Entry) -> Recipe | Pretraining | None:
        """A run's recipe as far as it is known here; None where it cannot be read."""
        return self._read(entry)[0]

    def asked(self, entry: Entry) -> Recipe | None:
        """The recipe as it was asked for; None where it cannot be read, or makes a language model."""
        return self._read(entry)[1]

    def _read(self, entry: Entry) -> tuple[Recipe | Pretraining | None, Recipe | None]:
        summary = self._entries[entry.run.path][0] if entry.run.path in self._entries else None
        before = self._recipes.get(entry.run.path)
        if summary is None or before is None or before[0] is not summary:
            before = self._recipes[entry.run.path] = summary or Summary(), *_recipes(entry.run)
        return before[1:]

    def compare(self, entry: Entry, other: Entry) -> Comparison | None:
        """Two runs on the test rows that they share; None where one is not done, or its answers cannot be read."""
        if not (entry.score and other.score):
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
            chosen = document.read(self.root / BASELINE, self.root, _Chosen)
        except BadRun:
            return None
        name = chosen and chosen.run
        found = next((entry for entry in entries if entry.score and entry.run.name == name), None)
        return found if chosen and found and _version(found.run.result_file) == chosen.result else None

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
    locked = run.locked()
    return _entry(run, summary_of(run), locked, int(run.queued_file.exists()))._replace(place=0)


def _entry(run: RunFolder, summary: Summary, locked: bool, place: int) -> Entry:
    about, score = summary.about, summary.score
    try:
        status = run.status_of(place > 0, locked, summary.end)
    except OSError as error:
        status = Status("damaged", why=f"{run.name} cannot be read: {error.strerror}.")
    half_written = status.state == "failed" and summary.end == LogEnd() and not os.path.lexists(run.recipe_file)
    if summary.what and not status.alive and not half_written:
        if about is None or summary.lost:
            status = msgspec.structs.replace(status, state="damaged", why=summary.what, do=summary.do)
        else:
            why = f"{status.why} {summary.what}".strip()
            status = msgspec.structs.replace(status, why=why, do=status.do or summary.do)
    steered, member = summary.steered, summary.member
    return Entry(run, status, about, score, summary.label, place, summary.grew_here, steered, member)


def folded(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The runs in their order, those of a group together in the place of its first; one by itself is no group."""
    parts: dict[str, list[Entry]] = {}
    for entry in entries:
        parts.setdefault(f"group {entry.member.group}" if entry.member else entry.run.name, []).append(entry)
    return list(parts.values())


def _recipes(run: RunFolder) -> tuple[Recipe | Pretraining | None, Recipe | None]:
    try:
        if run.pretrains:
            return run.pretraining_as_known()[0], None
        return run.recipe_as_known()[0], run.asked_as_known()
    except BadRun:  # `summary_of` says why
        return None, None


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
