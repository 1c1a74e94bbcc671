"""What a row of a tool's export is turned into: records of texts and classes."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from core.data.sources.source import Damaged

Record = dict[str, Any] | Damaged
ClassNames = dict[str, dict[int, str]]  # column -> what the numbers of classes in it mean
UNDECIDED = Damaged("people disagree on the label")


class Export:
    """One kind of rows, with what it has learned of them from the first; here records as they stand."""

    form = ""

    def __init__(self, items: Sequence[dict[str, Any]]):
        """`items` are the first of the rows."""

    @staticmethod
    def recognises(item: dict[str, Any]) -> bool:
        """Whether a row is of this kind."""
        return True

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The records in a row."""
        yield item

    def notes(self) -> list[str]:
        """What was decided, in sentences, when all rows have been gone through."""
        return []


class Voted(Export):
    """Rows with the classes that several people chose."""

    def __init__(self, items: Sequence[dict[str, Any]]):
        super().__init__(items)
        self._differing: set[str] = set()

    def most(self, votes: list[list[str]], key: str) -> list[str] | None:
        """What most chose; None where as many chose something else. No choice is no vote."""
        counted = Counter(tuple(sorted(vote)) for vote in votes if vote).most_common(2)
        if len(counted) > 1:
            self._differing.add(key)
            if counted[0][1] == counted[1][1]:
                return None
        return [*counted[0][0]] if counted else []

    def notes(self) -> list[str]:
        """How many texts were judged differently."""
        n = len(self._differing)
        if not n:
            return []
        which = "1 text was" if n == 1 else f"{n:,} texts were"
        return [f"{which} given different classes by different people: what most of them chose counts."]


class Asked(Voted, ABC):
    """Rows of tools that ask several people one question of each text, or more."""

    def __init__(self, items: Sequence[dict[str, Any]]):
        super().__init__(items)
        self._only = len({question for item in items for question in self.votes(item)}) < 2

    @staticmethod
    @abstractmethod
    def data(item: dict[str, Any]) -> dict[str, Any]:
        """The text, and what else is known of it."""

    @staticmethod
    @abstractmethod
    def votes(item: dict[str, Any]) -> dict[str, list[list[str]]]:
        """For each question what each person chose."""

    def records(self, item: dict[str, Any]) -> Iterator[Record]:
        """The data with a column for each question, `label` where there is one."""
        record = dict(self.data(item))
        for question, votes in self.votes(item).items():
            chosen = self.most(votes, f"{item.get('id', record)} {question}")
            if chosen is None:
                yield UNDECIDED
                return
            column = "label" if self._only else question
            record = {(f"data.{key}" if key == column else key): value for key, value in record.items()}
            record[column] = chosen
        yield record


def listed(value: Any) -> list[Any]:
    """What is usually a list, and may be one of its items alone."""
    return value if isinstance(value, list) else [] if value is None else [value]
