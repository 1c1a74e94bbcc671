"""What was read of the runs under a root, kept for the next process: a cache, and never believed over the folders.

It lies in the user's cache folder, where nobody else writes, and not among the runs, which may be a stranger's. What it
says of a run holds only while the run's files are the very ones that were read; where it is missing, damaged, another
user's or of another version, all runs are read again.
"""

import hashlib
import os
import stat
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from core import files
from core.errors import BadRun
from core.inside import SAFELY
from core.runs.folder import RunFolder
from core.runs.summary import Summary, Version, summary_of, version_of

FORM = 3  # another number, another form: of what is kept, and of what is read of a run
FOLDER = "runs"  # in the cache
MOST = 1 << 28  # bytes
WORTH = 32  # runs; reading fewer takes no longer than writing a long index
SETTLED = 2_000_000_000  # nanoseconds; a file that is younger may change without its time or size telling


class Kept(msgspec.Struct, frozen=True):
    """The file: its form, the program's version, the folder that it is of, and by the run's name what was read of which
    version of its files.
    """

    form: int
    program: str
    root: str
    runs: dict[str, tuple[Version, Summary]]


class Index:
    """What is known of the runs under a root; each is read when it is asked for first, and when it has changed."""

    def __init__(self, root: Path):
        self._root = root
        self._file: Path | None = None
        self._known: dict[str, tuple[Version, Summary]] = {}
        self._asked: set[str] = set()
        self._unkept = 0

    def summary(self, run: RunFolder) -> Summary:
        """What a run's files say."""
        if self._file is None:
            self._file, self._known = file_of(self._root), _read(self._root)
        version = version_of(str(run.path))
        known = self._known.get(run.name)
        if known is None or known[0] != version:
            known = self._known[run.name] = version, summary_of(run)
            self._unkept += 1
        self._asked.add(run.name)
        return known[1]

    def keep(self) -> None:
        """Forget runs that have not been asked for since the last time, and keep the rest where that is worth it."""
        self._known = {name: self._known[name] for name in self._asked}
        self._asked = set()
        if self._file is None or self._unkept < WORTH:
            return
        young = time.time_ns() - SETTLED
        runs = {name: known for name, known in self._known.items() if _newest(known[0]) < young and _is_utf8(name)}
        content = msgspec.msgpack.encode(Kept(FORM, _program(), str(self._root.resolve()), runs))
        with suppress(OSError):  # a cache that cannot be written is none
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write(self._file, lambda path: _write_private(path, content))
        self._unkept = 0


def file_of(root: Path) -> Path:
    """Where the index of a root is kept."""
    return files.cache_root() / FOLDER / f"{hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]}.index"


def _read(root: Path) -> dict[str, tuple[Version, Summary]]:
    try:
        with files.reading(file_of(root), file_of(root).parent) as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077 or found.st_size > MOST:
                return {}
            kept = msgspec.msgpack.decode(file.read(), type=Kept)
    except (OSError, BadRun, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, MemoryError):
        return {}
    ours = (kept.form, kept.program, kept.root) == (FORM, _program(), str(root.resolve()))
    return kept.runs if ours else {}


def _program() -> str:
    """The program's version: another one may read more, or otherwise."""
    from importlib.metadata import version

    return version("classifier-workbench")


def _is_utf8(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def _newest(version: Version) -> int:
    return max(changed for _, _, changed, _ in version)


def _write_private(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFELY, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
