"""What goes wrong, said for the person: what failed and what to do about it."""

from collections.abc import Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing wrong with one field of a recipe."""

    field: str
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.what} {self.do}".rstrip()


class WorkbenchError(Exception):
    """Something a person can understand and mend. `str()` is what they read."""

    def __init__(self, what: str, do: str = ""):
        super().__init__(what, do)
        self.what, self.do = what, do

    def __str__(self) -> str:
        return f"{self.what} {self.do}".rstrip()


class BadData(WorkbenchError):
    """The file of labelled texts cannot be read or cannot be learned from.

    `columns` are the file's, where naming other ones as text and label may help.
    """

    def __init__(self, what: str, do: str = "", columns: Sequence[str] = ()):
        super().__init__(what, do)
        self.columns = columns


class BadModel(WorkbenchError):
    """Weights that cannot be had, do not fit, or are not what they claim to be."""


class BadRun(WorkbenchError):
    """A run folder that is missing, half written, or in the wrong state for what was asked."""


class SmallerBatch(NamedTuple):
    """Batches that learn the same in less memory."""

    batch: int
    accumulate: int
    memory: int  # bytes

    @property
    def in_words(self) -> str:
        """No full stop at its end."""
        n, together, gigabytes = self.batch, self.accumulate, self.memory / 1e9
        return f"Batch {n} with {together} accumulated gives the same result in {gigabytes:.1f} GB"


class NotEnoughMemory(WorkbenchError):
    """Learning would take more memory than is free. `fits` is None where no smaller batch helps."""

    def __init__(self, what: str, do: str, fits: SmallerBatch | None):
        super().__init__(what, do)
        self.fits = fits


class BadRecipe(WorkbenchError):
    """A recipe with one or more problems, all of them reported together."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))
