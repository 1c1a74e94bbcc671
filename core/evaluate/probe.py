"""A linear probe: logistic regression on what the untouched model makes of the texts (Alain and Bengio 2016).

It shows what the model knew before: where fine-tuning gets no more right than this, it has not helped.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch

from core.data import batches
from core.model.classifier import Classifier
from core.train.inputs import Inputs

LOOSENESS = (0.001, 0.01, 0.1, 1.0)  # values of C that are tried; of equally good ones the strictest is taken
MOST = 20_000  # texts to learn from: more change little, and take long

States = Mapping[str, np.ndarray]  # (N, D) by the name of the readout
Labelled = tuple[np.ndarray, np.ndarray]  # states (N, D) and labels (N,)


class Probed(NamedTuple):
    """What a probe gets right on validation, and the labels (N,) that it gives the test texts."""

    validation: float
    answers: np.ndarray


def probe(model: Classifier, inputs: Inputs, tests: Inputs, progress: Callable[[int, int], None]) -> Probed:
    """Fit it on the states of a model that has not learned yet. The readout is chosen on validation, too.

    `inputs` give the states of training and validation, where a prefix cache may hold part of the way to them, and
    `tests` those of the test texts.
    `progress(done, of)`, of texts, may raise to break off.
    """
    texts, splits = inputs.texts, inputs.texts.splits
    train = splits["train"][:MOST]
    total = len(train) + len(splits["validation"]) + len(splits["test"])
    done = 0

    def more(n: int) -> None:
        nonlocal done
        done += n
        progress(done, total)

    progress(0, total)
    learned = states(model, inputs, "train", len(train), more)
    checked = states(model, inputs, "validation", len(splits["validation"]), more)
    asked = states(model, tests, "test", len(splits["test"]), more)
    best: Probed | None = None
    for readout in learned:
        found = _regress(
            (learned[readout], texts.labels[train]),
            (checked[readout], texts.labels[splits["validation"]]),
            asked[readout],
        )
        if best is None or found.validation > best.validation:
            best = found
    assert best is not None
    return best


def states(model: Classifier, inputs: Inputs, split: str, n: int, more: Callable[[int], None]) -> States:
    """What each readout looks at in the first `n` texts of a split: (n, D), fp32. `more` takes how many are done."""
    lengths = inputs.texts.split_lengths[split][:n]
    found: dict[str, np.ndarray] = {}
    with torch.no_grad():
        for batch in batches.filled(lengths, model.readout.padded(inputs.texts.context)):
            h, length, _ = inputs.batch(split, batch)
            for name, state in model.states(h, length, inputs.depth).items():
                found.setdefault(name, np.empty((n, state.shape[1]), np.float32))[batch.rows] = state.float().cpu()
            more(len(batch.rows))
    return found


def _regress(train: Labelled, validation: Labelled, test: np.ndarray) -> Probed:
    """From states (N, D) and labels (N,) to labels of test states; how strictly is chosen on validation."""
    from sklearn.linear_model import LogisticRegression

    middle, spread = train[0].mean(axis=0), train[0].std() or 1.0
    learned, checked, asked = ((each - middle) / spread for each in (train[0], validation[0], test))
    model = LogisticRegression(max_iter=200, tol=1e-3, warm_start=True)
    best, found = np.empty(0), -1.0
    for c in LOOSENESS:  # each begins where the stricter one ended
        model.set_params(C=c).fit(learned, train[1])
        if (share := float((model.predict(checked) == validation[1]).mean())) > found:
            best, found = model.predict(asked), share
    return Probed(found, best)
