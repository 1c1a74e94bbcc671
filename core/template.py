"""From a row of a table to the text that a model reads."""

from collections.abc import Mapping
from typing import NamedTuple, Self


class Template(NamedTuple):
    """The columns that make a text, each a part of it, in turn."""

    columns: tuple[str, ...]

    @classmethod
    def of_column(cls, name: str) -> Self:
        """The text of one column, which is all of it."""
        return cls((name,))

    def render(self, row: Mapping[str, str]) -> tuple[str, ...]:
        """The parts of a row, which maps columns to what they hold. Raises KeyError where it lacks one."""
        return tuple(row[column] for column in self.columns)
