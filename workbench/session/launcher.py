"""Starting runs, resuming and queueing them, and controlling the one that is followed."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.app import App

from core.errors import BadRecipe, BadRun, SmallerBatch, WorkbenchError
from core.recipe import Recipe
from core.runs import launch, queue, turns
from core.runs.control import Control, Stop
from core.runs.folder import RunFolder
from core.runs.root import create_run
from workbench.session.complain import complain
from workbench.session.draft import Draft
from workbench.session.followed import Followed


class Launcher:
    """Starts what the draft says, and has the run followed."""

    def __init__(self, app: App, root: Path, draft: Draft, followed: Followed):
        self._app, self._root, self._draft, self._followed = app, root, draft, followed
        self._started: tuple[RunFolder | None, Recipe] | None = None  # the latest run that was started from here

    async def start(self) -> bool:
        """Start a run of the recipe and follow it; False where it waits for another or could not be started, and the
        person has been told so.
        """
        if problem := self.problem:
            complain(self._app, problem)
            return False
        recipe = self._draft.recipe
        launched = await self._launch(lambda: create_run(self._root, recipe))
        if launched:
            self._started = self._followed.run, recipe
        return launched

    @property
    def problem(self) -> WorkbenchError | None:
        """Why nothing can be learned from the draft as it stands; None where it can."""
        draft, profile = self._draft, self._draft.profile
        if draft.refused:
            return WorkbenchError(str(BadRecipe(draft.refused)), "Fix it in the recipe on 2, or press esc there.")
        return draft.problem or (WorkbenchError(profile.problem) if profile and profile.problem else None)

    @property
    def fits(self) -> SmallerBatch | None:
        """Smaller batches that fit into memory; None unless the followed run is of this recipe and needs them."""
        ended = self._followed.history.ended
        return ended.fits if ended and self._started == (self._followed.run, self._draft.recipe) else None

    async def resume(self, run: RunFolder) -> bool:
        """Take a run up again, or start one that waits, as `start` does with a new one."""
        return await self._launch(lambda: run)

    async def _launch(self, folder: Callable[[], RunFolder]) -> bool:
        def launched() -> tuple[RunFolder, queue.Turn | None]:
            run = folder()
            if queue.alive(self._root) or queue.served(self._root):
                return run, queue.add(run)
            self._followed.process = launch.launch(run)
            queue.start(self._root)  # for what waits besides
            return run, None

        try:
            run, turn = await asyncio.to_thread(launched)
        except WorkbenchError as error:
            complain(self._app, error)
            return False
        if turn and turn.after:
            self._app.notify(turns.in_words(run.name, turn)[0], markup=False)
            return False
        self._followed.follow(run)
        return True

    async def take_out(self, run: RunFolder) -> None:
        """Take a run out of the queue."""
        try:
            await asyncio.to_thread(queue.take_out, run)
        except BadRun as error:
            complain(self._app, error)
        else:
            self._app.notify(f"{run.name} is out of the queue. r starts it.", markup=False)

    async def send(self, run: RunFolder, control: Control) -> bool:
        """Send a control to a run; False where that fails, and the person has been told so.

        Where the followed run refuses it, the person is told why.
        """
        try:
            if not await asyncio.to_thread(run.locked):
                raise BadRun(f"{run.name} has ended: nothing hears it.", "5 lists what there is.")
            self._followed.sent.add(await asyncio.to_thread(run.send, control))
        except BadRun as error:
            complain(self._app, error)
            return False
        if run is self._followed.run and "learn" not in self._followed.history.phases and not isinstance(control, Stop):
            self._app.notify(f"{run.name} hears of it when it begins to learn.", markup=False)
        return True
