"""When a checkpoint is saved, by a clock that ticks a second a step and as long as saving is said to take."""

from itertools import pairwise
from types import SimpleNamespace

import pytest

from core.runs.events import Checkpointed, Evaluated

STEPS = 4  # in an epoch
LEARNS = {"lr": 5e-3, "head_lr": 5e-3, "epochs": 6}


@pytest.fixture
def live(build, monkeypatch):
    """A function that trains to the end where saving takes so many seconds: the loop, its checkpoints and events."""

    def live(cost: float, **train):
        clock = SimpleNamespace(now=0.0)
        for module in ("loop", "finetune"):
            monkeypatch.setattr(f"core.train.{module}.time", SimpleNamespace(monotonic=lambda: clock.now))
        built = build(train=LEARNS | train)
        built.limit.steps = 10_000
        learn = built.loop._learn

        def step():
            clock.now += 1
            return learn()

        def save(best):
            clock.now += cost

        built.loop._learn, built.loop.save = step, save
        events = list(built.loop.run())
        return built.loop, [e for e in events if isinstance(e, Checkpointed)], events

    return live


def test_the_last_weights_are_saved_after_each_epoch_where_that_takes_little_of_the_time(live):
    loop, saved, _ = live(0.1, keep="last", checkpoint_seconds=1000)
    assert loop.per_epoch == STEPS
    assert [e.step for e in saved] == [loop.per_epoch * i for i in range(1, 7)]
    assert not any(e.best for e in saved)


def test_the_last_weights_are_saved_seldom_where_that_takes_long_but_at_the_end(live):
    loop, saved, _ = live(STEPS * 1.5 / 20, keep="last", checkpoint_seconds=1000)
    assert [e.step for e in saved] == [loop.per_epoch * i for i in (1, 3, 5, 6)]  # at first it is not known how long
    loop, saved, _ = live(1000.0, keep="last", checkpoint_seconds=1)
    assert [e.step for e in saved] == [2, loop.n_steps]


def test_a_checkpoint_is_saved_as_often_as_was_asked_in_an_epoch_s_midst_too(live):
    loop, saved, _ = live(0.1, keep="last", checkpoint_seconds=2.5)
    steps = [0, *(e.step for e in saved)]
    assert max(later - earlier for earlier, later in pairwise(steps)) == 3
    assert any(step % loop.per_epoch for step in steps)


def test_the_best_weights_are_always_saved_where_they_are_kept(live):
    loop, saved, events = live(1000.0, keep="best", checkpoint_seconds=1000)
    whole = [(e.loss, e.step) for e in events if isinstance(e, Evaluated) and e.whole and e.split == "validation"]
    better = [step for i, (loss, step) in enumerate(whole) if loss < min([1e9, *(before for before, _ in whole[:i])])]
    assert len(better) > 1 and [e.step for e in saved if e.best] == better
    assert [e.step for e in saved] == sorted({*better, loop.n_steps})
