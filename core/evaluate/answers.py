"""What a classifier says of many texts, some thousand at a time, and the table that it is written into."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from core import files, inside
from core.data.sources.input import Input
from core.data.texts import Row, Texts
from core.errors import WorkbenchError
from core.evaluate.answer_table import ENDINGS, Figures, table
from core.evaluate.predict import Predictor
from core.runs.predictions import LABEL, PLACES, Prediction

ROWS = 2000  # that are answered at once
CHARACTERS = 2_000_000  # in them, above which they are fewer


class Answer(NamedTuple):
    """A row, and what is said of it; None where the row has a problem."""

    row: Row
    said: Prediction | None

    @property
    def note(self) -> str:
        """Why there is no answer, or that it is to the beginning of the text alone; mostly nothing."""
        return self.row.problem or ("cut" if self.said and self.said.cut else "")


class Written(NamedTuple):
    """How many rows were written, and how many of them have no answer, by reason."""

    rows: int
    unanswered: dict[str, int]


def answers(predictor: Predictor, rows: Iterable[Row]) -> Iterator[list[Answer]]:
    """Every row in its order with its answer, so many at a time as can be held."""
    return (answered(predictor, chunk) for chunk in chunks(rows))


def answered(predictor: Predictor, chunk: Sequence[Row]) -> list[Answer]:
    """Some rows with their answers: all at once, so that texts of similar length are batched together."""
    said = iter(predictor.predict([row.text for row in chunk if not row.problem]))
    return [Answer(row, None if row.problem else next(said)) for row in chunk]


def demand_writable(path: Path, source: Path | None, force: bool) -> None:
    """Raises WorkbenchError where answers cannot be written to a path, or what is there must not be replaced."""
    if path.exists() and not path.is_file():  # first: the name of what a link leads to says nothing
        raise WorkbenchError(
            f"{path} is {inside.kind(path.stat().st_mode)}, not a file.", "Name another for the answers."
        )
    if path.suffix.lower() not in ENDINGS:
        what = f"{path.name} does not say which format it is to have."
        do = f"End its name in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, or in / for a folder of parts."
        raise WorkbenchError(what, do)
    if not path.parent.is_dir():
        raise WorkbenchError(f"There is no folder {path.parent}.", "Make it first, or name another.")
    if source and path.exists() and path.samefile(source):
        raise WorkbenchError(f"{path} is the file that is read.", "Name another one for the answers.")
    if path.exists() and not force:
        raise WorkbenchError(f"{path} is there already.", "Name another one, or replace it with --force.")


def write(
    path: Path,
    texts: Texts,
    labels: Sequence[str],
    found: Iterable[Iterable[Answer]],
    probabilities: bool,
    given: Input | None = None,
) -> Written:
    """Write the columns of a file with what is said of each row, as the answers come; whole or not at all.

    `probabilities` adds a column for each of `labels`; `given` is the file that the texts are of. Raises BadRun where
    the disk refuses.
    """
    own = own_names(texts.names, labels if probabilities else ())
    unanswered: Counter[str] = Counter()
    rows = 0

    def fill(temporary: Path) -> None:
        nonlocal rows
        with table(temporary, path.suffix.lower(), texts.names, own, given) as put:
            for chunk in found:
                some = list(chunk)
                put((answer.row, _figures(answer, labels if probabilities else ())) for answer in some)
                rows += len(some)
                unanswered.update(answer.note for answer in some if answer.said is None)

    with files.writing(path.parent, f"{path} cannot be written"):
        files.write(path, fill)
    return Written(rows, dict(unanswered))


def own_names(names: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """What is said of a row -> the name of its column, beside the columns `names` of the file."""
    # a column a.b comes out of an object a, whose name is taken as well
    taken = [".".join(name.split(".")[: n + 1]) for name in names for n in range(name.count(".") + 1)]
    columns = ["label", "probability", *(LABEL + label for label in labels), "note"]
    return dict(zip(columns, _unique(taken, columns), strict=True))


def _figures(answer: Answer, labels: Sequence[str]) -> Figures:
    if answer.said is None:
        return [None, None, *[None] * len(labels), answer.note]
    shares = [answer.said.probability, *(answer.said.probabilities[label] for label in labels)]
    return [answer.said.label, *(round(p, PLACES) if isfinite(p) else None for p in shares), answer.note]


def _unique(taken: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names that no column of the file has."""
    found: list[str] = []
    for name in names:
        while name in taken or name in found:
            name = f"predicted_{name}"
        found.append(name)
    return found


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in their order, so many at a time as are answered at once: the same ones every time."""
    chunk: list[Row] = []
    held = 0
    for row in rows:
        chunk.append(row)
        held += sum(map(len, row.cells))
        if len(chunk) == ROWS or held > CHARACTERS:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk
