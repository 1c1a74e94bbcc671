"""What every reader of a file format can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from core.data.columns import Rows
from core.data.sources.input import Input
from core.files import Progress


class Options(NamedTuple):
    """What a person says of a file, or `auto`. `text` and `label` name columns; `quoting` is csv or none."""

    text: str = "auto"
    label: str = "auto"
    quoting: str = "auto"


@dataclass(frozen=True)
class Cells:
    """The rows of a file, header and blank lines left out, and what its format was found to be, in words."""

    names: list[str]  # of the columns: their numbers where the file names none
    rows: Rows
    format: str
    encoding: str
    quoting: str = "none"
    damaged: Mapping[int, str] = field(default_factory=dict)  # rows that hold nothing readable, and why


class Source(Protocol):
    """One format."""

    def recognises(self, given: Input) -> float:
        """How sure it is that an input is of this format: 1 where nothing else can be, 0 where it is not."""

    def read(self, given: Input, options: Options, progress: Progress) -> Cells:
        """All rows. `progress("read", done, total, "bytes")` may raise to cancel. Raises BadData."""
