"""Every run, one a line, with what came of it."""

from pathlib import Path

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from core.recipe import Recipe
from core.runs.history import History
from workbench.formatting import clock, cut, pad, percent, printable
from workbench.listing import Entry
from workbench.themes import colour
from workbench.widgets.header import GLYPHS
from workbench.widgets.lines import Lines

HUES = {
    "starting": "train",
    "running": "train",
    "failed": "error",
    "vanished": "warning",
}  # of the others: text
DATA_FROM = 100  # columns; with fewer the data's name is left out
FIGURES = {"test": 8, "95 %": 11, "clean": 9, "time": 9}  # cells


class RunTable(Lines):
    """Entries in their order. Where a run has no figures, its line says why."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._marks: dict[Path, str] = {}

    def show(self, entries: list[Entry], marks: dict[Path, str]) -> None:
        """`marks` are the glyphs of the runs whose curves are drawn. The cursor stays on its run."""
        path = self.selected.run.path if self.selected else None
        self._entries, self._marks = entries, marks
        paths = [entry.run.path for entry in entries]
        self.changed()
        if path in paths:
            self.cursor = paths.index(path)

    @property
    def count(self) -> int:
        return len(self._entries)

    @property
    def selected(self) -> Entry | None:
        return self._entries[self.cursor] if self._entries else None

    def widths(self, width: int) -> tuple[int, int, int, int]:
        """Cells for the run's name, its data, its model and what learns; no data where there is no room."""
        name = max([4, *(min(12, cell_len(entry.run.name)) for entry in self._entries)])
        room = width - 5 - name - sum(FIGURES.values()) - 6
        data = room // 3 if width >= DATA_FROM else 0
        model = 12
        return name, min(24, data), model, max(8, min(24, room - min(24, data) - model))

    def headings(self, width: int) -> Text:
        words = "     " + "  ".join(
            pad(title, cells)
            for title, cells in zip(("run", "data", "model", "learns"), self.widths(width), strict=True)
            if cells
        )
        words += "".join(f"{title:>{cells}}" for title, cells in FIGURES.items())
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        entry = self._entries[index]
        status, recipe = entry.status, entry.recipe
        name, data, model, learns = self.widths(width)
        muted = colour(self, "muted")
        text = Text.assemble(
            " ",
            (GLYPHS[status.state], colour(self, HUES.get(status.state, "text"))),
            f" {self._marks.get(entry.run.path, ' ')} ",
            pad(printable(entry.run.name), name),
        )
        if isinstance(recipe, Recipe):
            columns = [
                (Path(recipe.data.path).stem, data),
                (recipe.model.name, model),
                (recipe.plan.in_words, learns),
            ]
            for words, cells in columns:
                if cells:
                    text.append(f"  {pad(printable(words), cells)}", muted)
        elif recipe:
            text.append(f"  a language model, {recipe.model.name}", muted)
        if entry.result:
            return text.append_text(self._figures(entry.result))
        return text.append(
            cut(f"   {self._instead(entry)}", width - text.cell_len),
            colour(self, HUES.get(status.state, "muted")),
        )

    def _figures(self, result: dict) -> Text:
        test, muted = result["test"], colour(self, "muted")
        clean = percent(test["clean"]) if test["clean_rows"] else "none"
        return Text.assemble(
            f"{percent(test['accuracy']):>{FIGURES['test']}}",
            (f"{interval(test):>{FIGURES['95 %']}}", muted),
            f"{clean:>{FIGURES['clean']}}",
            (f"{clock(result['seconds']['total']):>{FIGURES['time']}}", muted),
        )

    def _instead(self, entry: Entry) -> str:
        status = entry.status
        match status.state:
            case "starting":
                return "starting"
            case "running":
                return f"step {status.step:,} of {status.n_steps:,}"
            case "stopped":
                return f"stopped at step {status.step:,} of {status.n_steps:,}; r takes it up again"
            case "vanished":
                return f"vanished at step {status.step:,}; r takes it up again"
        return status.why or "no result"


def interval(test: dict) -> str:
    """96.2–99.3."""
    return f"{test['low'] * 100:.1f}–{test['high'] * 100:.1f}"


class Baselines(Widget):
    """What needs no network gets right on the test rows of one run, in the columns of its table."""

    DEFAULT_CSS = "Baselines { height: 2; text-wrap: nowrap; }"

    def __init__(self, table: RunTable):
        super().__init__()
        self._table = table
        self._shares: list[tuple[str, float]] = []

    def show(self, history: History) -> None:
        names = {"tfidf": "counting words on the same texts", "majority": "always the commonest label"}
        self._shares = [
            (words, history.baselines[name].test)
            for name, words in names.items()
            if name in history.baselines
        ]
        self.refresh()

    def render(self) -> Text:
        table, muted = self._table, colour(self, "muted")
        width = table.scrollable_content_region.width
        at = len(table.headings(width)) - sum(FIGURES.values())
        lines = [
            Text.assemble(
                (f"   · {pad(words, at - 5)}", muted), (f"{percent(share):>{FIGURES['test']}}", muted)
            )
            for words, share in self._shares
        ]
        return Text("\n").join(lines)
