"""The candidates of a budget on the command line: what was tried, which is chosen, and its test figure."""

from core.runs.auto_table import AutoTable, Row
from core.wording import about, clock, duration, on_one_line, percent
from workbench.cli.group_view import STAR
from workbench.cli.printing import print_json, say, tabulate


def show_auto(table: AutoTable, as_json: bool) -> None:
    """Print what has come of a budget: for a program, or the table and the sentences."""
    if as_json:
        print_json(table)
        return
    say([f"{table.name}  {clock(table.spent)} of {about(table.budget)} spent in runs", ""])
    tabulate(
        ["", "tried", "epochs", "validation", "took", "run", ""],
        [_cells(row, i == table.chosen) for i, row in enumerate(table.rows)],
    )
    if whys := [f"{row.in_words}: {on_one_line(row.why)}" for row in table.rows if row.why]:
        say(["", *whys])
    if table.sentences:
        say(["", *table.sentences, "", table.rule])


def _cells(row: Row, is_chosen: bool) -> list[str]:
    return [
        STAR if is_chosen else "",
        row.in_words,
        f"{row.epochs:,}" if row.epochs else "",
        "" if row.validation is None else percent(row.validation),
        duration(row.seconds) if row.run else "",
        row.run,
        "" if row.state == "done" else row.state,
    ]
