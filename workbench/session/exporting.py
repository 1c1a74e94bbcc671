"""What can be written to a file from a screen."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from core import files

CURVES = "curve", "step", "value"  # columns of the points of a chart


class Export(NamedTuple):
    """`title` says what it is, `name` is the file's name that is offered; `write` raises OSError or WorkbenchError."""

    title: str
    name: str
    write: Callable[[Path], Awaitable[None]]


def export_of(title: str, name: str, content: Callable[[], str]) -> Export:
    """What a function returns, which is called in a thread of its own."""

    async def write(path: Path) -> None:
        await asyncio.to_thread(lambda: files.write(path, content()))

    return Export(title, name, write)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()
