"""The panels of the group under the cursor: its settings, what they say, and a picture where they stand in an order."""

import asyncio
from collections.abc import Iterator

from rich.text import Text
from textual import on
from textual.containers import VerticalScroll
from textual.widgets import Static

from core.runs.group_table import HOW, GroupTable
from core.wording import on_one_line, plural, shown
from workbench.charts.chart import Chart
from workbench.charts.settings import over_settings
from workbench.layout import Column, Part, Plan
from workbench.screens.runs.folding import Fold, how_far
from workbench.screens.runs.group_actions import GroupActions
from workbench.screens.runs.run_table import RunTable
from workbench.screens.runs.settings import Settings
from workbench.session.exporting import Export
from workbench.themes import colour
from workbench.widgets.lines import Headings
from workbench.widgets.panel import Panel

MOST_ROWS = 16  # settings, of which more scroll


class GroupPanels(GroupActions):
    """A screen of runs that shows the table of a group beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._tabling = asyncio.Lock()

    def compose_group(self) -> Iterator[Panel]:
        settings = Settings()
        yield Panel(Headings(settings), settings, title="Settings", letter="s", id="settings")
        yield Panel(VerticalScroll(Static(markup=False)), title="Answer", letter="a", id="answer")
        yield Panel(Chart(), title="Picture", letter="c", id="picture")

    def plan_of_group(self, runs: Part) -> Plan:
        """Where they stand below the list of runs."""
        fold = self._fold
        table = self.tables.of(fold.name) if fold else None
        rows = 2 + max(2, min(MOST_ROWS, len(table.rows) if table else 0))
        settings, answer = Part("settings", rows, rows, brief=5), Part("answer", 4, 12, brief=3, grows=2)
        ranks = ("runs", "settings", "answer", "settings", "answer", "picture", "runs")
        if table and table.axis:
            picture = Part("picture", 10, 18, grows=2)
            return Plan.of(runs, [Column((settings, answer), 3, 62), Column((picture,), 2, 44)], ranks=ranks)
        return Plan.of(runs, settings, answer, ranks=ranks)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "runs_of":
            return bool(self.query(Settings)) and bool(self.query_one(Settings).items)
        return super().check_action(action, parameters)

    # Reading

    async def read_tables(self) -> None:
        """Read the tables of all groups that are listed and have come to something new, that under the cursor first."""
        if self._tabling.locked():
            return
        async with self._tabling:
            lines = self.query_one(RunTable).items if self.query(RunTable) else []
            folds = sorted((line for line in lines if isinstance(line, Fold)), key=self._is_elsewhere)
            for fold in self.tables.stale(folds):
                await self.tables.read(fold)
                self.show_runs()

    def _is_elsewhere(self, fold: Fold) -> bool:
        return self._fold is None or self._fold.name != fold.name

    # Showing

    def show_group(self) -> None:
        """The panels of the group under the cursor, where it stands on one."""
        if (fold := self._fold) is None:
            return
        table = self.tables.of(fold.name)
        panel = self.query_one("#settings", Panel)
        panel.title = f"{fold.name}  {how_far(fold, table)}"
        panel.subtitle = _how(table) if table else ""
        self.query_one(Settings).show(table)
        answer = self.query_one("#answer", Panel)
        answer.title = table.question if table and table.question else "What it says"
        self.query_one("#answer Static", Static).update(self._answer(fold, table))
        if table and table.axis:
            picture = self.query_one("#picture", Panel)
            picture.title = f"Test over {table.axis}"
            drawn = over_settings(table)
            chart = self.query_one("#picture Chart", Chart)
            chart.display = drawn is not None
            if drawn:
                chart.show(drawn, drawn.source)

    def _answer(self, fold: Fold, table: GroupTable | None) -> Text:
        muted, text = colour(self, "muted"), colour(self, "text")
        if table is None:
            return Text(shown(self.tables.problem(fold.name) or "Reading what its runs have come to."), muted)
        if not table.sentences:
            words = "No run is done yet." if not table.problems else ""
            return Text("\n".join(filter(None, [words, *map(shown, table.problems)])), muted)
        said = Text("\n").join(Text(shown(sentence), text) for sentence in table.sentences)
        problems = (
            [("\n▲ ", colour(self, "warning")), (shown(" ".join(table.problems)), text)] if table.problems else []
        )
        return Text.assemble(said, *problems, ("\n\n" + HOW, muted))

    @on(Settings.Chosen, "Settings")
    def action_runs_of(self) -> None:
        """Lead to the runs of a setting."""
        fold, settings = self._fold, self.query_one(Settings)
        if fold is None or not settings.items:
            return
        runs = [entry for entry in fold.runs if entry.member and entry.member.setting == settings.cursor]
        self._opened.add(fold.name)
        self.show_runs()
        self.open(self.query_one("#runs", Panel))
        for entry in runs[::-1]:
            if self.query_one(RunTable).go_to(entry.run.path):
                break

    def exported(self) -> Export | None:
        """The group's table where one of its panels has the focus."""
        panel = self.panel_of(self.focused)
        if panel and panel.id in ("settings", "answer", "picture"):
            return self.query_one(Settings).exported()
        return super().exported()


def _how(table: GroupTable) -> str:
    """'best: lr 0.0003 · each with 3 seeds'."""
    how = [plural(table.seeds, "seed"), *([plural(table.folds, "fold")] if table.folds else [])]
    best = f"best: {table.title(table.best)} · " if table.best is not None and len(table.rows) > 1 else ""
    return f"{on_one_line(best)}each with {' and '.join(how)}"
