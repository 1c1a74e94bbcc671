"""A small set of labelled texts that a small model can learn, and runs on it."""

import dataclasses
import random
import time

import pytest

from core.options import merge
from core.presets import MODELS, Shape
from core.recipe import load
from core.runs.folder import create_run

DEADLINE = 90  # seconds
GOOD = "meet lunch home thanks later train book tea see you at the call mum soon ok love".split()
BAD = "free prize win cash claim urgent offer txt now guaranteed bonus click award".split()


def rows(n: int) -> list[tuple[str, str]]:
    rng = random.Random(5)
    found = []
    for i in range(n):
        label, words = ("spam", BAD) if i % 3 == 0 else ("ham", GOOD)
        found.append((label, " ".join(rng.choices(words, k=rng.randint(2, 9))) + f" {i}"))
    return found


@pytest.fixture
def tiny(monkeypatch):
    """In this process, nano is a model of three narrow blocks."""
    monkeypatch.setitem(MODELS, "nano", dataclasses.replace(MODELS["nano"], shape=Shape(3, 32, 2, 64, 8192)))


@pytest.fixture
def messages(tmp_path):
    path = tmp_path / "messages.tsv"
    path.write_text("".join(f"{label}\t{text}\n" for label, text in rows(90)))
    return path


@pytest.fixture
def new_run(tmp_path, messages):
    """A function that makes a run of the small recipe, changed by the given layer."""

    def make(**changes):
        small = {
            "data": {"path": str(messages)},
            "model": {"weights": "random"},
            "train": {"epochs": 2, "batch": 4, "eval_every": 5, "eval_batches": 2, "lr": 1e-3},
            "speed": {"threads": 1, "device": "cpu", "precision": "fp32"},  # measured, it could differ between two runs
        }
        return create_run(tmp_path / "runs", load(merge(small, changes)))

    return make


@pytest.fixture
def wait():
    """A function that waits until a condition holds, while a process lives, and gives what the condition gave."""

    def wait(condition, process=None):
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            if found := condition():
                return found
            assert process is None or process.poll() is None, "the worker ended early"
            time.sleep(0.01)
        raise AssertionError("waited in vain")

    return wait
