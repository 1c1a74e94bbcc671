"""The file in which a run keeps by how much the label of each training row won while it learned. No torch, no NumPy."""

import csv
import io
from collections.abc import Iterable
from typing import NamedTuple

from core import files
from core.errors import BadRun
from core.runs.folder import RunFolder

PLACES = 6  # of a figure in the file
COLUMNS = ["row", "label", "other", "margin", "own", "seen"]


class Margin(NamedTuple):
    """A training row by its number in the data, its label, and the `other` class that was last most probable besides.

    `margin` is the logit of the label minus the largest other, and `own` the label's probability: both are means over
    the `seen` steps that learned from it. Below a margin of 0 another class was more probable, on average.
    """

    row: int
    label: str
    other: str
    margin: float
    own: float
    seen: int


def write_margins(run: RunFolder, margins: Iterable[Margin]) -> None:
    """Write them by row. Raises OSError."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in sorted(margins):
        figures = (f"{each:.{PLACES}f}" for each in (one.margin, one.own))
        writer.writerow([one.row, one.label, one.other, *figures, one.seen])
    files.write(run.margins_file, out.getvalue())


def read_margins(run: RunFolder) -> list[Margin]:
    """All of them, by row. Raises BadRun where there are none, or they cannot be read."""
    try:
        with io.TextIOWrapper(files.reading(run.margins_file, run.path), encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            found = [_margin(row) for row in rows]
            if rows.fieldnames != COLUMNS:
                raise KeyError("columns")
            return found
    except FileNotFoundError as error:
        what = f"{run.name} kept no margins of its training rows."
        do = "A network keeps them while it learns, and they are there when it is done; an older version kept none."
        raise BadRun(what, do) from error
    except OSError as error:
        raise BadRun(f"The margins of {run.name} cannot be read: {error.strerror}.") from error
    except (KeyError, ValueError, TypeError, MemoryError, csv.Error) as error:
        raise BadRun(f"The margins of {run.name} cannot be read.", f"Is {run.margins_file} damaged?") from error


def _margin(row: dict[str, str]) -> Margin:
    figures = float(row["margin"]), float(row["own"])
    return Margin(int(row["row"]), row["label"], row["other"], *figures, int(row["seen"]))


def doubted(margins: Iterable[Margin]) -> list[Margin]:
    """The rows of which another class was more probable while they were learned, on average: lowest margins first."""
    return sorted((one for one in margins if one.margin < 0), key=lambda one: (one.margin, one.row))
