"""What a classifier says of a file of any size, in a folder of numbered parts. Started again, it goes on after them.

A *part* holds the answers to a number of rows that is the same whenever and wherever the file is read, so that parts of
several starts and several machines make one whole.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from core import files, inside
from core.data.sources.input import Input
from core.data.sources.json_records import FORMS
from core.data.texts import Row, Texts
from core.errors import BadData, BadRun, WorkbenchError
from core.evaluate import answers
from core.evaluate.answer_table import LINES, PARQUET
from core.evaluate.predict import Predictor
from core.runs import document
from core.runs.folder import RunFolder
from core.train import checkpoint
from core.wording import plural

MANIFEST = "_manifest.json"  # what reads a folder of Parquet leaves names with _ in front out
CHUNKS = 10  # in a part: 20,000 rows, unless they are long
MISFITS = ("too few columns", "too many columns")


class Asked(msgspec.Struct, frozen=True):
    """All that decides what the parts hold. `sha256` is the file's, `weights` that of the checkpoint's manifest."""

    run: str
    step: int
    weights: str
    file: str
    bytes: int
    sha256: str
    options: dict[str, str | int]
    format: str  # the ending of the names of parts
    probabilities: bool
    fast: bool
    window: tuple[int, int, int]  # at most so many rows, or characters, that are answered at once; these in a part


class Whole(msgspec.Struct, frozen=True):
    """What all parts hold together."""

    rows: int
    parts: int


class Difference(msgspec.Struct, frozen=True):
    """What answers of the fast way differ in, on a sample: how many labels, and the probabilities at most."""

    texts: int
    labels: int
    most: float


class Manifest(msgspec.Struct, frozen=True):
    """What a folder of parts holds; `precision` is that of matrix products, `whole` is there when all parts are."""

    asked: Asked
    precision: str = "fp32"
    sample: Difference | None = None
    whole: Whole | None = None


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

    `unanswered` counts rows without an answer that were written in this start, by reason.
    """

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
) -> Asked:
    """What a folder of parts is asked for. Raises BadData where the input is not one file."""
    if not given.path.is_file():
        what = f"{given.path} is not one file: parts are made of one."
        raise BadData(what, "Name a file, or end the name of the answers in .csv, .tsv or .jsonl.")
    weights = files.sha256(run.checkpoint(str(predictor.step)) / checkpoint.MANIFEST)
    digest, window = files.sha256(given.path), (answers.ROWS, answers.CHARACTERS, CHUNKS)
    return Asked(
        run=run.name,
        step=predictor.step,
        weights=weights,
        file=given.path.name,
        bytes=files.size(given.path),
        sha256=digest,
        options=options,
        format=_ending(texts),
        probabilities=probabilities,
        fast=fast,
        window=window,
    )


def _ending(texts: Texts) -> str:
    """That of the format which a file was found to have; columns with commas for those that are not written."""
    form = texts.format
    if form.startswith(("Parquet", "Arrow")):
        return PARQUET
    if form.startswith("JSON") or form.startswith(tuple(FORMS.values())):
        return LINES
    return ".tsv" if form.startswith("tab-") else ".csv"


def begun(folder: Path, asked: Asked) -> Manifest | None:
    """What was begun in a folder, and is asked for now as well; None where nothing was.

    Raises WorkbenchError where the folder holds anything else.
    """
    if not folder.exists():
        if not folder.parent.is_dir():
            raise WorkbenchError(f"There is no folder {folder.parent}.", "Make it first, or name another.")
        return None
    if not folder.is_dir():
        raise WorkbenchError(f"{folder} is {inside.kind(folder.stat().st_mode)}, not a folder.", "Name another.")
    if files.stat_of(folder / MANIFEST) is None:
        if any(not name.startswith(".") for name in os.listdir(folder)):
            raise WorkbenchError(f"{folder} is not empty, and holds no parts of answers.", "Name a new folder.")
        return None
    try:
        found = msgspec.json.decode(files.content(folder / MANIFEST, folder, most=document.MOST), type=Manifest)
    except (msgspec.MsgspecError, OSError, UnicodeDecodeError) as error:
        raise BadRun(f"{folder / MANIFEST} is damaged: {error}.", "Name a new folder.") from error
    if found.asked != asked:
        raise WorkbenchError(
            f"{folder} was begun with something else: {_difference(found.asked, asked)}.",
            "Ask for the same again to go on with it, or name a new folder.",
        )
    return found


