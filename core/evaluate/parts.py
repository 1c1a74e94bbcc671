"""What a classifier says of a file of any size, in a folder of numbered parts. Started again, it goes on after them.

A *part* holds the answers to a number of rows that is the same whenever and wherever the file is read, so that parts of
several starts and several machines make one whole.
"""

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, NamedTuple

from core import files
from core.data.sources.input import Input
from core.data.sources.json_records import FORMS
from core.data.texts import Row, Texts
from core.errors import BadData, WorkbenchError
from core.evaluate import answers
from core.evaluate.answer_table import LINES, PARQUET, labels_in
from core.evaluate.labelled import Labelled
from core.evaluate.part_manifest import Asked, Manifest, Whole, finish, remove_leftovers
from core.evaluate.predict import Predictor
from core.files import Progress
from core.runs.folder import RunFolder
from core.train import checkpoint
from core.wording import plural

CHUNKS = 10  # in a part: 20,000 rows, unless they are long
MISFITS = ("too few columns", "too many columns")


class Shard(NamedTuple):
    """Which of the parts are made here: every `of`-th, from the `number`-th of those on."""

    number: int = 1
    of: int = 1

    def takes(self, part: int) -> bool:
        return part % self.of == self.number - 1


class Step(NamedTuple):
    """A part that was written just now; `rows` are all rows of the file so far, `answered` those of this start."""

    name: str
    rows: int
    answered: int
    seconds: float


class Outcome(NamedTuple):
    """How many rows the file has, in how many parts, how many of them are not here, and what was done in this start.

    `format` is the ending of their names, `unanswered` counts rows without an answer that were written in this start,
    by reason.
    """

    format: str
    rows: int
    parts: int
    missing: int
    written: int
    unanswered: dict[str, int]


def asks(
    run: RunFolder,
    predictor: Predictor,
    given: Input,
    texts: Texts,
    options: dict[str, Any],
    probabilities: bool,
    fast: bool,
    progress: Progress,
) -> Asked:
    """What a folder of parts is asked for. Raises BadData where the input is not one file."""
    if not given.path.is_file():
        what = f"{given.path} is not one file: parts are made of one."
        raise BadData(what, "Name a file, or end the name of the answers in .csv, .tsv, .jsonl or .parquet.")
    return Asked(
        run=run.name,
        step=predictor.step,
        weights=files.sha256(run.checkpoint(str(predictor.step)) / checkpoint.MANIFEST),
        file=given.path.name,
        bytes=files.size(given.path.resolve()),
        sha256=files.sha256(given.path, lambda _, *how_far: progress("check", *how_far)),
        options=options,
        format=_ending(texts),
        probabilities=probabilities,
        fast=fast,
        window=(answers.ROWS, answers.CHARACTERS, CHUNKS),
    )


def _ending(texts: Texts) -> str:
    """That of the format which a file was found to have; columns with commas for those that are not written."""
    form = texts.format
    if form.startswith(("Parquet", "Arrow")):
        return PARQUET
    if form.startswith(("JSON", *FORMS.values())):
        return LINES
    return ".tsv" if form.startswith("tab-") else ".csv"


