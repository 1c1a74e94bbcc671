"""Killed at random moments, several times in one life, whatever the run is doing then."""

import random
import time

import pytest

from core.pretraining import Pretraining
from core.runs.attempt import attempt
from core.runs.control import Continue, Epochs, Evaluate, Pause, Rates, Save, Step, change_of
from core.runs.events import Applied, Started
from core.runs.folder import create_run
from core.train.orders import Orders

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
TOLD = [Rates(lr=5e-4), Rates(lr=2e-3, head_lr=1e-4), Epochs(9), Epochs(7), Save(), Evaluate()]
QUICK_AND_SLOW = pytest.mark.parametrize(
    ("kills", "seed"), [(4, 1), pytest.param(50, 2, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)


def kill_often(forks, run, kills, seconds, rng, watch, killed, tell=lambda worker: None):
    """So many kills, if it does not come to its end before, each within so many seconds; then on to the end."""
    for _ in range(kills):
        worker = forks.start(run)
        until = time.monotonic() + rng.uniform(0, seconds)
        tell(worker)
        worker.wait(max(0, until - time.monotonic()))
        if not worker.kill():
            assert worker.code == 0, run.log_file.read_text()
            return
        watch.lost(run)
        killed()
    forks.finish(run)


def timed(forks, run):
    began = time.monotonic()
    forks.finish(run)
    return time.monotonic() - began


def long(kind):
    changes = KINDS[kind]
    return changes | {"train": LONG["train"] | changes.get("train", {})}


@QUICK_AND_SLOW
@pytest.mark.parametrize("kind", KINDS)
def test_killed_again_and_again(forks, new_run, watch, killed, monkeypatch, tmp_path, kind, kills, seed):
    broken, whole = new_run(**long(kind)), new_run(**long(kind))
    with monkeypatch.context() as patch:
        patch.setenv("WORKBENCH_CACHE", str(tmp_path / "another"))
        seconds = timed(forks, whole)
    kill_often(forks, broken, kills, seconds, random.Random(seed), watch, killed)
    assert watch.outcome(broken) == watch.outcome(whole)


@QUICK_AND_SLOW
def test_killed_again_and_again_while_it_is_told_things(forks, new_run, watch, killed, kills, seed):
    run, whole, again = (new_run(**long("cached")) for _ in range(3))
    rng, seconds = random.Random(seed), timed(forks, again)

    def tell(worker):
        """Something now and then, at moments that nobody chose; in the end that it goes on."""
        for _ in range(rng.randint(0, 3)):
            worker.wait(rng.uniform(0, seconds / 3))
            for told in rng.choice([[one] for one in TOLD] + [[Pause(), Step(2), Continue()]]):
                run.send(told)

    kill_often(forks, run, kills, seconds, rng, watch, killed, tell)
    changes = [(event.step, change_of(event.control)) for event in watch.events(run, Applied) if not event.refused]
    orders = Orders(changes=[(step, change) for step, change in changes if change])
    list(attempt(whole, lambda *_: None, orders, resumed=False))
    assert watch.outcome(run, logged=False) == watch.outcome(whole, logged=False)


@QUICK_AND_SLOW
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
    whole, broken = (create_run(tmp_path / "runs", Pretraining.of(recipe)) for _ in range(2))
    seconds = timed(forks, whole)
    worker = forks.start(broken)
    wait(lambda: watch.events(broken, Started))
    worker.kill()
    text.unlink()  # what a run has gathered, it keeps
    kill_often(forks, broken, kills, seconds, random.Random(seed), watch, killed)
    assert watch.outcome(broken) == watch.outcome(whole)