def _difference(there: Asked, now: Asked) -> str:
    """The first thing that differs, in words and without a full stop."""
    if (there.run, there.step) != (now.run, now.step):
        return f"answers of {there.run}, step {there.step}, and now it is {now.run}, step {now.step}"
    if there.weights != now.weights:
        return f"{there.run} had other weights then"
    if there.file != now.file:
        return f"answers for {there.file}, and now it is {now.file}"
    if (there.bytes, there.sha256) != (now.bytes, now.sha256):
        return f"{there.file} has changed since then"
    names = {"probabilities": "--probabilities", "fast": "--fast"}
    for name, flag in names.items():
        if getattr(there, name) != getattr(now, name):
            return f"{flag} was {'given' if getattr(there, name) else 'not given'} then"
    changed = [name for name in {**there.options, **now.options} if there.options.get(name) != now.options.get(name)]
    return f"the file was read with another {changed[0]}" if changed else "another version made parts of another size"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Say in a folder, which is made where there is none, what it holds. Raises BadRun where the disk refuses."""
    with files.writing(folder.parent, f"{folder} cannot be written"):
        folder.mkdir(exist_ok=True)
        files.write(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def write_parts(
    folder: Path,
    manifest: Manifest,
    given: Input,
    texts: Texts,
    predictor: Predictor,
    shard: Shard,
    told: Callable[[Step], None],
) -> Outcome:
    """Write the parts that are not there yet, each whole or not at all; `told` hears of each.

    Raises BadData where the file changes meanwhile, or its columns change in the middle, WorkbenchError where another
    process does the same, BadRun where the disk refuses. All parts that are there stay.
    """
    with _alone(folder, shard):
        return _write_parts(folder, manifest, given, texts, predictor, shard, told)


def _write_parts(
    folder: Path,
    manifest: Manifest,
    given: Input,
    texts: Texts,
    predictor: Predictor,
    shard: Shard,
    told: Callable[[Step], None],
) -> Outcome:
    status, began = given.path.stat(), 0.0
    rows = done = written = missing = 0
    unanswered: dict[str, int] = {}

    def checked(part: Iterator[list[Row]]) -> Iterator[list[answers.Answer]]:
        at = rows
        for chunk in part:
            _demand_columns(chunk, texts, given, at, folder)
            yield answers.answered(predictor, chunk)
            at += len(chunk)
        now = given.path.stat()
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (status.st_size, status.st_mtime_ns, status.st_ino):
            what = f"{given.name} has changed while it was read. {_kept(folder)}"
            raise BadData(what, "Answers for the changed file need a new folder.")

    chunks = answers.chunks(texts.rows)
    for number in count():
        first = next(chunks, None)
        if first is None:
            break
        part = chain([first], islice(chunks, CHUNKS - 1))
        path = folder / f"part-{number:05}{manifest.asked.format}"
        is_there = files.stat_of(path) is not None
        if is_there or not shard.takes(number):
            missing += not is_there
            rows += sum(map(len, part))
            continue
        began = began or time.monotonic()
        found = answers.write(path, texts, predictor.names, checked(part), manifest.asked.probabilities, given)
        for left in folder.glob(f".{path.name}.*.tmp"):  # of a process that was killed
            left.unlink(missing_ok=True)
        rows, done, written = rows + found.rows, done + found.rows, written + 1
        for why, n in found.unanswered.items():
            unanswered[why] = unanswered.get(why, 0) + n
        told(Step(path.name, rows, done, time.monotonic() - began))
    if not missing:
        write_manifest(folder, msgspec.structs.replace(manifest, whole=Whole(rows, number)))
    return Outcome(rows, number, missing, written, unanswered)


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
    def waiting() -> None:
        what = f"Another process writes parts of shard {shard.number}/{shard.of} into {folder} now."
        raise WorkbenchError(what, "Wait for it, or end it first.")

    with (
        files.writing(folder, f"{folder} cannot be written"),
        files.alone(folder / f".{shard.number}-of-{shard.of}.lock", waiting),
    ):
        yield
