"""The index of what was read of the runs: it saves reading, and is never believed over the folders."""

import json
import os
import shutil
import stat
import subprocess
import sys

import msgspec
import pytest

from core.recipe import load
from core.runs import index, summary
from core.runs.events import Ended, encode
from core.runs.folder import RunFolder
from core.runs.listing import Listing
from core.runs.root import create_run

N = 40  # more than `index.WORTH`
LONG_AGO = 1_000_000_000  # seconds since 1970
READ = """
import os, sys
from pathlib import Path
root, opened = sys.argv[1], []
def hook(event, args):
    if event == "open" and os.path.basename(str(args[0])) in ("recipe.toml", "events.jsonl", "result.json"):
        opened.append(args[0])
from core.runs.listing import Listing
sys.addaudithook(hook)
states = [entry.status.state for entry in Listing(Path(root)).look()]
print(len(opened), *states)
"""


@pytest.fixture
def root(tmp_path):
    """A folder of runs that ended long ago."""
    for _ in range(N):
        run = create_run(tmp_path / "runs", load({"data": {"path": "sample"}}))
        run.events_file.write_bytes(encode(Ended(state="stopped", why="Stopped here.")))
        run.lock_file.touch()
        long_ago(run)
    return tmp_path / "runs"


def long_ago(run: RunFolder) -> None:
    for path in (*run.path.iterdir(), run.path):
        os.utime(path, (LONG_AGO, LONG_AGO))


def listed(root) -> dict[str, str]:
    """Why each run ended, in a new look."""
    return {entry.run.name: f"{entry.status.state} {entry.status.why}" for entry in Listing(root).look()}


def in_a_process(root) -> tuple[int, list[str]]:
    """How many of the runs' files another process opens to list them, and their states."""
    done = subprocess.run([sys.executable, "-P", "-c", READ, str(root)], check=True, capture_output=True, text=True)
    opened, *states = done.stdout.split()
    return int(opened), states


@pytest.fixture
def read(monkeypatch):
    """The names of the runs that are read."""
    names = []
    whole = summary.summary_of
    monkeypatch.setattr(index, "summary_of", lambda run: names.append(run.name) or whole(run))
    return names


@pytest.mark.more
def test_another_process_reads_no_run_twice_and_only_those_that_changed(root, executed):
    opened, states = in_a_process(root)
    assert opened >= 2 * N and states == ["stopped"] * N
    assert in_a_process(root) == (0, ["stopped"] * N)
    (root / "r7" / "events.jsonl").write_bytes(encode(Ended(state="failed", why="It broke.")))
    opened, states = in_a_process(root)
    assert 0 < opened < 9 and states.count("failed") == 1
    shutil.rmtree(root / "r7")
    assert in_a_process(root) == (0, ["stopped"] * (N - 1))


def test_nobody_else_reads_it_and_a_cache_that_cannot_be_written_is_none(root, read, monkeypatch):
    before = listed(root)
    file = index.file_of(root)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    read.clear()
    assert listed(root) == before and not read
    nowhere = root.parent / "a file"
    nowhere.write_text("")
    monkeypatch.setenv("WORKBENCH_CACHE", str(nowhere))
    assert listed(root) == before and len(read) == N


@pytest.mark.parametrize("how", ["same size and time", "replaced", "another folder", "an older file"])
def test_a_changed_run_is_read_again(root, read, how):
    listed(root)
    read.clear()
    run, other = RunFolder(root / "r5"), encode(Ended(state="stopped", why="Stopped THERE")) + b" "
    content = run.events_file.read_bytes().replace(b"Stopped here.", b"Stopped THERE")
    match how:
        case "same size and time":
            run.events_file.write_bytes(content)
        case "replaced":
            (root / ".new").write_bytes(content)
            os.replace(root / ".new", run.events_file)
        case "another folder":
            shutil.copytree(run.path, root / ".copy")
            shutil.rmtree(run.path)
            (root / ".copy").rename(run.path)
            run.events_file.write_bytes(content)
        case "an older file":
            run.events_file.write_bytes(other)
            os.utime(run.events_file, (1, 1))
    long_ago(run)
    assert listed(root)["r5"] == "stopped Stopped THERE" and read == ["r5"]


def test_a_run_that_was_just_written_is_not_kept(root, read):
    """A clock may tick too slowly for a second change to show."""
    run = RunFolder(root / "r5")
    os.utime(run.events_file)
    listed(root)
    read.clear()
    listed(root)
    assert read == ["r5"]


LIE = summary.Summary(what="A lie.", lost=True)


DAMAGES = (
    "empty", "cut", "flipped", "JSON", "another form", "another program", "of another folder", "open to others",
    "a link", "a pipe", "a folder", "nested", "long",
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_that_is_not_as_it_was_written_is_thrown_away(root, read, tmp_path, damage):
    before, file = listed(root), index.file_of(root)
    kept = msgspec.msgpack.decode(file.read_bytes(), type=index.Kept)
    lies = {name: (version, LIE) for name, (version, _) in kept.runs.items()}
    content = msgspec.msgpack.encode(msgspec.structs.replace(kept, runs=lies))
    match damage:
        case "empty":
            content = b""
        case "cut":
            content = content[: len(content) // 2]
        case "flipped":
            content = bytes(byte ^ 1 for byte in content)
        case "JSON":
            content = json.dumps({"form": index.FORM}).encode()
        case "another form":
            content = msgspec.msgpack.encode(msgspec.structs.replace(kept, runs=lies, form=0))
        case "another program":
            content = msgspec.msgpack.encode(msgspec.structs.replace(kept, runs=lies, program="9"))
        case "of another folder":
            content = msgspec.msgpack.encode(msgspec.structs.replace(kept, runs=lies, root="/"))
        case "nested":
            content = b"\x91" * 100_000
    file.write_bytes(content)
    match damage:
        case "open to others":
            file.chmod(0o644)
        case "a link":
            file.rename(tmp_path / "lies")
            file.symlink_to(tmp_path / "lies")
        case "a pipe":
            file.unlink()
            os.mkfifo(file)
        case "a folder":
            file.unlink()
            file.mkdir()
        case "long":
            os.truncate(file, index.MOST + 1)
    read.clear()
    assert listed(root) == before and len(read) == N
    if damage != "a folder":  # it is written anew
        read.clear()
        assert listed(root) == before and not read and stat.S_IMODE(file.lstat().st_mode) == 0o600


def test_what_it_says_of_other_files_is_not_believed(root, read):
    before, file = listed(root), index.file_of(root)
    kept = msgspec.msgpack.decode(file.read_bytes(), type=index.Kept)
    lies = {name: (((1, 2, 3, 4),) * len(version), LIE) for name, (version, _) in kept.runs.items()}
    lies |= {"r999": (kept.runs["r1"][0], LIE), "../r1": (kept.runs["r1"][0], LIE)}
    file.write_bytes(msgspec.msgpack.encode(msgspec.structs.replace(kept, runs=lies)))
    read.clear()
    assert listed(root) == before and len(read) == N


def test_a_name_that_is_not_utf_8_stops_nothing(root):
    os.rename(root / "r5", os.fsencode(root) + b"/r\xff")
    assert len(listed(root)) == N and index.file_of(root).exists()
