"""A person's own sentences: what is said of them is true at every look, and teaches nothing."""

import numpy as np
import pytest
import torch

from core.model.padding import pad
from core.runs.events import Changed, Followed
from core.train.sentences import Sentences

SENTENCES = [np.array([3, 1, 4, 15]), np.array([92]), np.array([65, 35, 8, 9, 7, 9, 3])]


def learned(built, follow=()):
    """The events of some steps with these sentences followed."""
    built.inputs.texts.followed = follow
    return list(built.loop.run())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"freeze": {"trainable": "all"}},
        {"freeze": {"trainable": "lora"}, "lora": {"dropout": 0.2}},
        {"model": {"readout": "mean_pads"}, "train": {"padding": "fixed"}},
    ],
)
def test_following_changes_nothing_and_says_what_the_model_says(build, changes):
    plain, followed = (build(torch.float32, **changes) for _ in range(2))
    learned(plain)
    events = learned(followed, SENTENCES)
    for (name, p), (_, q) in zip(plain.model.named_parameters(), followed.model.named_parameters(), strict=True):
        assert torch.equal(p, q), name

    looks = [e for e in events if isinstance(e, Followed)]
    assert {e.step for e in looks} <= {e.step for e in events if isinstance(e, Changed)}
    assert looks[0].probabilities != looks[-1].probabilities
    for model, said in (
        (build(torch.float32, **changes).model, looks[0].probabilities),
        (followed.model, Sentences().ask(followed.model, followed.inputs)),
    ):
        with torch.no_grad():
            expected = model(*pad(SENTENCES, followed.inputs.texts.context, 96)).softmax(dim=1)
        torch.testing.assert_close(torch.tensor(said), expected, rtol=1e-4, atol=1e-6)


def test_a_frozen_prefix_is_run_once_and_anew_for_other_inputs(build):
    built = build()
    built.inputs.texts.followed = SENTENCES
    calls, prefix = [], built.model.prefix
    built.model.prefix = lambda *args: calls.append(args) or prefix(*args)
    sentences = Sentences()
    first = sentences.ask(built.model, built.inputs)
    assert sentences.ask(built.model, built.inputs) == first and len(calls) == 1
    other = build().inputs
    other.texts.followed = SENTENCES[:1]
    assert len(sentences.ask(built.model, other)) == 1 and len(calls) == 2
