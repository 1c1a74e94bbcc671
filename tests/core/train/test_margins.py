"""Margins while it learns: those of the steps' own logits, over whatever kinds of steps."""

import numpy as np
import pytest
import torch

from core.runs.events import Steps
from core.train.margins import Margins


def test_a_margin_is_the_label_s_logit_minus_the_largest_other_averaged_over_the_steps():
    margins = Margins(np.array([0, 2, 1]), -100)
    margins.see(np.array([0, 1]), torch.tensor([[3.0, 1.0, 0.0], [0.5, 2.0, 1.0]]))
    margins.see(np.array([1, 2]), torch.tensor([[4.0, 0.0, 1.0], [0.0, 5.0, 4.5]]))
    assert margins.margin.tolist() == pytest.approx([2.0, -1.0 - 3.0, 0.5])
    assert margins.seen.tolist() == [1, 2, 1]
    assert margins.other.tolist() == [1, 0, 2]  # as it was seen last
    assert margins.own[0] == pytest.approx(torch.tensor([3.0, 1.0, 0.0]).softmax(0)[0].item())


def test_what_is_ignored_has_none_and_they_go_on_from_a_checkpoint():
    margins = Margins(np.array([0, 1]), 1)
    margins.see(np.array([0, 1]), torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    assert margins.seen.tolist() == [1, 0] and margins.other.tolist() == [1, -1]
    again = Margins(np.array([0, 1]), 1)
    again.load({name: tensor.clone() for name, tensor in margins.tensors().items()})
    for each in (margins, again):
        each.see(np.array([0]), torch.tensor([[0.0, 3.0]]))
    assert all(torch.equal(a, b) for a, b in zip(margins.tensors().values(), again.tensors().values(), strict=True))


def test_the_loop_records_each_text_once_an_epoch_and_nothing_else_changes(build):
    one, other = build(), build()
    labels = one.inputs.texts.labels[one.inputs.texts.splits["train"]]
    margins = Margins(labels, -100)
    one.loop._margins = margins
    losses = []
    for each in (one, other):
        each.limit.steps = 2 * each.loop.per_epoch
        losses.append([loss for event in each.loop.run() if isinstance(event, Steps) for loss in event.loss])
    assert losses[0] == losses[1]
    assert set(margins.seen.tolist()) == {2}
    # a text whose label wins for sure has a high margin, one that loses a low one
    assert ((margins.margin / 2 > 0) == (margins.own / 2 > 0.5)).double().mean() > 0.8
