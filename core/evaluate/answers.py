"""What a classifier says of many texts, some thousand at a time, and the table that it is written into."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from core import files
from core.data.sources.cell import cell
from core.data.texts import Row, Texts
from core.errors import WorkbenchError
from core.evaluate.predict import Predictor
from core.runs.predictions import LABEL, PLACES, Prediction
from core.text.tokenizer import well_formed

ROWS = 2000  # that are answered at once
CHARACTERS = 2_000_000  # in them, above which they are fewer
SEPARATORS = {".csv": ",", ".tsv": "\t"}
ENDINGS = (*SEPARATORS, ".jsonl")
Figures = list[str | float | None]  # what is said of a row, under names of their own


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
    for chunk in _chunks(rows):
        said = iter(predictor.predict([row.text for row in chunk if not row.problem]))
        yield [Answer(row, None if row.problem else next(said)) for row in chunk]


def demand_writable(path: Path, source: Path | None, force: bool) -> None:
    """Raises WorkbenchError where answers cannot be written to a path, or what is there must not be replaced."""
    if path.exists() and not path.is_file():  # first: the name of what a link leads to says nothing
        raise WorkbenchError(
            f"{path} is {files.kind(path.stat().st_mode)}, not a file.", "Name another for the answers."
        )
    if path.suffix.lower() not in ENDINGS:
        what = f"{path.name} does not say which format it is to have."
        raise WorkbenchError(what, f"End its name in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.")
    if not path.parent.is_dir():
        raise WorkbenchError(f"There is no folder {path.parent}.", "Make it first, or name another.")
    if source and path.exists() and path.samefile(source):
        raise WorkbenchError(f"{path} is the file that is read.", "Name another one for the answers.")
    if path.exists() and not force:
        raise WorkbenchError(f"{path} is there already.", "Name another one, or replace it with --force.")


def write(
    path: Path, texts: Texts, labels: Sequence[str], found: Iterable[Iterable[Answer]], probabilities: bool
) -> Written:
    """Write the columns of a file with what is said of each row, as the answers come; whole or not at all.

    Lines of JSON hold what JSON, Parquet or Excel held just as it was; other formats hold the texts of it.
    `probabilities` adds a column for each of `labels`. Raises BadRun where the disk refuses.
    """
    # a column a.b comes out of an object a, whose name is taken as well
    taken = [".".join(name.split(".")[: n + 1]) for name in texts.names for n in range(name.count(".") + 1)]
    names = _unique(taken, ["label", "probability", *[LABEL + label for label in labels] * probabilities, "note"])
    unanswered: Counter[str] = Counter()
    rows = 0

    def fill(temporary: Path) -> None:
        nonlocal rows
        with open(temporary, "x", encoding="utf-8", newline="") as file:
            put = _writer(file, path.suffix.lower(), [*map(well_formed, texts.names)], [*map(well_formed, names)])
            for chunk in found:
                for answer in chunk:
                    put(answer.row, _figures(answer, labels if probabilities else ()))
                    rows += 1
                    if answer.said is None:
                        unanswered[answer.note] += 1
                file.flush()

    with files.writing(path.parent, f"{path} cannot be written"):
        files.write(path, fill)
    return Written(rows, dict(unanswered))


def _figures(answer: Answer, labels: Sequence[str]) -> Figures:
    if answer.said is None:
        return [None, None, *[None] * len(labels), answer.note]
    each = [round(answer.said.probabilities[label], PLACES) for label in labels]
    return [answer.said.label, round(answer.said.probability, PLACES), *each, answer.note]


def _writer(file: TextIO, ending: str, names: list[str], own: list[str]) -> Callable[[Row, Figures], object]:
    """What writes a row with what is said of it, under `own` names, once the names of the columns are written."""
    if ending not in SEPARATORS:

        def line(row: Row, figures: Figures) -> None:
            said = dict(zip(names, row.cells, strict=True)) if row.values is None else row.values
            file.write(_json({**said, **dict(zip(own, figures, strict=True))}) + "\n")

        return line
    rows = csv.writer(_Lines(file), delimiter=SEPARATORS[ending])
    rows.writerow([*names, *own])
    return lambda row, figures: rows.writerow([*map(well_formed, row.cells), *figures])


def _json(record: Mapping[str, Any]) -> str:
    """A line of JSON, with null for numbers that JSON has not: NaN and the infinite ones."""
    line = json.dumps(record, ensure_ascii=False, default=_plain)
    if "NaN" in line or "Infinity" in line:
        line = json.dumps(json.loads(line, parse_constant=lambda _: None), ensure_ascii=False)
    return well_formed(line)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else cell(value)


class _Lines:
    r"""Ends rows in \n. Their writer has to believe that they end in \r\n, or it leaves a \r without its quotes."""

    def __init__(self, file: TextIO):
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.removesuffix("\r\n") + "\n")


def _unique(taken: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names that no column of the file has."""
    found: list[str] = []
    for name in names:
        while name in taken or name in found:
            name = f"predicted_{name}"
        found.append(name)
    return found


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
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
