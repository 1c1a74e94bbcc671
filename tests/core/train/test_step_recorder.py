"""A step that was asked for by itself: what it tells of its texts, and that telling changes nothing."""

import pytest
import torch
import torch.nn.functional as F

from core.data.batches import Batch
from core.runs.control import Continue, Line, Step
from core.runs.events import StepExamples, Steps
from core.train.control_source import ControlSource
from core.train.loop import WATCHED
from core.train.steps import epoch_plan

PLAIN = {"train": {"batch": 4}}
ODD = {
    "train": {
        "batch": 3,
        "accumulate": 2,
        "class_weights": "balanced",
        "label_smoothing": 0.1,
        "ignore_index": 1,
        "clip": 0.5,
    }
}
ADAPTED = {"train": {"batch": 4}, "freeze": {"trainable": "lora.0,lora.2,head"}, "lora": {"dropout": 0.2}}


class Told(ControlSource):
    """Hears one thing before the first step and, once it stands still, to go on."""

    def __init__(self, first, over):
        super().__init__(over)
        self._first, self._waits = [first], False

    def next(self):
        told = self._first.pop() if self._first else Continue() if self._waits else None
        self._waits = False
        return told and Line("1", told)

    def wait(self):
        self._waits = True


def learn(built, steps, first=None):
    """Take so many steps, the first of them as told; the events."""
    built.limit.steps = steps
    if first:
        built.loop.control_source = Told(first, lambda: built.state.step >= steps)
    return list(built.loop.run())


def losses(events):
    return [loss for event in events if isinstance(event, Steps) for loss in event.loss]


@pytest.mark.parametrize("changes", [PLAIN, ODD, ADAPTED], ids=["plain", "odd", "adapted"])
def test_watching_steps_changes_no_bit_of_them(build, changes):
    ordinary, watched = (build(dtype=torch.float32, **changes) for _ in range(2))
    unseen, events = learn(ordinary, 6), learn(watched, 6, Step(3))
    told = [event for event in events if isinstance(event, StepExamples)]
    assert [event.step for event in told] == [1, 2, 3] and not any(isinstance(e, StepExamples) for e in unseen)
    for (name, p), (_, other) in zip(ordinary.model.named_parameters(), watched.model.named_parameters(), strict=True):
        assert torch.equal(p, other), name
    assert losses(unseen) == losses(events)


@pytest.mark.parametrize("changes", [PLAIN, ODD], ids=["plain", "odd"])
def test_every_text_of_the_step_is_told_as_it_was_before_the_step(build, changes):
    built = build(**changes)
    texts, train = built.inputs.texts, built.recipe.train
    step = epoch_plan(built.recipe, texts, 0)[0]
    expected, before = [], {}
    for batch in step:
        for row in batch.rows:
            alone = Batch(batch.rows[batch.rows == row], int(texts.split_lengths["train"][row]))
            h, lengths, labels = built.inputs.batch("train", alone)
            with torch.no_grad():
                logits = built.model.suffix(h, lengths, built.inputs.depth)
            before[int(texts.splits["train"][row])] = logits.softmax(1)[0]
            expected.append(F.cross_entropy(logits, labels).item())
    events = learn(built, 1, Step())
    (told,) = (event for event in events if isinstance(event, StepExamples))
    assert told.rows == list(before) and len(told.rows) == train.batch * train.accumulate
    assert told.labels == texts.labels[told.rows].tolist()
    assert told.answers == [int(p.argmax()) for p in before.values()]
    assert told.probabilities == pytest.approx([float(p.max()) for p in before.values()], abs=1e-9)
    ignored = [label == train.ignore_index for label in told.labels]
    assert [loss is None for loss in told.loss] == ignored and any(ignored) == (changes is ODD)
    assert [loss for loss in told.loss if loss is not None] == pytest.approx(
        [loss for loss, out in zip(expected, ignored, strict=True) if not out], abs=1e-9
    )
    if changes is PLAIN:
        assert losses(events) == pytest.approx([sum(told.loss) / len(told.loss)], abs=1e-9)


def test_of_many_steps_those_before_the_pause_are_told(build):
    events = learn(build(**PLAIN), WATCHED + 8, Step(WATCHED + 5))
    told = [event.step for event in events if isinstance(event, StepExamples)]
    assert told == list(range(6, WATCHED + 6))