def write_parts(
    folder: Path,
    manifest: Manifest,
    given: Input,
    texts: Texts,
    predictor: Predictor,
    shard: Shard,
    told: Callable[[Step], None],
    labelled: Labelled | None = None,
) -> Outcome:
    """Write the parts that are not there yet, each whole or not at all; `told` hears of each, and `labelled` sees the
    answers of all that are there then.

    Raises BadData where the file changes meanwhile, its columns change in the middle, or a part that is there is not
    what was written; WorkbenchError where another process makes the same parts, BadRun where the disk refuses. All
    parts that are there stay.
    """
    began = 0.0
    rows = done = written = missing = 0
    unanswered = Counter[str]()

    def answered(part: Iterator[list[Row]]) -> Iterator[list[answers.Answer]]:
        at = rows
        for chunk in part:
            _demand_columns(chunk, texts, given, at, folder)
            yield answers.answered(predictor, chunk)
            at += len(chunk)
        given.demand_same()

    chunks = answers.chunks(texts.rows)
    with _alone(folder, shard):
        for number in count():
            first = next(chunks, None)
            if first is None:
                break
            part = chain([first], islice(chunks, CHUNKS - 1))
            path = folder / f"part-{number:05}{manifest.asked.format}"
            is_there = files.stat_of(path) is not None
            if is_there or not shard.takes(number):
                missing += not is_there
                rows += _compare(path, part, texts, labelled) if is_there and labelled else sum(map(len, part))
                continue
            began = began or time.monotonic()
            remove_leftovers(path)
            made = labelled.watch(answered(part)) if labelled else answered(part)
            found = answers.write(path, texts, predictor.names, made, manifest.asked.probabilities, given)
            rows, done, written = rows + found.rows, done + found.rows, written + 1
            unanswered.update(found.unanswered)
            told(Step(path.name, rows, done, time.monotonic() - began))
    if not missing:
        finish(folder, manifest, Whole(rows, number))
    return Outcome(manifest.asked.format, rows, number, missing, written, dict(unanswered))


def _compare(path: Path, part: Iterable[list[Row]], texts: Texts, labelled: Labelled) -> int:
    """Let `labelled` see the answers of a part that is there, and say how many there are. Raises BadData for others."""
    rows = [*chain.from_iterable(part)]
    try:
        said = [*labels_in(path, answers.own_names(texts.names, ())["label"])]
        if len(said) != len(rows):
            raise ValueError(f"it has {plural(len(said), 'answer')} to {plural(len(rows), 'row')}")
    except (OSError, ValueError, LookupError, csv.Error) as error:
        what = f"{path} is not what was written: {error}."
        raise BadData(what, "Remove it, and start again to make it anew.") from error
    for row, label in zip(rows, said, strict=True):
        labelled.see(row, label)
    return len(rows)


def _demand_columns(chunk: list[Row], texts: Texts, given: Input, before: int, folder: Path) -> None:
    """Raises BadData where most of some rows have not the columns of the file."""
    key = texts.text.split(".")[0]
    wrong = [row for row in chunk if row.problem in MISFITS or (row.problem and row.values and key not in row.values)]
    if len(wrong) <= len(chunk) / 2:
        return
    first = before + 1 + next(i for i, row in enumerate(chunk) if row is wrong[0])
    why = wrong[0].problem if wrong[0].problem in MISFITS else f"no {texts.text}"
    what = f"The columns of {given.name} change near row {first:,}: {why} there. {_kept(folder)}"
    raise BadData(what, "Cut the file in two there, and name a new folder for each.")


def _kept(folder: Path) -> str:
    n = len(list(folder.glob("part-*")))
    return f"{plural(n, 'whole part')} of answers {'is' if n == 1 else 'are'} kept in {folder}."


@contextmanager
def _alone(folder: Path, shard: Shard) -> Iterator[None]:
    """Keep other processes from making the same parts: those of this shard, and those that share the work otherwise.

    Raises WorkbenchError where one does.
    """

    def refuse(lock: Path) -> Callable[[], None]:
        def waiting() -> None:
            name = lock.stem[1:].replace("-of-", "/")
            what = f"Another process writes parts of shard {name} into {folder} now."
            raise WorkbenchError(what, "Wait for it, or end it first.")

        return waiting

    own = folder / f".{shard.number}-of-{shard.of}.lock"
    with files.writing(folder, f"{folder} cannot be written"), files.alone(own, refuse(own)):
        for other in folder.glob(".*-of-*.lock"):
            if not other.match(f"*-of-{shard.of}.lock"):
                with files.alone(other, refuse(other)):  # which removes one that a killed process left
                    pass
        yield
