"""What a classifier says of a text, and the file in which a run keeps what it says of every test text."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from core import files
from core.errors import BadRun
from core.runs.folder import RunFolder

PLACES = 6  # of a probability in the file
COLUMNS = ["row", "text", "label", "predicted", "probability", "leak"]  # then the probability of each label
LABEL = "p_"  # before a label's name, at the head of its column


class Prediction(msgspec.Struct, frozen=True):
    """`cut` says that the text was longer than the context and only its beginning was read."""

    text: str
    label: str
    probabilities: dict[str, float]
    cut: bool

    @property
    def probability(self) -> float:
        """How probable the label is that was given."""
        return self.probabilities[self.label]


class AnsweredText(NamedTuple):
    """A test text: its row in the data, its label, what was predicted and how surely; `leak`: training has it too."""

    row: int
    text: str
    label: str
    predicted: str
    probability: float
    leak: bool

    @property
    def right(self) -> bool:
        return self.predicted == self.label


def write_predictions(
    run: RunFolder, labels: Sequence[str], tested: Iterable[tuple[AnsweredText, Sequence[float]]]
) -> None:
    """Write the test texts in their order, each with the probability of every label. Raises OSError."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*COLUMNS, *(LABEL + label for label in labels)])
    for one, probabilities in tested:
        figures = f"{one.probability:.{PLACES}f}", int(one.leak), *(f"{p:.{PLACES}f}" for p in probabilities)
        writer.writerow([one.row, one.text, one.label, one.predicted, *figures])
    files.write(run.predictions_file, out.getvalue())


def read_predictions(run: RunFolder) -> tuple[list[str], list[AnsweredText]]:
    """The labels of a finished run, and its test texts, both in their order. Raises BadRun where there are none."""
    csv.field_size_limit(1 << 30)  # a row may hold a text of many megabytes
    try:
        with io.TextIOWrapper(files.reading(run.predictions_file, run.path), encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            found = [_tested(row) for row in rows]
            names = rows.fieldnames or []
            if not {*COLUMNS} <= {*names}:
                raise KeyError("columns")
    except FileNotFoundError as error:
        raise BadRun(f"{run.name} has no test predictions.", "They are written when a run is done.") from error
    except OSError as error:
        raise BadRun(f"The test predictions of {run.name} cannot be read: {error.strerror}.") from error
    except (KeyError, ValueError, TypeError, MemoryError, csv.Error) as error:
        do = f"Is {run.predictions_file} damaged?"
        raise BadRun(f"The test predictions of {run.name} cannot be read.", do) from error
    return [name.removeprefix(LABEL) for name in names if name.startswith(LABEL)], found


def _tested(row: dict[str, str]) -> AnsweredText:
    number, probability = int(row["row"]), float(row["probability"])
    return AnsweredText(number, row["text"], row["label"], row["predicted"], probability, row["leak"] == "1")
