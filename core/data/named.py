"""Columns as a person names them: which are meant, and what is said where there is none of the name."""

from collections.abc import Sequence

from core.data.templated import number
from core.errors import BadData
from core.template import Template

LISTED = 6  # names in a sentence


def named_several(wanted: str, names: Sequence[str], file: str) -> list[int]:
    """The numbers of one column, or of several that are named with commas between them."""
    several = [name.strip() for name in wanted.split(",") if name.strip()]
    if wanted not in names and "," in wanted and several:
        return list(dict.fromkeys(named(name, names, file) for name in several))
    return [named(wanted, names, file)]


def named(wanted: str, names: Sequence[str], file: str) -> int:
    """The number of a column. Raises BadData where there is none of that name."""
    if (found := number(names, wanted)) >= 0:
        return found
    if not wanted.strip():
        raise BadData(f"The name of a column is empty, and {file} has none of that name.", listed(names))
    if as_meant := _meant(wanted, names):
        do = f"To read a part of one, write it as {as_meant}."
        raise BadData(f"{file} has no column {wanted}.", f"{listed(names)} {do}")
    shares = "{title:.100} is the first 100 characters of a column, from 1 on. " if ":" in wanted else ""
    raise BadData(f"{file} has no column {wanted}.", shares + listed(names))


def _meant(wanted: str, names: Sequence[str]) -> str:
    """How the first characters of a column are written, where `wanted` seems to mean them; else empty."""
    column, colon, most = wanted.partition(":")
    if colon and column in names and most.strip(".").isdecimal() and int(most.strip(".")):
        return f"{{{column}:.{int(most.strip('.'))}}}"
    return ""


def _own(names: Sequence[str]) -> list[str]:
    """The columns without the one that a template makes of the others, which is the last."""
    template = Template.parse(names[-1]) if names else None
    made = template and all(number(names[:-1], part.column) >= 0 for part in template.parts)
    return [*names[:-1]] if made else [*names]


def listed(names: Sequence[str]) -> str:
    """A sentence with the columns of a file."""
    return f"Its columns are {some(_own(names), 40)}."


def some(names: Sequence[str], most: int = LISTED) -> str:
    """The first of some names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")
