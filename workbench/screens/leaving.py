"""What a screen does before its widgets go."""

from collections.abc import Coroutine
from typing import Any

from textual import on
from textual.messages import Prune
from textual.screen import Screen, ScreenResultType
from textual.worker import Worker, WorkType


class EndsItsWorkers(Screen[ScreenResultType]):
    """A screen whose workers end before its widgets go.

    Textual ends them after, and a worker that gets its answer in between would look for widgets that are gone.
    """

    _leaves = False

    def run_worker(self, work: WorkType, *given: Any, **named: Any) -> Worker:
        """As Textual's; what arrives on the way out begins nothing."""
        worker = super().run_worker(work, *given, **named)
        if self._leaves:
            worker.cancel()
            if isinstance(work, Coroutine):  # Python would say that nobody awaited it
                work.close()
        return worker

    @on(Prune)
    def _end_workers(self) -> None:
        self._leaves = True
        for worker in list(self.app.workers):
            if self in worker.node.ancestors_with_self:
                worker.cancel()
