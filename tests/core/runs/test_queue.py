"""The real queue: runs in the order in which they were queued, whatever becomes of them and of the process itself."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from core import files
from core.errors import BadRun
from core.runs import queue
from core.runs.launch import LOCK_FD, launch, lock


@pytest.fixture
def root(tmp_path, wait):
    """The folder of runs, whose queue has ended when the test has."""
    yield tmp_path / "runs"
    wait(lambda: not queue.served(tmp_path / "runs"))


def first_event(run):
    return run.events()[0][0].t


def last_event(run):
    return run.tail()[-1].t


def test_runs_start_in_the_order_of_queueing_after_what_runs_and_after_one_that_failed(new_run, root, tmp_path, wait):
    running, works = new_run(), new_run(train={"epochs": 1})
    fails = new_run(data={"path": str(tmp_path / "none.csv")})
    held = lock(running)
    assert queue.add(fails) == (1, running.name, True)
    assert queue.add(works) == (2, fails.name, True)
    queue.add(fails)  # keeps its place
    assert [run.name for run in queue.waiting(root)] == [fails.name, works.name]
    assert works.status().state == "queued" and not works.status().alive
    with pytest.raises(BadRun, match="already running"):
        queue.add(running)
    assert not queue.start(root)
    assert queue.turn(fails) == (1, running.name, True)
    os.close(held)
    wait(lambda: works.status().state == "done")
    assert fails.status().state == "failed" and last_event(fails) < first_event(works)
    assert queue.turn(works) is None


def test_a_clock_that_was_set_back_changes_no_order(new_run, root):
    first, second = new_run(), new_run()
    files.write(first.queued_file, b"")
    os.utime(first.queued_file, (2**32, 2**32))  # in the year 2106, by the clock of that moment
    queue.add(second)
    assert [run.name for run in queue.waiting(root)] == [first.name, second.name]
    for run in (first, second):
        queue.take_out(run)


def test_a_killed_queue_loses_nothing_and_goes_on_as_one_process(new_run, root, tmp_path, wait, forkserver):
    forkserver()  # a child of this process too
    busy, by_hand, last, never = (new_run(data={"path": str(tmp_path / "none.csv")}) for _ in range(4))
    held, others = lock(busy), set(psutil.Process().children())
    for run in (last, by_hand, never):
        queue.add(run)
    (process,) = [one for one in set(psutil.Process().children()) - others if one.status() != psutil.STATUS_ZOMBIE]
    process.send_signal(signal.SIGKILL)
    wait(lambda: not queue.served(root))
    assert queue.turn(by_hand) == (2, last.name, False)
    queue.take_out(never)
    assert (never.status().state, never.status().why) == ("stopped", "It was taken out of the queue before it began.")
    launch(by_hand)
    assert not by_hand.queued_file.exists() and by_hand.status().state != "queued"
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(queue.start, [root] * 4)) == 1
    os.close(held)
    wait(lambda: last.status().state == "failed")
    assert last_event(by_hand) < first_event(last)
    assert never.status().state == "stopped"


def test_a_run_queued_while_the_queue_ends_is_not_left_behind(new_run, root, tmp_path, monkeypatch):
    run, close = new_run(data={"path": str(tmp_path / "none.csv")}), os.close

    def at_the_last_moment(fd):
        monkeypatch.setattr(os, "close", close)
        assert queue.add(run).served  # which leaves it to the process that is about to let go
        close(fd)

    monkeypatch.setenv(LOCK_FD, str(files.lock(root / queue.LOCK)))
    monkeypatch.setattr(os, "close", at_the_last_moment)
    assert queue.main(root) == ""
    assert run.status().state == "failed" and not queue.waiting(root)


@pytest.mark.usefixtures("executed")
def test_what_stopped_before_is_stopped_again_when_it_waits_no_more(new_run, root):
    run, busy = new_run(), new_run()
    held = lock(busy)
    queue.add(run)
    queue.take_out(run)
    before = run.status(), run.events()
    queue.add(run)
    assert run.status().state == "queued"
    queue.take_out(run)
    assert (run.status(), run.events()) == before
    os.close(held)
