"""The run that trains now, whichever one the screens show, and how many wait for it."""

import asyncio
import time
from pathlib import Path

from textual.app import App
from textual.signal import Signal

from core.runs import queue, turns
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.records import Status
from workbench.session.followed import Followed

LOOK = 0.5  # seconds between two looks
REST, MOST_REST = 9, 15.0  # times as long as a look at thousands of runs took, and seconds at most, until the next one


class Live:
    """Widgets subscribe to `live_changed` in `on_mount` and are called with this."""

    def __init__(self, app: App, root: Path, followed: Followed):
        self._app, self._root, self._followed = app, root, followed
        self._run: RunFolder | None = None
        self._status: Status | None = None
        self._history, self._offset = History(), 0
        self.waiting = 0  # runs that wait for it
        self.live_changed: Signal[Live] = Signal(app, "live run changed")

    @property
    def run(self) -> RunFolder | None:
        """The run that trains, or is about to; None where nothing does."""
        followed = self._followed
        return followed.run if followed.status and followed.status.alive else self._run

    @property
    def elsewhere(self) -> RunFolder | None:
        """The same, unless the screens show it."""
        run, followed = self.run, self._followed.run
        return run if run and not (followed and followed.path == run.path) else None

    @property
    def status(self) -> Status | None:
        return self._status if self.elsewhere else self._followed.status

    @property
    def history(self) -> History:
        return self._history if self.elsewhere else self._followed.history

    def watch(self) -> None:
        """Keep up with it from now on."""
        self._app.run_worker(self._watch(), group="live", exclusive=True)

    async def _watch(self) -> None:
        seen: tuple = ()
        while True:
            began = time.monotonic()
            run, self.waiting = await asyncio.to_thread(_who_trains, self._root)
            rest = rest_after(time.monotonic() - began)
            if run is None or self._run is None or run.path != self._run.path:
                self._run, self._status, self._history, self._offset = run, None, History(), 0
            if self.elsewhere and self._run:
                status, events, offset = await asyncio.to_thread(turns.news, self._run, self._offset)
                for event in events:
                    self._history.apply(event)
                self._status, self._offset = status, offset
            now = (self._run and self._run.path, self.waiting, self._status, self._history.version)
            if now != seen:
                seen = now
                self.live_changed.publish(self)
            await asyncio.sleep(max(LOOK, rest))


def rest_after(seconds: float) -> float:
    """Seconds until the next look at the runs, where one took so many: it is never much of the time."""
    return min(MOST_REST, REST * seconds)


def _who_trains(root: Path) -> tuple[RunFolder | None, int]:
    """The run that trains or is about to, and how many others are going to be started after it."""
    if not root.is_dir():  # there is none before the first run
        return None, 0
    run = turns.following(root)
    waits = queue.waiting(root) if run and queue.served(root) else []
    return run, sum(other.path != run.path for other in waits) if run else 0
