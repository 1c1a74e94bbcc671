"""The settings of a group, one a line, with what their runs have come to."""

from rich.cells import cell_len
from rich.text import Text

from core.runs.group_table import GroupTable, Row
from core.runs.sweep import varies
from core.wording import clock, on_one_line, percent
from workbench import keys
from workbench.formatting import interval_drawn, named, pad
from workbench.session.exporting import Export, export_of, table
from workbench.themes import colour
from workbench.widgets.lines import ItemList

TITLES = 34  # cells, at most, of what a setting is called
RUNS, TEST, SPREAD, VALIDATION, TIME = 8, 8, 6, 12, 8  # cells
LEAST_DRAWN = 18  # cells in which an interval says something
CSV_COLUMNS = (
    "setting", "runs", "planned", "test", "deviation", "low", "high", "validation", "seconds",
    "baseline", "baseline_test", "p", "verdict",
)  # fmt: skip


class Settings(ItemList[Row]):
    """Test accuracy with its interval over all runs of each setting; ★ is best on validation."""

    BINDINGS = keys.bindings("settings")

    def __init__(self) -> None:
        super().__init__()
        self._table: GroupTable | None = None
        self._axis = 0.0, 1.0  # of the intervals that are drawn

    def show(self, table: GroupTable | None) -> None:
        self._table = table
        rows = table.rows if table else []
        ends = [end for row in rows for end in (row.low, row.high) if end is not None]
        self._axis = (min(ends), max(ends)) if ends else (0.0, 1.0)
        self.show_items(rows)
        if table and table.best is not None and not self.has_focus:
            self.cursor = table.best  # which is seen then, however many there are

    def exported(self) -> Export | None:
        found = self._table
        return export_of("Export the table", f"{found.name}.csv", lambda: as_csv(found)) if found else None

    def _cells(self, width: int) -> dict[str, int]:
        """Cells of each column, those of them that a line has room for."""
        longest = max([len(self._head), *(cell_len(on_one_line(row.title)) for row in self.items)])
        cells = {"setting": min(TITLES, longest, width // 3), "runs": RUNS, "test": TEST, "±": SPREAD}
        cells |= {"validation": VALIDATION, "a run": TIME}
        drawn = width - len(" ★ ") - sum(cells.values()) - len("  ") - 1
        if drawn < LEAST_DRAWN:
            drawn += cells.pop("validation")
        return cells | {"drawn": drawn} if drawn >= LEAST_DRAWN else cells

    def headings(self, width: int) -> Text:
        cells = self._cells(width)
        words = f"   {pad(self._head, cells['setting'])}"
        words += f"{'runs':>{RUNS}}{'test':>{TEST}}{'±':>{SPREAD}}"
        if "drawn" in cells:
            left, right = map(percent, self._axis)
            words += (
                f"  {left}{right:>{cells['drawn'] - len(left)}}" if self._has_figures else " " * (cells["drawn"] + 2)
            )
        words += f"{'validation':>{VALIDATION}}" if "validation" in cells else ""
        return Text(f"{words}{'a run':>{TIME}}", colour(self, "muted"))

    @property
    def _head(self) -> str:
        return varies(self._table.varied) if self._table else "setting"

    @property
    def _has_figures(self) -> bool:
        return any(row.mean is not None for row in self.items)

    def line(self, index: int, width: int) -> Text:
        row, cells, muted = self.items[index], self._cells(width), colour(self, "muted")
        best = self._table is not None and index == self._table.best and len(self.items) > 1
        text = Text.assemble((" ★ " if best else "   ", colour(self, "focus")), no_wrap=True)
        text.append(
            named(row.title, cells["setting"]), f"bold {colour(self, 'text')}" if best else colour(self, "text")
        )
        text.append(f"{row.done if row.done == row.planned else f'{row.done} of {row.planned}':>{RUNS}}", muted)
        text.append(f"{_percent(row.mean):>{TEST}}", colour(self, "text"))
        text.append(f"{'' if row.deviation is None else f'{row.deviation * 100:.1f}':>{SPREAD}}", muted)
        if "drawn" in cells:
            text.append_text(self._drawn(row, cells["drawn"], best))
        if "validation" in cells:
            text.append(f"{_percent(row.validation):>{VALIDATION}}", colour(self, "validation"))
        return text.append(f"{'' if row.seconds is None else clock(row.seconds):>{TIME}}", muted)

    def _drawn(self, row: Row, cells: int, best: bool) -> Text:
        """The interval of a setting; blank where nothing of it is tested."""
        if row.mean is None or row.low is None or row.high is None:
            return Text(f"  {f'stopped after {row.stopped}' if row.stopped else '':<{cells}}", colour(self, "muted"))
        before, after = interval_drawn(row.low, row.mean, row.high, self._axis, cells).split("●")
        muted, middle = colour(self, "muted"), colour(self, "focus" if best else "text")
        return Text.assemble("  ", (before, muted), ("●", middle), (after, muted))


def _percent(share: float | None) -> str:
    return "" if share is None else percent(share)


def as_csv(found: GroupTable) -> str:
    """Each setting with its figures in full."""
    rows = []
    for row in found.rows:
        of_runs = (row.title, row.done, row.planned, row.mean, row.deviation, row.low, row.high)
        beside = (row.beside.p, row.beside.verdict) if row.beside else ()
        rows.append((*of_runs, row.validation, row.seconds, row.baseline, row.baseline_mean, *beside))
    return table(CSV_COLUMNS, rows)
