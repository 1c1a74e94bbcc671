"""The texts of one step, as a person reads them. Reading them takes a while: not for the interface's own thread."""

from typing import NamedTuple

from core.runs.events import StepExamples
from core.runs.folder import RunFolder
from core.runs.kept_rows import texts_at

WRONG, IGNORED = "✕ wrong", "ignored"
MARK_WIDTH = len(WRONG)


class StepText(NamedTuple):
    """`answer` is what the model predicted before it learned from the text; `loss` is None where it learns nothing."""

    text: str
    label: str
    answer: str
    probability: float  # of the answer
    loss: float | None

    @property
    def mark(self) -> str:
        """What is not as it should be."""
        return IGNORED if self.loss is None else WRONG if self.answer != self.label else ""

    @property
    def loss_in_words(self) -> str:
        return "–" if self.loss is None else f"{self.loss:.3f}"


def step_texts(run: RunFolder, learned: StepExamples, labels: list[str]) -> list[StepText]:
    """Highest loss first, those that teach nothing last; `labels` are the run's, in their order. Raises BadRun."""
    texts = texts_at(run, learned.rows)
    each = (learned.rows, learned.labels, learned.answers, learned.probabilities, learned.loss)
    found = [
        StepText(texts[row], labels[label], labels[answer], probability, loss)
        for row, label, answer, probability, loss in zip(*each, strict=True)
    ]
    return sorted(found, key=lambda one: (one.loss is None, -(one.loss or 0)))
