"""What every reader of a file format can do."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from core.data.columns import LOOK
from core.data.sources.input import Input
from core.files import Progress
from core.options import AUTO
from core.recipe_data import Data
from core.template import columns_in


class Options(NamedTuple):
    """What a person says of a file, or `auto`; as found, where a source gives them back.

    `text`, `label` and `split` name columns, or number them from 0; `text` may also be a template, and `split` none;
    `group` and `time` name columns, or nothing, and `swap` two of the text's; `quoting` is a kind of quotes or none,
    `header` yes or no, `encoding` what the codecs of Python call it.
    """

    text: str = AUTO
    label: str = AUTO
    quoting: str = AUTO
    encoding: str = AUTO
    separator: str = AUTO
    skip_lines: str | int = AUTO
    header: str = AUTO
    split: str = AUTO
    several_labels: str = "refuse"
    group: str = ""
    time: str = ""
    swap: str = ""

    @classmethod
    def of(cls, data: Data) -> Self:
        """Those of a recipe."""
        return cls(*(getattr(data, name) for name in cls._fields))

    @property
    def named(self) -> list[str]:
        """The columns that are said to hold the text, or parts of it, and the label."""
        return [column for said in (self.text, self.label) if said != AUTO for column in columns_in(said)]


class Damaged(NamedTuple):
    """Stands for a row that holds nothing readable, and says why."""

    reason: str


class Valued(list[str]):
    """The cells of a row with the `values` by name that they were, where those are more: numbers, lists, objects."""

    __slots__ = ("values",)

    def __init__(self, cells: Iterable[str], values: Mapping[str, Any]):
        super().__init__(cells)
        self.values = values


Row = list[str] | Damaged


def misfit(row: list[str], n: int, needed: int) -> str:
    """Why a row does not fit into `n` columns, of which number `needed` and those before are needed; else nothing."""
    if len(row) <= needed:
        return "too few columns"
    return "too many columns" if any(cell.strip() for cell in row[n:]) else ""


@dataclass(frozen=True)
class Cells:
    """The rows of a file, header and blank lines left out, and what its format was found to be, in words.

    `rows` can be gone through more than once, and reads the file each time where it does not fit into memory;
    `sample` are some of them, at random. A row may have more cells than there are names, or fewer.
    """

    names: list[str]  # of the columns: their numbers where the file names none
    rows: Iterable[Row]
    sample: Sequence[list[str]]
    format: str
    encoding: str
    options: Options  # as found; what the format has not is left as it was
    notes: list[str] = field(default_factory=list)  # what was guessed, or left out, in sentences


class Source(Protocol):
    """One format."""

    def recognises(self, given: Input) -> float:
        """How sure it is that an input is of this format: 1 where nothing else can be, 0 where it is not."""

    def read(self, given: Input, options: Options, progress: Progress) -> Cells:
        """All rows. `progress("read", done, total, "bytes")` may raise to cancel. Raises BadData."""


Item = TypeVar("Item")


class Again(Generic[Item]):
    """Rows that begin from the first each time somebody goes through them."""

    def __init__(self, begin: Callable[[], Iterator[Item]]):
        self._begin = begin

    def __iter__(self) -> Iterator[Item]:
        return self._begin()


Some = TypeVar("Some", list[str], dict[str, Any])


def sampled(rows: Iterable[Some | Damaged]) -> list[Some]:
    """LOOK readable rows at random, in no order where there are more; the same ones every time.

    Random, because files are sorted by label, or alternate. Algorithm L of Li (1994): most rows cost nothing.
    """
    random, kept, weight, taken = Random(0), list[Some](), 1.0, 0
    readable = (row for row in rows if not isinstance(row, Damaged))
    for i, row in enumerate(readable):
        if i < LOOK:
            kept.append(row)
        elif i == taken:
            kept[random.randrange(LOOK)] = row
        if i == max(LOOK - 1, taken):
            weight *= math.exp(math.log(random.random()) / LOOK)
            taken = i + 1 + int(math.log(random.random()) / math.log1p(-weight))
    return kept
