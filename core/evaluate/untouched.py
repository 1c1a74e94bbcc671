"""The weights of a model that is asked before it is made a classifier."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.architectures.preset import ModelPreset
from core.evaluate.question import Asked
from core.files import Progress
from core.model.weights import WeightsFile, find_base


@contextmanager
def untouched(preset: ModelPreset, question: Asked, progress: Progress) -> Iterator[tuple[WeightsFile | None, str]]:
    """The file of the weights that a question is asked of, fetched if need be, and what they are.

    No file where they are random: the seed of the question gives them. Raises BadModel with what to do.
    """
    if question.weights == "random":
        yield None, "random"
        return
    with TemporaryDirectory() as folder:  # a run would keep some of them in its own
        base = find_base(preset, question.weights, Path(folder), question.seed, progress)
        yield WeightsFile(Path(folder) / base.file), base.kind
