"""Killed at every step that a run takes on disk: before each file is opened, written, flushed, renamed, removed."""

import random

import pytest

from cases import first
from core.runs.control import Rates
from core.runs.events import Encoded, Evaluated

BETTER = {"train": {"lr": 3e-3, "head_lr": 3e-3}}  # each epoch is the best so far


def points(forks, run, tmp_path):
    """What a run does on its way to the end, step by step."""
    trace = tmp_path / "trace"
    forks.finish(run, trace=trace)
    return trace.read_text().splitlines()


def die_at(forks, run, n, watch, killed, expected, again=0):
    """Kill it at its n-th point, and perhaps once more; then it goes on and comes to what was expected."""
    for moment in filter(None, (n, again)):
        if forks.start(run, kill_at=moment).wait() != -9:
            break
        watch.lost(run)
        killed()
    if run.status().state != "done":
        forks.finish(run)
    assert watch.outcome(run) == expected


@pytest.fixture
def stopped(new_run, watch):
    """A run stopped in the midst of the last evaluation: its checkpoint there is to be replaced, older ones removed."""
    run = new_run(**BETTER)

    def saw(event, control_source):
        if isinstance(event, Evaluated) and event.step == 15:
            control_source.stop()

    watch.live(run, saw)
    assert run.status().state == "stopped" and run.saved_step() == 15 and run.checkpoint("best").name == "10"
    return run


@pytest.mark.parametrize("part", first(1, range(3)))
def test_killed_at_every_point_of_a_checkpoint_s_writing(forks, stopped, watch, killed, tmp_path, part):
    names = points(forks, whole := watch.copy(stopped, "whole"), tmp_path)
    expected = watch.outcome(whole)
    assert expected["best"][0]["step"] == 15
    of_checkpoint = [n for n, name in enumerate(names, 1) if "checkpoints" in name]
    of_checkpoint.append(of_checkpoint[-1] + 1)
    done = " ".join(names[n - 1] for n in of_checkpoint)
    assert all(
        step in done
        for step in ("half of", "rename checkpoints/15 ", "15.old/state.json", "10/weights", ".best", ".last")
    )
    for n in of_checkpoint[part::3]:
        die_at(forks, watch.copy(stopped, f"at{n}"), n, watch, killed, expected)


def test_killed_between_two_chunks_of_a_cache_it_goes_on_from_those_that_are_whole(
    forks, new_run, watch, killed, tmp_path, monkeypatch
):
    run, whole = new_run(), new_run()
    names = points(forks, whole, tmp_path)
    between = [n for n, name in enumerate(names, 1) if name.startswith("open") and name.endswith("done.jsonl")]
    assert len(between) > 3
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "another"))
    assert forks.start(run, kill_at=between[2]).wait() == -9
    watch.lost(run)
    forks.finish(run)
    (encoded,) = watch.events(run, Encoded)
    assert 0 < encoded.found < encoded.texts and watch.outcome(run) == watch.outcome(whole)
    killed()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(4))
def test_killed_at_every_point_of_a_run(forks, new_run, watch, killed, tmp_path, monkeypatch, part):
    rng = random.Random(part)
    new, whole = new_run(**BETTER), new_run(**BETTER)
    names = points(forks, whole, tmp_path)
    expected = watch.outcome(whole)
    for n in range(1 + part, len(names) + 1, 4):
        monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / f"cache{n}"))
        die_at(forks, watch.copy(new, f"at{n}"), n, watch, killed, expected, again=rng.randrange(1, len(names)))


@pytest.mark.more
def test_what_was_best_in_a_life_that_was_lost_is_not_best(forks, new_run, watch, killed, tmp_path):
    run = new_run(**BETTER, speed={"cache": "run"})
    names = points(forks, watch.copy(run, "whole"), tmp_path)
    # the checkpoint of step 10, better than that of step 5, lies there; of its two pointers none or one is written
    renamed = ("os.rename checkpoints/.last.PID.tmp", "os.rename checkpoints/.best.PID.tmp")
    first, second = [n for n, name in enumerate(names, 1) if name in renamed][2:4]
    for n, name, best in ((first, "none", 5), (second, "one", 10)):
        broken = watch.copy(run, name)
        assert forks.start(broken, kill_at=n).wait() == -9
        watch.lost(broken)
        told = []

        def saw(event, control_source, run=broken, told=told):
            if not told and event.step >= run.saved_step():
                told.append(run.send(Rates(0.5, 0.5)))  # from here on it only gets worse

        watch.live(broken, saw)
        assert broken.result().checkpoint == best
        killed()
