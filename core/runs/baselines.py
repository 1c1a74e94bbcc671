"""What baselines say of a run's test texts, as its baselines.json keeps it: a run that is resumed has them already."""

import msgspec

from core import files
from core.errors import BadRun
from core.runs import document
from core.runs.folder import RunFolder
from core.runs.result import BaselineName


class BaselineAnswers(msgspec.Struct, kw_only=True):
    """What one says of the test texts: indices of labels, in the order of the split.

    `validation` is its accuracy there, `half` that with half of the training texts where it is known; `seconds` is
    what all of it took.
    """

    name: BaselineName
    validation: float
    answers: list[int]
    seconds: float
    half: float | None = None


def write_baselines(run: RunFolder, found: list[BaselineAnswers]) -> None:
    """Raises OSError where the folder cannot be written."""
    files.write(run.baselines_file, msgspec.json.encode(found))


def read_baselines(run: RunFolder) -> list[BaselineAnswers]:
    """Those that the run has already; none where the file is missing or damaged.

    They can be made again; a checkpoint holds the file to its checksum.
    """
    try:
        return document.read(run.baselines_file, run.path, list[BaselineAnswers]) or []
    except BadRun:
        return []
