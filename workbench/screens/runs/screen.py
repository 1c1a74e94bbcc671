"""Runs: what have I tried?"""

import asyncio
import time
from pathlib import Path

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from core import files
from core.runs import turns
from core.runs.compare import Comparison
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.listing import Entry, empty_bin
from core.wording import on_one_line, plural, shown
from workbench import keys
from workbench.charts import curves
from workbench.charts.chart import Chart
from workbench.layout import Column, Part, Plan
from workbench.screens.runs.actions import deleted
from workbench.screens.runs.differences import Differences
from workbench.screens.runs.folding import lines_of
from workbench.screens.runs.group_panels import GroupPanels
from workbench.screens.runs.no_curve import why_no_curve
from workbench.screens.runs.run_table import Baselines, RunTable
from workbench.screens.runs.view import View
from workbench.session.live import rest_after
from workbench.session.trail import GroupOfRuns
from workbench.themes import colour
from workbench.widgets.lines import Headings
from workbench.widgets.panel import Panel

LOOK = 1.5  # seconds between two looks at the folder
AT_ONCE = 100  # runs that are compared with the baseline before the table shows how they did
SETTLE = 0.1  # seconds that the cursor rests before curves are read


class RunsScreen(GroupPanels):
    """The list of runs; below it curves and recipe of the one under the cursor, or the table of a group."""

    MODE = "runs"
    CSS_PATH = "../../styles/runs.tcss"
    BINDINGS = keys.bindings("runs")

    def __init__(self) -> None:
        super().__init__()
        self._reading, self._measuring = asyncio.Lock(), asyncio.Lock()
        self._next_look = 0.0  # not before
        self._wanted = ""  # the group that the cursor is to go to once it is listed
        # runs against others, on their test rows
        self._compared: dict[tuple[Path, Path | None], Comparison | None] = {}
        self._histories: dict[Path, tuple[int, History]] = {}  # and the size of the log they were read from

    def compose_panels(self) -> ComposeResult:
        yield Static("Reading the runs.", id="nothing", classes="empty", markup=False)
        with Panel(title="Runs", letter="r", id="runs"):
            table = RunTable(self.tables)
            yield Headings(table)
            yield table
            yield Baselines(table)
            yield self.find_field()
            yield Static(id="queue", markup=False)
        with Panel(title="Validation accuracy %", word="Curves", letter="v", id="curves"):
            yield Chart()
            yield Static(id="no-curve", classes="empty", markup=False)
        with Panel(title="Recipe", letter="p", id="recipe"):
            yield VerticalScroll(Differences(), Static(id="note", markup=False))
            yield Static(id="proof", markup=False)
        yield from self.compose_group()

    def plan(self) -> Plan:
        if not self.has_class("-some"):
            return Plan.of(Part("nothing", 3, grows=1), ranks=("nothing",))
        lines = self.query_one(RunTable).count
        runs = Part("runs", 10, max(10, min(16, 6 + lines)), grows=3)
        if not lines:  # nothing is found
            return Plan.of(runs, ranks=("runs",))
        if self._fold:  # in short, it has the lines of the picture that takes its place
            return self.plan_of_group(Part("runs", 10, 10, brief=9, grows=1))
        below = [Column((Part("curves", 9, 12, grows=2),), 3, 44), Column((Part("recipe", 7, 12, grows=2),), 2, 34)]
        return Plan.of(runs, below, ranks=("runs", "curves", "recipe"))

    async def on_mount(self) -> None:
        self._timer = self.set_interval(LOOK, self._look_again, pause=True)
        self.followed.run_changed.subscribe(self, lambda _: self._draw())
        await asyncio.to_thread(empty_bin, self.session.root, False)

    def on_unmount(self) -> None:
        empty_bin(self.session.root, True)

    def on_screen_resume(self) -> None:
        if brought := self.session.trail.take(GroupOfRuns):
            self._wanted, self.view = brought.name, View()
        self._timer.resume()
        self._look()

    def on_screen_suspend(self) -> None:
        self._timer.pause()

    # Reading

    def _look_again(self) -> None:
        if time.monotonic() > self._next_look:
            self._look()

    def _look(self) -> None:
        if not self._reading.locked():
            self.run_worker(self._read())

    async def _read(self) -> None:
        async with self._reading:
            began = time.monotonic()
            entries = await asyncio.to_thread(self._listing.look)
            now = time.monotonic()
            self._next_look = now + rest_after(now - began)
            baseline = await asyncio.to_thread(self._listing.baseline, entries)
            interrupted = await asyncio.to_thread(turns.interrupted, self.session.root)
            self._entries, self._baseline, self._interrupted = entries, baseline, bool(interrupted)
            if not self.query(RunTable):
                return  # read before the panels stand: the next look shows it
            paths = {entry.run.path for entry in self._entries}
            self._marked = [path for path in self._marked if path in paths]
            self.set_class(bool(self._entries), "-some")
            self.fit()
            nothing = shown(deleted(self._bin[-1][0])) if self._bin else "No runs yet. t trains one."
            self.query_one("#nothing", Static).update(nothing)
            waiting = self.query_one("#queue", Static)
            waiting.update(f"▲ {interrupted}, which was interrupted. r on one of them continues it.")
            waiting.display = bool(interrupted)
            self.show_runs()
            self.read_curves()
            self.run_worker(self.read_tables())
            if self._baseline and not self._measuring.locked():
                self.run_worker(self._measure_all([(entry, self._baseline) for entry in self._entries]))

    async def _measure_all(self, pairs: list[tuple[Entry, Entry]]) -> None:
        async with self._measuring:
            for first in range(0, len(pairs), AT_ONCE):
                await self._measure(pairs[first : first + AT_ONCE])

    async def _measure(self, pairs: list[tuple[Entry, Entry]]) -> None:
        """Compare runs on their test rows, and show what is new of it."""
        found: dict[tuple[Path, Path | None], Comparison | None] = await asyncio.to_thread(
            lambda: {(one.run.path, other.run.path): self._listing.compare(one, other) for one, other in pairs}
        )
        if not found.items() <= self._compared.items():
            self._compared.update(found)
            if self.query(RunTable):
                self.show_runs()

    def show_runs(self) -> None:
        baseline = self._baseline.run.path if self._baseline else None
        compared = {entry.run.path: self._compared.get((entry.run.path, baseline)) for entry in self._entries}
        versus = {path: found for path, found in compared.items() if found and path != baseline}
        listed = self.view.of(self._entries, self.draft.recipe.data.path)
        lines = lines_of(listed, self._entries, self._opened)
        self.query_one(RunTable).show(lines, listed, self._glyphs, baseline, versus)
        if self._wanted and self.query_one(RunTable).go_to(self._wanted):
            self._wanted = ""
        count = f"{len(listed):,} of {len(self._entries):,}" if len(listed) != len(self._entries) else ""
        said = " · ".join(filter(None, [count, *self.view.in_words]))
        self.query_one("#runs", Panel).title = f"Runs  {said}".rstrip()
        self.fit()
        for headings in self.query(Headings):
            headings.refresh()
        self._compare()
        self.show_group()
        self.refresh_bindings()

    @property
    def _glyphs(self) -> dict[Path, str]:
        return dict(zip(self._marked, curves.GLYPHS, strict=False))

    @on(RunTable.Moved, "RunTable")
    def _moved(self) -> None:
        self.fit()
        self._compare()
        self.show_group()
        self._draw()
        self.read_curves()
        self.refresh_bindings()

    @property
    def _other(self) -> Entry | None:
        """What the selected run is compared with: the baseline, or else the only marked run if there is one."""
        entry = self._selected
        if entry and self._baseline:
            return self._baseline if self._baseline.run.path != entry.run.path else None
        if not self._marked:
            return None
        marked = [each for each in self._entries if each.run.path in self._marked and each is not entry]
        return marked[0] if len(marked) == 1 and marked[0].about else None

    def _compare(self) -> None:
        """The recipe of the selected run, beside that of another if there is one, and which of the two is better."""
        entry, other = self._selected, self._other
        if entry is None:
            self.query_one("#runs", Panel).subtitle = ""
            return
        said = entry.status.why, f"◇ {entry.learned}" if entry.steered else ""
        self.query_one("#runs", Panel).subtitle = " · ".join(filter(None, said))
        against = f"{other.run.name}{' ★' if other is self._baseline else ''}" if other else ""
        title = f"{entry.run.name} against {against}" if other else f"Recipe of {entry.run.name}"
        self.query_one("#recipe", Panel).title = title
        started = history.started if (history := self._history(entry.run)) else None
        rows = started.rows["train"] if started else None
        recipe, its = self._listing.recipe(entry), self._listing.recipe(other) if other else None
        asked = self._listing.asked(entry), self._listing.asked(other) if other else None
        self.query_one(Differences).show(recipe, its, rows, asked)
        note = self.query_one("#note", Static)
        note.update(shown(entry.label.note))
        note.display = bool(entry.label.note)
        found = self._compared.get((entry.run.path, other.run.path)) if other else None
        proof = self.query_one("#proof", Static)
        proof.display = bool(found)
        if found:
            counted = f"{found.won:,} won, {found.lost:,} lost of {plural(found.rows, 'row')}\n" if found.rows else ""
            proof.update(Text.assemble((counted, colour(self, "muted")), found.in_words))

    # Curves

    @work(group="curves", exclusive=True)
    async def read_curves(self) -> None:
        await asyncio.sleep(SETTLE)
        if (entry := self._selected) and (other := self._other):
            await self._measure([(entry, other)])
        drawn = self._drawn()
        paths = {run.path for run in drawn}
        self._histories = {path: read for path, read in self._histories.items() if path in paths}
        for run in drawn:
            followed = self.followed.run and self.followed.run.path == run.path
            size = files.size(run.events_file)
            if not followed and self._histories.get(run.path, (-1,))[0] != size:
                self._histories[run.path] = size, await asyncio.to_thread(fold, run)
        self._compare()
        self._draw()

    def _drawn(self) -> list[RunFolder]:
        """The selected run and the marked ones."""
        entry = self._selected
        if entry is None:
            return []
        runs = {each.run.path: each.run for each in self._entries} if self._marked else {}
        return [entry.run, *(runs[path] for path in self._marked if path in runs and path != entry.run.path)]

    def _history(self, run: RunFolder) -> History | None:
        if self.followed.run and self.followed.run.path == run.path:
            return self.followed.history
        return self._histories.get(run.path, (0, None))[1]

    def _draw(self) -> None:
        if not self.is_current:
            return
        histories = {on_one_line(run.name): found for run in self._drawn() if (found := self._history(run)) is not None}
        entry = self._selected
        selected = self._history(entry.run) if entry else None
        self.query_one(Baselines).show(selected or History())
        drawn = any(history.evaluations["validation"] for history in histories.values())
        known = selected is not None or (entry is not None and entry.status.state == "queued")
        words = why_no_curve(entry, self._entries, not self._interrupted) if entry and known and not drawn else ""
        self.query_one("#no-curve", Static).update(words)
        self.query_one("#curves").set_class(bool(words), "-none")
        if selected:
            glyphs = {on_one_line(path.name): glyph for path, glyph in self._glyphs.items()}
            version = tuple((name, glyphs.get(name), id(found), found.version) for name, found in histories.items())
            self.query_one("#curves Chart", Chart).show(curves.side_by_side(histories, glyphs), version)


def fold(run: RunFolder) -> History:
    """The run's whole history."""
    return History.of(run.log())
