"""How far the weights have moved is known with the first steps, and costs next to nothing."""

import math

import pytest
import torch

from core.runs.events import Changed, Steps
from core.train import change, finetune, loop


def steps_measured(built, steps: int) -> tuple[list[int], list[int], list[Changed]]:
    """The steps that were reported, those after which the weights were measured, and what was found."""
    built.limit.steps = steps
    events = list(built.loop.run())
    found = [event for event in events if isinstance(event, Changed)]
    return [event.step for event in events if isinstance(event, Steps)], [event.step for event in found], found


def test_it_is_measured_with_the_first_steps_where_that_is_quick(build, monkeypatch):
    monkeypatch.setattr(loop, "REPORT", -1.0)
    monkeypatch.setattr(finetune, "COMPARING", 0)
    reported, measured, found = steps_measured(build(torch.float32, train={"eval_every": 1000}), 3)
    assert reported == [1, 2, 3] and measured == [0, *reported]
    assert not any(found[0].parts.values()) and all(found[1].parts.values())


def test_where_it_is_slow_it_waits_for_the_next_look(build, monkeypatch):
    monkeypatch.setattr(loop, "REPORT", -1.0)
    monkeypatch.setattr(finetune, "COMPARING", math.inf)
    reported, measured, _ = steps_measured(build(torch.float32, train={"eval_every": 4}), 9)
    assert reported == [*range(1, 10)] and measured == [0, 4, 8]


def test_it_is_compared_in_pieces_and_comes_to_the_same(monkeypatch):
    monkeypatch.setattr(change, "PIECE", 7)
    origin = {name: torch.randn(5, 6, dtype=torch.float64) for name in ("a.x", "a.y", "b.x")}
    now = {name: tensor + torch.randn_like(tensor) for name, tensor in origin.items()}
    found = change.relative_change(now.items(), origin.get, lambda name: name[0])
    for group, names in {"a": ["a.x", "a.y"], "b": ["b.x"]}.items():
        before, after = (torch.cat([each[name] for name in names]) for each in (origin, now))
        assert found[group] == pytest.approx(((after - before).norm() / before.norm()).item(), rel=1e-12)
