"""What is free, and what fits into it."""

from pathlib import Path

import pytest

from core import memory
from core.errors import NotEnoughMemory
from core.machine import Speed
from core.runs.events import Steps, encode
from core.runs.folder import RunFolder
from core.worker.resolve import resolve_speed


def needed(batch: int) -> int:
    return (2 + batch) * 10**9


def test_what_fits_is_let_through_and_what_does_not_is_told_what_would():
    memory.demand(needed, 8, 1, 10 * 10**9)
    with pytest.raises(NotEnoughMemory) as caught:
        memory.demand(needed, 8, 3, 7 * 10**9)
    assert caught.value.what == "This needs 10.0 GB of memory; 7.0 are free."
    assert caught.value.fits == (4, 6, 6 * 10**9)
    assert "Batch 4 with 6 accumulated gives the same result in 6.0 GB: --batch 4 --accumulate 6." in caught.value.do
    with pytest.raises(NotEnoughMemory, match="fewer layers") as caught:
        memory.demand(needed, 8, 1, 10**9)
    assert caught.value.fits is None


def test_a_groups_limit_counts_less_what_it_holds_but_would_give_back(tmp_path, monkeypatch):
    for kind, (_, limit, used) in memory.KINDS.items():
        folder = tmp_path / (kind or "new")
        folder.mkdir()
        (folder / limit).write_text("5000000\n")
        (folder / used).write_text("3000000\n")
        (folder / "memory.stat").write_text("anon 2500000\ninactive_file 400000\n")
        assert memory._group(folder, limit, used) == (5_000_000, 2_400_000)
    (folder / limit).write_text("max\n")
    assert memory._group(folder, limit, used) is None
    assert memory._group(tmp_path / "none", limit, used) is None
    monkeypatch.setattr(memory, "KINDS", {"": (tmp_path / "new", "memory.max", "memory.current")})
    if not Path("/proc/self/cgroup").exists():
        pytest.skip("there are no control groups here")
    assert (memory.free(), memory.total()) == (2_400_000, 5_000_000)


def test_a_groups_limit_counts_wherever_memory_is_asked_for(tmp_path, monkeypatch):
    if not Path("/proc/self/cgroup").exists():
        pytest.skip("there are no control groups here")
    for name, content in (("most", "1200000000"), ("used", "400000000"), ("memory.stat", "anon 400000000")):
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(memory, "KINDS", {"": (tmp_path, "most", "used")})
    assert resolve_speed(Speed(device="cpu", threads=1, precision="fp32"))["cache_memory"] == 0.2
    run = RunFolder(tmp_path)
    run.recipe_file.touch()
    run.events_file.write_bytes(encode(Steps(step=7, loss=[0.5], lr=[1e-4], tokens=9, seconds=1.0, rss=1_100_000_000)))
    assert "it last held 1.1 of 1.2 GB" in run.status().why
