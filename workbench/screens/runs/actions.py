"""What a person does with the runs that are listed: open, compare, name, resume, delete."""

import asyncio
import shlex
from abc import abstractmethod
from pathlib import Path

from core.errors import BadRun
from core.recipe import Recipe
from core.runs.folder import RunFolder
from core.runs.listing import Entry, Listing, bring_back, hide
from core.runs.root import runs_root
from workbench.charts import curves
from workbench.charts.chart import Chart
from workbench.screens.runs.label_dialog import LabelDialog
from workbench.screens.runs.run_table import RunTable
from workbench.screens.runs.search import RunSearch
from workbench.screens.runs.view import View
from workbench.session.complain import complain
from workbench.session.exporting import CURVES, Export, export_of, table


class RunActions(RunSearch):
    """A screen of runs. The actions are about the run under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self._listing = Listing(self.session.root)
        self._entries: list[Entry] = []
        self._baseline: Entry | None = None
        self._marked: list[Path] = []  # runs whose curves lie over the selected one's
        self._bin: list[tuple[str, list[Path]]] = []  # names of deleted runs and groups, and where their runs are now

    @abstractmethod
    def _look(self) -> None:
        """Read the list anew, when there is time."""

    @abstractmethod
    async def _read(self) -> None:
        """Read the list anew, and show it."""

    @property
    def _selected(self) -> Entry | None:
        """The run under the cursor; None on the line of a group."""
        return self.query_one(RunTable).entry if self.query(RunTable) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        entry = self._selected
        match action:
            case "baseline":
                return entry is not None and entry.score is not None
            case "resume":
                return entry is not None and entry.status.ended_early
            case "start_now" | "take_out":
                return entry is not None and entry.status.state == "queued"
            case "undo":
                return bool(self._bin)
            case "open_run" | "overlay" | "name_run" | "delete_run" | "command_line":
                return entry is not None
        return super().check_action(action, parameters)

    @property
    def _selected_run(self) -> RunFolder:
        """What the actions are about, which work only while a run is selected."""
        assert self._selected
        return self._selected.run

    def action_open_run(self) -> None:
        run = self._selected_run
        if self.followed.run is None or self.followed.run.path != run.path:
            self.followed.follow(run)
        self.session.trail.go("train")

    async def copied(self) -> str:
        """The command that prints what came of the run."""
        if (entry := self._selected) is None:
            return ""
        root = self.session.root
        where = [] if root == runs_root() else ["--runs", str(root)]
        return shlex.join(["workbench", "show", entry.run.name, *where])

    def exported(self) -> Export | None:
        """The curves where the chart has the focus, else the table."""
        if isinstance(self.focused, Chart):
            points = self.focused.points
            return export_of("Export these curves", "curves.csv", lambda: table(CURVES, points))
        return export_of("Export the runs", "runs.csv", self.query_one(RunTable).as_csv)

    def recipe_on_show(self) -> Recipe | None:
        recipe = self._listing.recipe(self._selected) if self._selected else None
        return recipe if isinstance(recipe, Recipe) else None

    def action_overlay(self) -> None:
        path = self._selected_run.path
        if path in self._marked:
            self._marked.remove(path)
        else:
            self._marked = [*self._marked, path][-len(curves.GLYPHS) :]
        self.show_runs()
        self.read_curves()

    async def action_baseline(self) -> None:
        run = self._selected_run
        taken = self._baseline is not None and self._baseline.run.path == run.path
        try:
            await asyncio.to_thread(self._listing.choose, None if taken else run)
        except BadRun as error:
            complain(self.app, error)
        await self._read()

    def action_name_run(self) -> None:
        self.app.push_screen(LabelDialog(self._selected_run))

    async def action_train(self) -> None:
        await super().action_train()
        self._look()

    def action_resume(self) -> None:
        self.run_worker(self._resume(self._selected_run), group="run")

    async def _resume(self, run: RunFolder) -> None:
        if await self.resume(run):
            self.app.switch_mode("train")
        self._look()

    action_start_now = action_resume

    async def action_take_out(self) -> None:
        await self.launcher.take_out(self._selected_run)
        self._look()

    async def action_delete_run(self) -> None:
        run = self._selected_run
        try:
            self._bin.append((run.name, [await asyncio.to_thread(hide, run)]))
        except BadRun as error:
            complain(self.app, error)
            return
        self.app.notify(deleted(run.name), markup=False)
        await self._read()
        self._follow_another({run.path})

    def _follow_another(self, gone: set[Path]) -> None:
        """Where the run that the other screens show is gone, have them show the newest."""
        if self.followed.run and self.followed.run.path in gone and not self.followed.run.path.exists():
            self.followed.follow(self._entries[0].run if self._entries else None)

    async def action_undo(self) -> None:
        name, hidden = self._bin.pop()
        back = []
        for path in hidden:
            try:
                back.append(await asyncio.to_thread(bring_back, path))
            except BadRun as error:
                complain(self.app, error)
        if not back:
            return
        self.app.clear_notifications()  # which say that it is deleted
        self.app.notify(f"{back[0].name if len(hidden) == 1 else name} is back.", markup=False)
        await self._read()
        self._go_to(back[0].path, name)

    def _go_to(self, path: Path, group: str) -> None:
        """Put the cursor on a run, or else on the line of its group; all are listed where neither is."""
        for runs in self.query(RunTable):
            if not runs.go_to(path) and not runs.go_to(group):
                self.look_through(View())
                runs.go_to(path)
                runs.go_to(group)


def deleted(name: str) -> str:
    return f"{name} deleted. u brings it back until you quit."
