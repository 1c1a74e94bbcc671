"""What a person does with a group of runs: unfold it, continue it, stop it, delete it."""

import asyncio
import shlex

from textual import on, work

from core.errors import BadRun, WorkbenchError
from core.runs import group as groups
from core.runs import queue
from core.runs.control import Stop
from core.runs.listing import hide
from core.runs.root import runs_root
from core.wording import plural
from workbench.screens.confirm_dialog import ConfirmDialog
from workbench.screens.runs.actions import RunActions, deleted
from workbench.screens.runs.folding import Fold, best_of
from workbench.screens.runs.run_table import RunTable
from workbench.screens.runs.tables import Tables
from workbench.session.complain import complain


class GroupActions(RunActions):
    """A screen of runs, of which those of a group fold. The actions are about the group under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = Tables(self.session.root, self.session.groups_helper)
        self._opened: set[str] = set()  # groups whose runs are listed
        self._interrupted = False  # whether nothing starts what waits in the queue

    @property
    def _fold(self) -> Fold | None:
        return self.query_one(RunTable).fold if self.query(RunTable) else None

    @property
    def _group(self) -> Fold:
        """What the actions are about, which work only while a group is selected."""
        assert self._fold
        return self._fold

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        fold = self._fold
        match action:
            case "delete_group":
                return fold is not None
            case "unfold":
                return fold is not None and not fold.is_open
            case "fold":
                return self._open_group != ""
            case "stop_group":
                return fold is not None and any(e.status.alive or e.status.state == "queued" for e in fold.runs)
            case "continue_group":
                return fold is not None and self._lacks_something(fold)
        return super().check_action(action, parameters)

    def why_not(self, key: str) -> str:
        """What has nothing left to do in the group under the cursor."""
        if (fold := self._fold) is None:
            return super().why_not(key)
        if key == "r":
            is_done = all(entry.status.state == "done" for entry in fold.runs)
            return f"{fold.name} is complete: every run is done." if is_done else f"{fold.name} goes on by itself."
        return f"No run of {fold.name} trains or waits: there is nothing to stop." if key == "s" else ""

    def _lacks_something(self, fold: Fold) -> bool:
        table = self.tables.of(fold.name)
        missing = table.planned - len(fold.runs) if table else 0
        waits = self._interrupted and any(entry.place for entry in fold.runs)
        return missing > 0 or waits or any(entry.status.ended_early for entry in fold.runs)

    @property
    def _open_group(self) -> str:
        """The unfolded group that the cursor is in; empty where it is in none."""
        table = self.query_one(RunTable) if self.query(RunTable) else None
        entry, fold = (table.entry, table.fold) if table else (None, None)
        name = fold.name if fold else entry.member.group if entry and entry.member else ""
        return name if name in self._opened else ""

    @on(RunTable.Chosen, "RunTable")
    def _chosen(self) -> None:
        if fold := self._fold:
            self.action_fold() if fold.is_open else self.action_unfold()
        elif self._selected:
            self.action_open_run()

    def action_unfold(self) -> None:
        self._opened.add(self._group.name)
        self.show_runs()

    def action_fold(self) -> None:
        name = self._open_group
        self._opened.discard(name)
        self.show_runs()
        self.query_one(RunTable).go_to(name)

    async def copied(self) -> str:
        """The command that prints the group's table, or what came of the run."""
        if (fold := self._fold) is None:
            return await super().copied()
        root = self.session.root
        where = [] if root == runs_root() else ["--runs", str(root)]
        return shlex.join(["workbench", "show", fold.name, *where])

    async def action_stop_group(self) -> None:
        """Nothing of the group waits any more, and what runs stops with a checkpoint."""
        fold, out = self._group, 0
        begun = [entry.run for entry in fold.runs if entry.status.alive]
        for entry in fold.runs:
            if entry.status.state == "queued":  # first: else the next would begin once the one that runs has stopped
                try:
                    await asyncio.to_thread(queue.take_out, entry.run)
                    out += 1
                except BadRun:
                    begun.append(entry.run)  # meanwhile
        stopped = [run.name for run in begun if await self.launcher.send(run, Stop())]
        words = [f"{plural(out, 'run')} of {fold.name} out of the queue."] if out else []
        words += [f"{', '.join(stopped)} stops with a checkpoint."] if stopped else []
        if words:
            self.app.notify(" ".join([*words, "r on the group continues it."]))
        self._look()

    @work(group="group")
    async def action_continue_group(self) -> None:
        """What the group lacks is made, and what was broken off waits in the queue again."""
        fold, root = self._group, self.session.root

        def go_on() -> int:
            group = groups.find(root, fold.name)
            if group is None:
                raise BadRun(f"What {fold.name} was to run is not known any more.", "r on one of its runs resumes it.")
            if group.budget or group.halving:
                raise BadRun(f"Its command decides which run of {group.name} comes next.", f"Go on with: {group.go_on}")
            runs = groups.fill(root, group, group.plan.planned(group.name))
            return sum(run.status().state != "done" for run in runs)

        try:
            left = await asyncio.to_thread(go_on)
        except WorkbenchError as error:
            complain(self.app, error)
        else:
            self.app.notify(f"{fold.name} goes on: {plural(left, 'run')} to do.")
        self._look()

    @work(group="group")
    async def action_delete_group(self) -> None:
        """All of its runs, once the person agrees; like one run, they come back with u."""
        fold = self._group
        if running := [entry.run.name for entry in fold.runs if entry.status.alive]:
            complain(self.app, BadRun(f"{running[0]} of {fold.name} is running.", "s stops the group first."))
            return
        best, n_runs = best_of(self.tables.of(fold.name)), plural(len(fold.runs), "run")
        kept = f" Its best setting so far is {best.title}." if best and self.tables.of(fold.name) else ""
        words = f"All {n_runs} of the group are deleted, with their weights.{kept} u brings them back until you quit."
        if not await self.app.push_screen_wait(ConfirmDialog(f"Delete {fold.name}", words, "deletes them")):
            return
        hidden = []
        for entry in fold.runs:
            try:
                hidden.append(await asyncio.to_thread(hide, entry.run))
            except BadRun as error:
                complain(self.app, error)
        if hidden:
            self._bin.append((fold.name, hidden))
            self.app.notify(deleted(fold.name))
        await self._read()
        self._follow_another({entry.run.path for entry in fold.runs})
