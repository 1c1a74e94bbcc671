import json

import pytest

from core import files
from core.estimate import speeds
from core.estimate.cost import Passes, Work
from core.estimate.speeds import Memory, Pace, Speeds
from core.recipe import load

NANO = load({"model": {"name": "nano"}})


@pytest.fixture
def file():
    return files.cache_root() / "speeds.json"


def test_a_pace_goes_through_both_points():
    pace = Pace.through((1e9, 0.03), (9e9, 0.11))
    assert pace.seconds(Passes(1, 1e9)) == pytest.approx(0.03) and pace.seconds(Passes(1, 9e9)) == pytest.approx(0.11)
    assert pace.seconds(Passes(10, 9e9)) == pytest.approx(0.11 + 9 * 0.02)


@pytest.mark.parametrize("large", [(9e9, 0.03), (9e9, 0.02), (1e9, 0.9)])
def test_a_pace_is_sane_whatever_was_measured(large):
    pace = Pace.through((1e9, 0.03), large)
    assert pace.rate > 0 and pace.block >= 0


def test_the_optimizer_slows_down_beyond_the_caches():
    memory = Memory(near=10.0, far=5.0, size=100.0)
    assert (memory.seconds(50), memory.seconds(100), memory.seconds(200)) == (5.0, 10.0, 30.0)


def test_every_kind_of_work_takes_time():
    guess = Speeds.estimated(1e11)
    kinds = {name: Passes(10, 1e12) for name in ("look", "look_row", "learn", "learn_row", "exact")}
    amounts = {"batches": 1000.0, "tables": 1e12, "compared": 1e12, "saved": 1e12, "tokens": 1e7}
    for name, amount in (kinds | amounts).items():
        assert guess.seconds(Work(**{name: amount})) > 0.1, name
    assert guess.seconds(Work(steps=1e4)) < guess.seconds(Work(steps=1e4, updated=1e13))
    assert guess.seconds(Work()) == 0


def test_what_was_measured_is_recalled_for_the_same_model_and_settings_only():
    assert speeds.recall(NANO) is None
    speeds.remember(NANO, Speeds.estimated(1e11))
    other = load({"model": {"name": "gpt2"}})
    speeds.remember(other, Speeds.estimated(2e11))
    assert speeds.recall(NANO) == Speeds.estimated(1e11) and speeds.recall(other) == Speeds.estimated(2e11)
    for setting in ({"threads": 1}, {"precision": "fp32"}, {"device": "cpu"}):
        assert speeds.recall(load(NANO.model_dump(), {"speed": setting})) is None
    assert speeds.recall(load(NANO.model_dump(), {"train": {"batch": 2}})) is not None


def test_another_pytorch_is_another_machine(monkeypatch):
    speeds.remember(NANO, Speeds.estimated(1e11))
    monkeypatch.setattr(speeds.metadata, "version", lambda name: "99.0")
    assert speeds.recall(NANO) is None


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"[1, 2]", b'{"a": {"look": 3}}'])
def test_a_foreign_file_is_ignored_and_replaced(file, content):
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    assert speeds.recall(NANO) is None
    speeds.remember(NANO, Speeds.estimated(1e11))
    assert speeds.recall(NANO) is not None and len(json.loads(file.read_bytes())) == 1


def test_a_folder_that_cannot_be_written_is_no_trouble(file):
    file.parent.parent.mkdir(exist_ok=True)
    file.parent.write_text("a file where the folder should be")
    speeds.remember(NANO, Speeds.estimated(1e11))
    assert speeds.recall(NANO) is None
