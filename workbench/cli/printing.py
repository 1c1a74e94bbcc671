"""What the command line prints with: lines, tables, and bars while something takes its time."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from core.wording import in_json, on_one_line, shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID


WIDE = 110  # cells of a terminal that has room for all columns


def say(lines: Iterable[str], to_errors: bool = False) -> None:
    """Print lines, however long, with nothing in them that a terminal would act on."""
    for line in lines:
        print(shown(line), file=sys.stderr if to_errors else sys.stdout, flush=True)


def agreed(question: str) -> bool:
    """Whether the person says yes to a question. Where there is no terminal, nobody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{shown(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def say_on(console: "Console", line: str) -> None:
    """Print a line on a console that draws bars below it, with nothing in it that a terminal would act on."""
    console.print(shown(line), markup=False, emoji=False, soft_wrap=True)


def with_tabs(cells: Iterable[str]) -> str:
    """A row for other programs: tabs between its cells, and none within."""
    return "\t".join(on_one_line(cell).strip() for cell in cells)


def print_json(document: Any, indent: int | None = 2) -> None:
    """Print a document in which what a terminal would act on is escaped: read again, it is the same."""
    print(_json(document, indent), flush=True)


def print_json_list(parts: Iterable[Iterable[Any]]) -> None:
    """Print one list of all that is in some parts, each as it comes, just as `print_json` prints a list."""
    before = "["
    for part in parts:
        for one in part:
            print(before, _json(one, 2).replace("\n", "\n  "), sep="\n  ", end="")
            before = ","
        sys.stdout.flush()
    print("[]" if before == "[" else "\n]", flush=True)


def _json(document: Any, indent: int | None) -> str:
    try:
        text = json.dumps(document, indent=indent, ensure_ascii=False, default=_plain, allow_nan=False)
    except ValueError:  # JSON has no number that is none, and no endless one
        document = json.loads(json.dumps(document, default=_plain), parse_constant=lambda _: None)
        text = json.dumps(document, indent=indent, ensure_ascii=False)
    text = in_json(text)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, indent=indent, default=_plain)
    return text


def _plain(found: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(found))


def is_wide() -> bool:
    """Whether there is room for all columns of a wide table; a program reads any width."""
    from rich.console import Console

    console = Console()
    return not console.is_terminal or console.width >= WIDE


def tabulate(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their head: for a person on a terminal, and for another program where there is none."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        for row in (head, *rows):  # a line a row, nothing cut
            print(with_tabs(row))
        return
    drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in head:
        drawn.add_column(Text(on_one_line(name)), overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(on_one_line(cell)) for cell in row))
    console.print(drawn)


@contextmanager
def bars() -> Iterator[Callable[[str, int, int, str], None]]:
    """A function that draws progress, a bar for each thing that it is told of."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    below = sys.stdout.isatty()  # else what is printed into a file or a pipe would be drawn above the bars
    with Progress(console=console, transient=True, redirect_stdout=below, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, done: int, total: int, unit: str) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name)
            bars.update(tasks[name], completed=done, total=total)

        yield progress
