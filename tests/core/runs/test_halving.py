"""Who stops early is decided from what the runs' own logs say, on validation alone, and always the same."""

import math

import pytest

from core.recipe import load
from core.runs.events import Ended, Evaluated, Resumed, Started, encode
from core.runs.halving import Rung, due, halved, mark_of
from core.runs.records import Member
from core.runs.root import create_run

PER_EPOCH, EPOCHS = 10, 8


@pytest.fixture
def make(tmp_path):
    """A function that makes a run of which only the log is there: validation accuracy after each epoch so far."""
    runs = {}

    def make(setting, accuracies, seed=0, ended=None):
        member = Member("g", setting, seed)
        run = runs.get(member) or create_run(tmp_path / "runs", load(), member)
        rows = {"train": 80, "validation": 10, "test": 10}
        events = [
            Started(
                pid=1, n_steps=PER_EPOCH * EPOCHS, epochs=EPOCHS, rows=rows, labels=["a", "b"], majority=0.5,
                learns=1, parameters=2, device="cpu", threads=1,
            )
        ]  # fmt: skip
        for epoch, accuracy in enumerate(accuracies, 1):
            step = epoch * PER_EPOCH
            few = Evaluated(split="validation", rows=4, loss=9.0, accuracy=0.0, whole=False, step=step)
            train = Evaluated(split="train", rows=80, loss=0.1, accuracy=1.0, whole=True, step=step)
            events += [few, train]
            events += [
                Evaluated(split="validation", rows=10, loss=1 - accuracy, accuracy=accuracy, whole=True, step=step)
            ]
        if ended:
            events.append(Ended(state=ended))
        with run.events_file.open("ab") as file:
            for event in events:
                file.write(encode(event))
        runs[member] = run
        return run

    make.runs = runs
    return make


def places(settings, seeds=1):
    return [Member("g", setting, seed) for seed in range(seeds) for setting in range(settings)]


def test_the_worse_half_stops_after_a_quarter_and_again_after_half(make):
    planned = places(5)
    assert halved(planned, {}) == ([0, 1, 2, 3, 4], {}, 0.25)
    for setting, accuracy in enumerate((0.5, 0.9, 0.7, 0.8, 0.6)):
        assert halved(planned, make.runs).share == 0.25
        assert [place.setting for place in due(halved(planned, make.runs), planned, make.runs)] == [*range(setting, 5)]
        make(setting, [0.1, accuracy])
    found = halved(planned, make.runs)
    assert found.going == [1, 2, 3] and found.share == 0.5
    assert {setting: stopped.share for setting, stopped in found.stopped.items()} == {0: 0.25, 4: 0.25}
    assert found.stopped[4].mark == (0.6, -0.4)
    # what those that have stopped do later, in a queue that nobody stopped, changes nothing
    make(0, [0.1, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert halved(planned, make.runs) == found
    for setting, early, later in ((1, 0.9, 0.7), (2, 0.7, 0.95), (3, 0.8, 0.8)):
        make(setting, [0.1, early, 0.5, later])
    last = halved(planned, make.runs)
    assert last.going == [2, 3] and last.stopped[1].share == 0.5 and last.share is None
    assert [place.setting for place in due(last, planned, make.runs)] == [2, 3]


def test_a_setting_is_judged_by_all_of_its_runs_and_equals_by_their_loss(make):
    planned = places(2, seeds=2)
    for setting, seed, accuracy in ((0, 0, 0.9), (0, 1, 0.5), (1, 0, 0.8)):
        make(setting, [0.0, accuracy], seed)
    assert halved(planned, make.runs).share == 0.25  # one has yet to come there
    make(1, [0.0, 0.7], 1)
    assert halved(planned, make.runs).going == [1]


def test_a_run_that_has_failed_counts_for_nothing_and_holds_nobody_up(make):
    planned = places(3)
    make(0, [], ended="failed")
    make(1, [0.1, 0.2])
    make(2, [0.1], ended="stopped")
    assert mark_of(make.runs[planned[0]], 0.25).accuracy == -1
    found = halved(planned, make.runs)
    assert found.share == 0.25 and due(found, planned, make.runs) == planned[2:]
    make(2, [0.1, 0.1])
    found = halved(planned, make.runs)
    assert found.going == [1, 2] and found.share == 0.5 and found.stopped[0].mark == (-1.0, -math.inf)


def test_a_look_says_when_a_run_is_there_and_reads_its_log_once(make):
    run, rung = make(0, [0.3]), Rung(0.25)
    assert not rung(run) and not rung(run)
    with run.events_file.open("ab") as file:
        file.write(encode(Resumed(from_step=10)))
    make(0, [0.3, 0.4])
    assert rung(run)
    run.queued_file.touch()
    assert not rung(run)  # it waits for the next round
