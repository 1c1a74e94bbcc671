"""Links, pipes, folders and second names in place of a run's files: nothing is written through them, or waits there."""

import os
from functools import partial
from pathlib import Path

import pytest

from cases import each, first
from core import files, inside
from core.architectures.models import MODELS
from core.errors import BadRun
from core.model.weights import find_base
from core.runs import last_visit, queue
from core.runs.control import Stop
from core.runs.launch import launch
from core.runs.listing import BASELINE, Listing
from core.runs.log import EventLog
from core.runs.records import Label

WRITTEN = ("events.jsonl", "worker.log", "control.jsonl", "heartbeat", "lock")  # where they lie
REPLACED = ("queued", "reserve", "label.json", "recipe.toml", "result.json", "base.safetensors", "checkpoints/last")
IN_WORDS = {"link": "a link", "link to nothing": "a link", "pipe": "a pipe", "folder": "a folder"}


def put(kind: str, path: Path, other: Path) -> None:
    """Put something of a kind in a file's place; `other` is what a link leads to."""
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    match kind:
        case "link":
            path.symlink_to(other)
        case "link to nothing":
            path.symlink_to(other.with_name("nothing"))
        case "link to itself":
            path.symlink_to(path)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "second name":
            os.link(other, path)


@pytest.fixture
def other(elsewhere):
    """A file of the person's own."""
    return elsewhere / "notes"


@pytest.fixture
def refused(run, elsewhere, seen):
    """A function that demands that something is refused in certain words, and has changed nothing."""

    def refused(act, words):
        before = seen(run.path.parent), seen(elsewhere)
        with pytest.raises(BadRun) as caught:
            act()
        assert words in caught.value.what and caught.value.do
        assert (seen(run.path.parent), seen(elsewhere)) == before

    return refused


@pytest.mark.parametrize("name", each(3, WRITTEN + REPLACED))
@pytest.mark.parametrize("kind", IN_WORDS)
def test_a_run_with_anything_else_in_place_of_a_file_is_not_started(run, other, refused, kind, name):
    put(kind, run.path / name, other)
    refused(lambda: launch(run), f"{name} is {IN_WORDS[kind]}, not a file of its own")
    refused(lambda: queue.add(run), f"{name} is {IN_WORDS[kind]}")


@pytest.mark.parametrize("name", WRITTEN)
def test_nor_is_one_with_a_file_that_has_another_name_and_would_be_written_to(run, other, refused, name):
    put("second name", run.path / name, other)
    refused(lambda: launch(run), f"{name} has another name besides")


def test_weights_that_are_only_read_may_have_another_name(run, other):
    put("second name", run.weights_file, other)
    run.demand_own()
    run.weights_file.unlink()
    base = find_base(MODELS["nano"], "random", run.path, 1, lambda *_: None)
    assert run.path / base.file == run.weights_file


@pytest.mark.parametrize("name", first(1, WRITTEN))
def test_the_command_and_the_worker_say_so_and_change_nothing(run, elsewhere, other, seen, program, name):
    put("link", run.path / name, other)
    before = seen(run.path), seen(elsewhere)
    resume, work = ("workbench", "resume", "r1", "--runs", run.path.parent), ("core.worker", run.path)
    for command in (resume, work):
        ended = program(*command)
        words = " ".join(ended.stderr.split())
        assert ended.returncode == 1 and f"{name} is a link, not a file of its own. Remove it" in words, words
        assert "Traceback" not in words
    assert (seen(run.path), seen(elsewhere)) == before


@pytest.mark.parametrize("kind", [*IN_WORDS, "second name"])
def test_nothing_is_appended_or_touched_by_whoever_meets_it_later(run, other, refused, kind):
    words = IN_WORDS.get(kind, "another name")
    for path in (run.control_file, run.events_file, run.heartbeat_file, run.lock_file):
        put(kind, path, other)
    refused(lambda: run.send(Stop()), words)
    refused(lambda: EventLog(run), words)
    refused(lambda: files.touch(run.heartbeat_file), words)
    refused(lambda: files.lock(run.lock_file), words)


def test_a_device_is_refused():
    null = Path("/dev/null")
    for act in (files.appending, files.touch, files.lock, partial(inside.demand_file, home=null.parent)):
        with pytest.raises(BadRun, match="/dev/null is a device"):
            act(null)


@pytest.mark.parametrize("kind", ["link", "pipe", "second name"])
@pytest.mark.parametrize("name", [queue.LOCK, queue.LOG])
def test_no_run_waits_where_the_queue_s_files_are_others(run, other, refused, kind, name):
    put(kind, run.path.parent / name, other)
    refused(lambda: queue.add(run), name)
    files.write(run.queued_file, b"")
    refused(lambda: queue.start(run.path.parent), name)


def test_what_cannot_be_started_is_left_by_the_queue(run, other, program):
    files.write(run.queued_file, b"")
    put("link", run.events_file, other)
    served = program("core.runs.queue", run.path.parent)
    assert served.returncode == 1 and "is a link" in served.stderr and "Traceback" not in served.stderr
    assert other.read_text() == "kept"


@pytest.mark.parametrize("kind", ["link", "second name"])
def test_leaving_the_app_touches_no_file_of_others(run, other, kind):
    before = other.stat().st_mtime_ns
    put(kind, run.path.parent / last_visit.LEFT, other)
    last_visit.leave(run.path.parent)
    assert other.stat().st_mtime_ns == before


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", ["pipe", "folder", "link to itself"])
def test_runs_are_listed_whatever_lies_in_place_of_their_files(run, other, kind):
    for path in (run.events_file, run.lock_file, run.label_file, run.result_file, run.heartbeat_file, run.queued_file):
        put(kind, path, other)
    put(kind, run.checkpoints / "last", other)
    put(kind, run.path.parent / BASELINE, other)
    listing = Listing(run.path.parent)
    (entry,) = listing.look()
    assert entry.run.path == run.path and not entry.status.alive and not entry.label.name
    assert entry.status.state == "damaged" and "not a file of its own" in entry.status.why
    assert listing.baseline([entry]) is None and run.result() is None
    with pytest.raises(BadRun, match="not a file of its own"):
        run.saved_step()


def test_a_lock_that_is_a_link_to_another_s_holds_nobody_up(run, tmp_path):
    held = files.lock(tmp_path / "held")
    run.lock_file.symlink_to(tmp_path / "held")
    assert files.locked(tmp_path / "held") and not run.locked()
    os.close(held)


@pytest.mark.parametrize("content", [b"new", "new", lambda path: path.write_bytes(b"new")])
def test_a_file_is_replaced_and_never_written_through_a_link(run, other, content):
    path = run.label_file
    put("link", path, other)
    for kind in ("link", "second name", "pipe"):
        put(kind, path.with_name(f".{path.name}.{os.getpid()}.tmp"), other)
        files.write(path, content)
        assert path.read_text() == "new" and not path.is_symlink() and other.read_text() == "kept"
    put("link", path, other)
    run.name_it(Label("mine"))
    assert run.label().name == "mine" and other.read_text() == "kept"
