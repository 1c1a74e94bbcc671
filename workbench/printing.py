"""What the command line prints with: lines, tables, and bars while something takes its time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text


def say(lines: Iterable[str]) -> None:
    """Print each on a line of its own, however long."""
    console = Console(highlight=False)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def tabulate(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their head: for a person on a terminal, and for another program where there is none."""
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in (head, *rows):  # for other programs: a line a row, tabs between, nothing cut
            print("\t".join(" ".join(cell.split()) for cell in row))
        return
    drawn = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in head:
        drawn.add_column(name, overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))
    console.print(drawn)


@contextmanager
def bars() -> Iterator[Callable[[str, int, int, str], None]]:
    """A function that draws progress, a bar for each thing that it is told of."""
    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, done: int, total: int, unit: str) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name)
            bars.update(tasks[name], completed=done, total=total)

        yield progress
