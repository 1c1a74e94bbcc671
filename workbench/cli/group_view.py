"""A group of runs on the command line: its table, a picture of it, and what it says in sentences."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console

from core.runs.group_table import HOW, GroupTable, Row, progress_in_words
from core.runs.result import BASELINES
from core.runs.sweep import varies
from core.wording import duration, on_one_line, percent, plural
from workbench.cli.printing import is_wide, print_json, say, tabulate
from workbench.formatting import bar, interval_drawn, named, pad

STAR = "★"  # the setting that is best on validation
CLOCKED = 10  # cells of the bar that says how long a run took
LEAST = 20  # cells of an axis that still shows something
TITLES = 34  # cells, at most, of what a setting is called


def show_group(table: GroupTable, as_json: bool) -> None:
    """Print a group: for a program, or the table, a picture where there is a terminal, and the sentences."""
    if as_json:
        print_json(table)
        return
    how = [plural(table.seeds, "seed"), *([plural(table.folds, "fold")] if table.folds else [])]
    asked = [on_one_line(table.question)] if table.question else []
    say([f"{table.name}  {progress_in_words(table)}, {' and '.join(how)} for each setting", *asked, ""])
    console = Console()
    wide = is_wide()
    head = ["", varies(table.varied), "runs", "test", "±", "validation", "a run", "baseline", ""]
    best = table.best if len(table.rows) > 1 else None
    tabulate(
        [*head, *(["95 % interval", "p"] if wide else [])],
        [_cells(row, i == best, wide) for i, row in enumerate(table.rows)],
    )
    if console.is_terminal and (lines := picture(table.rows, console.width)):
        say(["", *lines])
    if table.sentences:
        say(["", *table.sentences, "", HOW])
    say(table.problems, to_errors=True)


def _cells(row: Row, is_best: bool, wide: bool) -> list[str]:
    runs = f"{row.done} of {row.planned}" if row.done < row.planned else str(row.done)
    title = [STAR if is_best else "", row.title, "stopped" if row.stopped else runs]
    checked = "" if row.validation is None else percent(row.validation)
    if row.mean is None or row.low is None or row.high is None:
        return [*title, "", "", checked, *[""] * (5 if wide else 3)]
    kind = BASELINES[row.baseline].title if row.baseline in BASELINES else row.baseline
    beside = row.beside
    return [
        *title,
        percent(row.mean),
        "" if row.deviation is None else f"{row.deviation * 100:.1f}",
        checked,
        duration(row.seconds or 0.0),
        "" if row.baseline_mean is None else f"{percent(row.baseline_mean)} {kind}",
        beside.verdict if beside else "",
        *([f"{percent(row.low)} to {percent(row.high)}", beside.p_in_words if beside else ""] if wide else []),
    ]


def picture(rows: Sequence[Row], width: int) -> list[str]:
    """Each setting's accuracy with its interval on one axis, and the seconds of a run on another; nothing where fewer
    than two settings have come to something, or there is no room.
    """
    shown = [row for row in rows if row.mean is not None]
    titles = [on_one_line(row.title) for row in shown]
    wide = min(TITLES, width // 3, max(map(cell_len, titles), default=0))
    room = width - wide - CLOCKED - len("  ") - len("  100 %  ") - len(" 1:02:03")
    if len(shown) < 2 or room < LEAST:
        return []
    low = min(row.low or 0.0 for row in shown)
    high = max(row.high or 0.0 for row in shown)
    slowest = max(row.seconds or 0.0 for row in shown) or 1.0
    left, right = percent(low), percent(high)
    axis = f"{left}{' ' * (room - len(left) - len(right))}{right}"
    lines = [f"{'':{wide}}  {axis}  {'test':>6}  a run"]
    for title, row in zip(titles, shown, strict=True):
        line = interval_drawn(row.low or 0.0, row.mean or 0.0, row.high or 0.0, (low, high), room)
        took = f"{pad(bar((row.seconds or 0.0) / slowest, CLOCKED), CLOCKED)} {duration(row.seconds or 0.0)}"
        lines.append(f"{named(title, wide)}  {line}  {percent(row.mean or 0.0):>6}  {took}".rstrip())
    return lines
