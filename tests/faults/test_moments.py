"""Killed at random moments, several times in one life, whatever the run is doing then."""

import random
import time
from itertools import count

import pytest

from core.pretraining import Pretraining
from core.runs.control import (
    Continue,
    Epochs,
    Evaluate,
    Pause,
    Rates,
    Save,
    SetTrainable,
    Step,
    change_of,
)
from core.runs.events import Applied, Started
from core.runs.root import create_run
from core.train.control_source import ControlSource
from core.worker.finetune import attempt

LONG = {"train": {"epochs": 8, "checkpoint_seconds": 0.02}}
KINDS = {
    "accumulated": {"train": {"batch": 2, "accumulate": 5}},
    "kept": {"speed": {"cache": "keep"}},
    "cached": {"speed": {"cache": "run"}},
    "uncached": {"speed": {"cache": "off"}},
    "all": {"freeze": {"trainable": "all"}, "train": {"schedule": "cosine", "warmup": 0.1}},
    "adapters": {"freeze": {"trainable": "lora.0,lora.1,head"}, "lora": {"dropout": 0.2}},
    "patient": {"train": {"patience": 2, "metric": "f1", "lr": 3e-3}},
    "in a file": {"speed": {"cache": "keep", "cache_memory": 1e-9}},
}
TOLD = [
    Rates(lr=5e-4),
    Rates(lr=2e-3, head_lr=1e-4),
    Epochs(9),
    Epochs(7),
    SetTrainable("all"),
    SetTrainable("lora.1,head"),
    Save(),
    Evaluate(),
]
MANY = pytest.param(50, 2, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])
QUICK_AND_SLOW = pytest.mark.parametrize(("kills", "seed"), [(3, 1), MANY])


def kill_often(forks, run, kills, seconds, rng, watch, killed, tell=lambda worker: None):
    """Kill it so many times, each within so many seconds, then let it come to its end.

    Returns how many times are left, because the end came first.
    """
    for left in range(kills, 0, -1):
        worker = forks.start(run)
        until = time.monotonic() + rng.uniform(0, seconds)
        tell(worker)
        worker.wait(max(0, until - time.monotonic()))
        if not worker.kill():
            assert worker.code == 0, run.log_file.read_text()
            return left
        watch.lost(run)
        killed()
    forks.finish(run)
    return 0


def timed(forks, run):
    began = time.monotonic()
    forks.finish(run)
    return time.monotonic() - began


def long(kind):
    changes = KINDS[kind]
    return changes | {"train": LONG["train"] | changes.get("train", {})}


@pytest.mark.more
@pytest.mark.parametrize(
    ("kind", "kills", "seed"),
    [
        ("all", 3, 1),
        *(pytest.param(kind, 3, 1, marks=pytest.mark.slow) for kind in ("accumulated", "kept")),
        *(pytest.param(kind, *MANY.values, marks=MANY.marks) for kind in KINDS),
    ],
)
def test_killed_again_and_again(forks, new_run, watch, killed, monkeypatch, tmp_path, kind, kills, seed):
    whole, rng, number = new_run(**long(kind)), random.Random(seed), count()
    new = watch.copy(whole, "new")
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache of whole"))
    seconds = timed(forks, whole)
    expected = watch.outcome(whole)
    while kills:  # as many life stories as that takes
        broken = watch.copy(new, f"story{next(number)}")
        monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / f"cache of {broken.name}"))
        kills = kill_often(forks, broken, kills, seconds, rng, watch, killed)
        assert watch.outcome(broken) == expected


@QUICK_AND_SLOW
@pytest.mark.more
def test_killed_again_and_again_while_it_is_told_things(forks, new_run, watch, killed, kills, seed):
    new, rng, number = new_run(**long("cached")), random.Random(seed), count()
    seconds = timed(forks, watch.copy(new, "untold"))

    def tell(worker, run):
        """Something now and then, at moments that nobody chose; in the end that it goes on."""
        for _ in range(rng.randint(0, 3)):
            worker.wait(rng.uniform(0, seconds / 3))
            for told in rng.choice([[one] for one in TOLD] + [[Pause(), Step(2), Continue()]]):
                run.send(told)

    while kills:
        run, whole = (watch.copy(new, f"story{next(number)}") for _ in range(2))
        kills = kill_often(forks, run, kills, seconds, rng, watch, killed, lambda worker, run=run: tell(worker, run))
        changes = [(event.step, change_of(event.control)) for event in watch.events(run, Applied) if not event.refused]
        control_source = ControlSource(changes=[(step, change) for step, change in changes if change])
        list(attempt(whole, lambda *_: None, control_source, resumed=False))
        assert watch.outcome(run, logged=False) == watch.outcome(whole, logged=False)


@QUICK_AND_SLOW
@pytest.mark.more
def test_killed_again_and_again_while_it_pretrains(forks, watch, killed, wait, tmp_path, kills, seed):
    rng = random.Random(1)
    words = "Ada Bo Cleo Dan walks to sings for writes looks at waits dreams of".split()
    text = tmp_path / "stories.txt"
    text.write_text("\n".join(" ".join(rng.choices(words, k=8)) + f", {rng.randint(1, 99)} times." for _ in range(250)))
    recipe = {
        "text": {"paths": [str(text)], "held_out": 0.1},
        "train": {"batch": 1, "eval_every": 10, "eval_windows": 1, "checkpoint_seconds": 0.02},
        "speed": {"threads": 1, "device": "cpu", "precision": "fp32"},
    }
    whole, rng, number = create_run(tmp_path / "runs", Pretraining.of(recipe)), random.Random(seed), count()
    new, gathered = (watch.copy(whole, name) for name in ("new", "gathered"))
    seconds = timed(forks, whole)
    expected = watch.outcome(whole)
    worker = forks.start(gathered)
    wait(lambda: watch.events(gathered, Started))
    worker.kill()
    while kills:
        broken = watch.copy(new, f"story{next(number)}")
        kills = kill_often(forks, broken, kills, seconds, rng, watch, killed)
        assert watch.outcome(broken) == expected
    text.unlink()  # what a run has gathered, it keeps
    assert watch.outcome(forks.finish(gathered)) == expected
