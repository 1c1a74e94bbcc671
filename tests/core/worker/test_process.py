"""The real process: killed, stopped, robbed of its data, surrounded by files that look like its own modules."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from core import memory
from core.errors import BadRun
from core.runs.control import Stop
from core.runs.events import Applied, Ended, Steps
from core.runs.launch import launch, lock
from core.runs.log import EventLog
from core.runs.root import find_run

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
    imports = "from core.runs.launch import launch; from core.runs.folder import RunFolder"
    starter = f"{imports}; launch(RunFolder({str(run.path)!r}))"
    subprocess.run([sys.executable, "-c", starter], check=True, timeout=DEADLINE)
    wait(lambda: saw(run, Steps))
    assert run.status().state == "running" and run.status().quiet < 60
    with pytest.raises(BadRun, match="already running"):
        launch(run)
    second = subprocess.run(
        [sys.executable, "-m", "core.worker", str(run.path)], capture_output=True, text=True, timeout=DEADLINE
    )
    assert second.returncode == 1 and "already running" in second.stderr
    run.send(Stop())
    wait(lambda: run.status().state == "stopped")


def test_memory_that_ran_out_is_said_to_have_whoever_asked_for_it():
    for ask in (np.empty, torch.empty):
        with pytest.raises((MemoryError, RuntimeError)) as caught:
            ask(10**15)
        assert memory.ran_out(caught.value)
    assert memory.ran_out(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."))
    assert not memory.ran_out(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.usefixtures("executed")
@pytest.mark.more
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


def test_a_half_written_folder_says_so(tmp_path):
    (tmp_path / "r1").mkdir()
    run = find_run(tmp_path, "r1")
    assert run.status().state == "failed" and "half written" in run.status().why
    with pytest.raises(BadRun, match="holds no recipe.toml"):
        run.recipe()
    with pytest.raises(BadRun, match="no checkpoint"):
        run.checkpoint()


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


def test_a_clock_that_is_set_while_a_run_goes_on_changes_no_duration(new_run, monkeypatch):
    run = new_run()
    log = EventLog(run)
    log.write(Applied(id="before", control={}))
    monkeypatch.setattr(time, "time", lambda: 0.0)  # set back by half a century
    log.write(Applied(id="after", control={}))
    before, after = events(run)
    assert 0 <= after.t - before.t < 60
