import dataclasses
import json
import math

import pytest
import torch

from core import files
from core.architectures.deberta import DebertaArchitecture
from core.architectures.models import MODELS
from core.architectures.t5 import T5Architecture
from core.estimate import speeds
from core.recipe import load
from core.worker import measure

NANO = load({"model": {"name": "nano"}, "speed": {"threads": 1}})


class Enough(BaseException):
    """As the helper breaks off what nobody waits for any more."""


def plain(value) -> list[float]:
    return [n for inner in value.values() for n in plain(inner)] if isinstance(value, dict) else [value]


@pytest.fixture
def quick(monkeypatch):
    """Once each: this is about what is measured, not how well."""
    monkeypatch.setattr(measure, "FEWEST", 1)
    monkeypatch.setattr(measure, "MOST", 1)


@pytest.mark.more
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_probe_measures_and_remembers(quick, precision):
    recipe = load(NANO.model_dump(), {"speed": {"precision": precision}})
    threads, heard = torch.get_num_threads(), []
    found = measure.measure(recipe, lambda *progress: heard.append(progress))
    assert torch.get_num_threads() == threads
    assert speeds.recall(recipe) == found and found.measured
    numbers = plain(json.loads((files.cache_root() / "speeds.json").read_bytes()))
    assert len(numbers) == 19 and all(math.isfinite(n) and n >= 0 for n in numbers)
    assert all(pace.rate > 1e6 for pace in (found.look, found.look_row, found.learn, found.learn_row, found.exact))
    names, done, totals, _ = zip(*heard, strict=True)
    assert set(names) == {"measure"} and list(done) == list(range(1, totals[0] + 1)) and len(set(totals)) == 1


@pytest.mark.parametrize("arch", [T5Architecture(2, 32, 4, 64, 99), DebertaArchitecture(2, 32, 4, 64, 99, buckets=8)])
def test_a_model_whose_blocks_share_a_part_of_the_embeddings_is_measured(quick, monkeypatch, arch):
    monkeypatch.setitem(MODELS, "nano", dataclasses.replace(MODELS["nano"], architecture=arch))
    found = measure.measure(load(NANO.model_dump()), lambda *progress: None)
    assert all(pace.rate > 1e6 for pace in (found.look, found.look_row, found.learn, found.learn_row, found.exact))


def test_it_can_be_broken_off_and_leaves_nothing(quick):
    def progress(name: str, done: int, total: int, unit: str) -> None:
        if done == 3:
            raise Enough

    threads = torch.get_num_threads()
    with pytest.raises(Enough):
        measure.measure(NANO, progress)
    assert speeds.recall(NANO) is None and torch.get_num_threads() == threads


def test_only_the_speeds_stay_on_disk(quick):
    measure.measure(NANO, lambda *progress: None)
    assert [path.name for path in files.cache_root().iterdir()] == ["speeds.json"]
