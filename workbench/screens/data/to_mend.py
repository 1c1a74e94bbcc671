"""A row that a person may mend, and what rows are after it."""

from typing import NamedTuple

Now = dict[int, str | None]  # rows that were mended -> their labels by now, None where they are dropped


class ToMend(NamedTuple):
    """A row by its number, with its label; `rather` is what it may be instead, if anybody says so."""

    row: int
    label: str
    rather: str = ""
