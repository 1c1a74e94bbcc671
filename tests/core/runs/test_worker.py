"""The real process: killed, stopped, robbed of its data, surrounded by files that look like its own modules."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress

import msgspec
import pytest
import torch

from core.errors import BadRun
from core.runs import checkpoint
from core.runs.attempt import attempt
from core.runs.control import Stop
from core.runs.events import Applied, Checkpointed, Encoded, Ended, Noted, Phase, Resumed, Steps
from core.runs.folder import RunFolder, find_run
from core.runs.history import History
from core.runs.launch import launch, lock
from core.train.orders import Orders

DEADLINE = 90  # seconds


def events(run):
    return run.events()[0]


def saw(run, kind, n=1):
    found = [e for e in events(run) if isinstance(e, kind)]
    return found if len(found) >= n else None


def finish(run):
    process = launch(run)
    assert process.wait(DEADLINE) == 0, run.log_file.read_text()
    return run


def test_a_killed_run_resumes_to_the_weights_of_one_never_killed(new_run, wait):
    changes = {"train": {"epochs": 12, "checkpoint_seconds": 0.2}}  # long enough to be killed in its midst
    whole, broken = new_run(**changes), new_run(**changes)
    list(attempt(whole, lambda *_: None, Orders(), resumed=False))
    kills = 0
    for moments in (2, 4):
        process = launch(broken)
        assert broken.status().state in ("starting", "running")
        wait(lambda n=moments: saw(broken, Checkpointed, n), process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        assert broken.status().state == "vanished"
        # nothing that was reported as saved is lost
        assert broken.checkpoint("last").name == saw(broken, Checkpointed)[-1].name
    finish(broken)
    assert kills == 2 and saw(broken, Resumed, 2)
    ends = [checkpoint.read(run.checkpoint("last"), checkpoint.WEIGHTS) for run in (whole, broken)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
    assert broken.status().state == "done"
    history = History()
    for event in events(broken):
        history.apply(event)
    assert len(history.losses) == history.n_steps == history.step


def test_killed_while_it_encodes_a_run_goes_on_from_the_chunks_that_are_whole(new_run, tmp_path, wait):
    many = tmp_path / "many.tsv"
    many.write_text("".join(f"{'spam' if i % 3 else 'ham'}\t{'some words ' * 9}{i}\n" for i in range(900)))
    changes = {"data": {"path": str(many)}, "freeze": {"trainable": "head"}, "train": {"epochs": 1, "batch": 50}}
    broken = new_run(**changes, model={"context": 64})
    process = launch(broken)
    wait(lambda: [e for e in saw(broken, Phase) or [] if e.name == "encode" and 0 < e.done < e.total], process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finish(broken)
    (encoded,) = saw(broken, Encoded)
    assert 0 < encoded.found < encoded.texts
    whole = finish(new_run(**changes, model={"context": 64}, speed={"cache": "run"}))
    ends = [checkpoint.read(run.checkpoint("last"), checkpoint.WEIGHTS) for run in (whole, broken)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_a_stop_is_obeyed_with_a_checkpoint_and_answered(new_run, wait):
    run = new_run(train={"epochs": 500})
    process = launch(run)
    wait(lambda: saw(run, Steps), process)
    id = run.send(Stop())
    assert process.wait(DEADLINE) == 0
    answer = saw(run, Applied)[0]
    assert answer.id == id and answer.refused is None
    assert isinstance(events(run)[-1], Ended) and run.status().state == "stopped"
    assert run.checkpoint("last").name == str(events(run)[-1].step)


def test_a_stop_in_the_first_moment_is_obeyed_and_one_to_an_earlier_attempt_is_not(new_run, wait):
    run = new_run(train={"epochs": 500})
    process = launch(run)
    id = run.send(Stop())  # long before the worker can read it
    assert process.wait(DEADLINE) == 0
    assert run.status().state == "stopped" and saw(run, Applied)[0].id == id
    late = run.send(Stop())
    process = launch(run)
    wait(lambda: saw(run, Steps), process)
    refused = saw(run, Applied)[-1]
    assert refused.id == late and refused.refused
    run.send(Stop())
    assert process.wait(DEADLINE) == 0


def test_two_workers_never_share_a_run_and_closing_the_starter_leaves_it_running(new_run, wait):
    run = new_run(train={"epochs": 500})
    starter = f"from core.runs.launch import launch; from core.runs.folder import RunFolder; launch(RunFolder({str(run.path)!r}))"
    subprocess.run([sys.executable, "-c", starter], check=True, timeout=DEADLINE)
    wait(lambda: saw(run, Steps))
    assert run.status().state == "running" and run.status().quiet < 60
    with pytest.raises(BadRun, match="already running"):
        launch(run)
    second = subprocess.run(
        [sys.executable, "-m", "core.runs.worker", str(run.path)], capture_output=True, text=True, timeout=DEADLINE
    )
    assert second.returncode == 1 and "already running" in second.stderr
    run.send(Stop())
    wait(lambda: run.status().state == "stopped")


def test_modules_lying_in_the_run_folder_are_not_imported(new_run):
    run = new_run(train={"epochs": 1})
    (run.path / "core").mkdir()
    for trap in ("core/__init__.py", "json.py", "torch.py"):
        (run.path / trap).write_text("raise SystemExit('trapped')")
    finish(run)
    assert run.status().state == "done"


def test_the_data_file_may_vanish_during_a_run(new_run, messages, wait):
    run = new_run()
    process = launch(run)
    wait(lambda: run.data_file.is_file(), process)
    messages.unlink()
    assert process.wait(DEADLINE) == 0
    assert run.status().state == "done"


def test_a_missing_file_fails_with_a_sentence(new_run, messages):
    run = new_run()
    messages.unlink()
    assert launch(run).wait(DEADLINE) == 1
    status = run.status()
    assert status.state == "failed" and "messages.tsv" in status.why and status.do
    assert "Traceback" not in run.log_file.read_text()


def test_a_torn_last_line_is_skipped_and_closed_off(new_run):
    run = new_run(train={"epochs": 1})
    run.events_file.write_bytes(msgspec.json.encode(Noted(text="before", attempt=3)) + b'\n{"type":"noted","te')
    finish(run)
    found = events(run)
    assert found[0].text == "before" and isinstance(found[1], Resumed) and found[1].attempt == 4


def test_a_half_written_folder_says_so(tmp_path):
    (tmp_path / "r1").mkdir()
    run = find_run(tmp_path, "r1")
    assert run.status().state == "failed" and "half written" in run.status().why
    with pytest.raises(BadRun, match="holds no recipe.toml"):
        run.recipe()
    with pytest.raises(BadRun, match="no checkpoint"):
        run.checkpoint()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=110m", "tmpfs", str(folder)], capture_output=True
    ).returncode == 0
    if not mounted:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_keeps_the_last_checkpoint_and_says_so(new_run, small_disk, wait):
    # the base takes 28 MB; a checkpoint of the last block 10 MB, so that not many fit beside what fills the disk
    made = new_run(train={"epochs": 50})
    run = RunFolder(small_disk / "r1")
    shutil.move(made.path, run.path)
    process = launch(run)
    first = wait(lambda: saw(run, Checkpointed), process)[0]

    def filled():
        """Leave little room again and again, because removing an old checkpoint makes some; until the worker has ended."""
        with suppress(OSError), open(small_disk / "filler", "ab") as filler:
            filler.write(b"x" * max(0, free(small_disk) - 3_000_000))
        return process.poll() is not None

    wait(filled)
    assert process.wait(DEADLINE) == 1
    status = run.status()
    assert status.state == "failed" and "disk is full" in status.why and "resume" in status.do
    kept = run.checkpoint("last")
    assert int(kept.name) >= int(first.name)
    checkpoint.verify(kept, checkpoint.WEIGHTS)
    (small_disk / "filler").unlink()
    process = launch(run)
    wait(lambda: saw(run, Checkpointed, len(saw(run, Checkpointed)) + 1), process)
    run.send(Stop())
    assert process.wait(DEADLINE) == 0


def free(folder):
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_bsize


def test_a_folder_that_cannot_be_written_is_refused(new_run, tmp_path):
    run = new_run()
    if os.geteuid() == 0:
        bound = subprocess.run(["mount", "--bind", "-o", "ro", str(run.path), str(run.path)], capture_output=True)
        if bound.returncode:
            pytest.skip("root writes everywhere, and no read-only mount can be made")
    else:
        run.path.chmod(0o500)
    try:
        with pytest.raises(BadRun, match="cannot be written.*writable"):
            lock(run)
        with pytest.raises(BadRun, match="writable"):
            run.send(Stop())
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", "-l", str(run.path)], check=True)
        else:
            run.path.chmod(0o700)
