"""The run that the screens show: its status, what has happened in it, and what is new."""

import asyncio
import subprocess
from pathlib import Path

from textual.app import App
from textual.signal import Signal

from core.errors import BadRun, WorkbenchError
from core.recipe import Recipe
from core.runs import turns
from core.runs.describe import describe
from core.runs.events import Applied, Started
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.records import Status
from workbench.keys import key_of
from workbench.session.complain import complain

POLL_LIVE = 0.25  # seconds between two looks at a live run
POLL_ENDED = 1.0  # seconds between two looks at a run that has ended, which another terminal may resume


class Followed:
    """Widgets subscribe to `run_changed` in `on_mount` and are called with this."""

    def __init__(self, app: App, root: Path):
        self._app, self._root = app, root
        self.run: RunFolder | None = None
        self.run_recipe: Recipe | None = None  # the run's own, where it fine-tunes and can be read
        self.status: Status | None = None  # None until the run has been read
        self.history = History()
        self.run_changed: Signal[Followed] = Signal(app, "run changed")
        self.sent: set[str] = set()  # ids of the controls that were sent from here
        self.process: subprocess.Popen | None = None  # the latest worker that was started from here

    def follow(self, run: RunFolder | None) -> None:
        """Show this run from now on, and keep up with it."""
        self.run, self.run_recipe, self.status, self.history = run, None, None, History()
        self.run_changed.publish(self)
        if run:
            self._app.run_worker(self._follow(run), group="follow", exclusive=True)
        else:
            self._app.workers.cancel_group(self._app, "follow")

    async def _follow(self, run: RunFolder) -> None:
        status, history, offset = await asyncio.to_thread(turns.opened, run)
        await self._read_recipe(run)
        self.history, self.status = history, status
        self.run_changed.publish(self)
        while True:
            await asyncio.sleep(POLL_LIVE if self.status.alive else POLL_ENDED)
            status, events, offset = await asyncio.to_thread(turns.news, run, offset)
            if any(isinstance(event, Started) for event in events):  # its worker has resolved it
                await self._read_recipe(run)
            for event in events:
                self.history.apply(event)
                if isinstance(event, Applied) and event.refused and event.id in self.sent:
                    complain(self._app, WorkbenchError(f"{run.name}: {describe(event)}."))
            before, self.status = self.status, status
            if events or _seen(status) != _seen(before):
                self.run_changed.publish(self)
            if before.alive and not status.alive:
                self._app.bell()
                if following := await asyncio.to_thread(turns.following, self._root):
                    title = f"{following.name} is next"
                    self._app.notify(f"{key_of('watch_live')} goes to it.", title=title, markup=False)
                if self.process:
                    self.process.poll()  # so that no zombie stays

    async def _read_recipe(self, run: RunFolder) -> None:
        if run.pretrains:
            return
        try:
            self.run_recipe, _ = await asyncio.to_thread(run.recipe_as_known)
        except BadRun as error:
            complain(self._app, error)


def _seen(status: Status) -> tuple:
    return status.state, status.step, status.n_steps, status.why, int(status.quiet)
