"""What a run is told while it learns, as its loop asks for it."""

from collections.abc import Callable, Iterable

from core.runs.control import Change, Line, Settings


class ControlSource:
    """Where a loop hears what it is told. These come from a function that says when to stop, and nowhere else.

    `changes` are those that the run was told before, with their steps, in the order in which they were told.
    """

    def __init__(self, stopping: Callable[[], bool] = lambda: False, changes: Iterable[tuple[int, Change]] = ()):
        self._stopping, self.changes = stopping, list(changes)

    def stopping(self) -> bool:
        """Whether to stop. Cheap enough to ask between any two batches."""
        return self._stopping()

    def next(self) -> Line | None:
        """The first of what has come until `stopping` was asked last, to be answered; None where there is nothing."""
        return None

    def answer(self, line: Line, step: int, refused: str | None = None) -> None:
        """Say that a line is obeyed after `step` steps, or why it is not. It acts only when this has returned."""
        if refused is None and isinstance(line.control, Change):
            self.changes.append((step, line.control))

    def wait(self) -> None:
        """Return when there may be something new."""

    def close(self, why: str) -> None:
        """From now on refuse all but to stop."""

    def settings(self, recipe: Settings, step: int) -> Settings:
        """What to learn with after `step` steps."""
        return recipe.at(step, self.changes)
