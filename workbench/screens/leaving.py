"""What a screen does before its widgets go."""

from textual import on
from textual.messages import Prune
from textual.screen import Screen, ScreenResultType


class EndsItsWorkers(Screen[ScreenResultType]):
    """A screen whose workers end before its widgets go.

    Textual ends them after, and a worker that gets its answer in between would look for widgets that are gone.
    """

    @on(Prune)
    def _end_workers(self) -> None:
        for worker in list(self.app.workers):
            if self in worker.node.ancestors_with_self:
                worker.cancel()
