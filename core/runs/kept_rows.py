"""The rows that a run keeps, as its data.jsonl.gz holds them. No torch, no numpy."""

import gzip
import zlib
from collections.abc import Collection, Iterator

import msgspec

from core import files
from core.errors import BadRun
from core.runs.document import UNREADABLE
from core.runs.folder import RunFolder


class Row(msgspec.Struct):
    """`row` is its number in the file that the run read, `split` train, validation or test."""

    row: int
    text: str
    label: str
    split: str


def kept_rows(run: RunFolder) -> Iterator[Row]:
    """All of them, in their order. Raises BadRun where they are missing or damaged."""
    try:
        with files.reading(run.data_file, run.path) as file, gzip.open(file) as lines:
            for line in lines:
                yield msgspec.json.decode(line, type=Row)
    except FileNotFoundError as error:
        raise BadRun(f"{run.name} keeps no rows: data.jsonl.gz is missing.", "Train it again.") from error
    except (*UNREADABLE, EOFError, zlib.error) as error:
        raise damaged(run) from error


def texts_at(run: RunFolder, lines: Collection[int]) -> dict[int, str]:
    """The texts that stand in these lines of the file, counted from 0. Raises BadRun as `kept_rows` does."""
    found: dict[int, str] = {}
    for i, row in zip(range(max(lines, default=-1) + 1), kept_rows(run), strict=False):
        if i in lines:
            found[i] = row.text
    if len(found) < len(set(lines)):
        raise damaged(run)
    return found


def damaged(run: RunFolder) -> BadRun:
    """The error for a data.jsonl.gz that cannot be read, or lacks rows."""
    return BadRun(f"The rows that {run.name} keeps cannot be read: data.jsonl.gz is damaged.", "Train it again.")
