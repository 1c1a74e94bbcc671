"""A small set of labelled texts that a small model can learn, and runs on it."""

import dataclasses

import pytest

from core.options import merge
from core.presets import MODELS, Shape
from core.recipe import load
from core.runs.root import create_run


@pytest.fixture
def tiny(monkeypatch):
    """In this process, nano is a model of three narrow blocks."""
    monkeypatch.setitem(MODELS, "nano", dataclasses.replace(MODELS["nano"], shape=Shape(3, 32, 2, 64, 8192)))


@pytest.fixture
def messages(labelled):
    return labelled(90)


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
