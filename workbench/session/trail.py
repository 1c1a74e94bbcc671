"""The way back: on which screen the person was when something there led to another one, and what it brought along."""

from typing import NamedTuple, TypeVar

from textual.app import App
from textual.screen import Screen

from core.runs.classifiers import Asked


class Question(NamedTuple):
    """A text that Play is to ask a classifier about."""

    text: str
    asked: Asked


class DataRow(NamedTuple):
    """A row, by its number in the file, that Data is to show."""

    row: int


class GroupOfRuns(NamedTuple):
    """A group of runs, by its name, that Runs is to show."""

    name: str


Brought = TypeVar("Brought", Question, DataRow, GroupOfRuns)


class Trail:
    """One step back for each mode, to a place that stands as it was left: a mode keeps its screens."""

    def __init__(self, app: App):
        self._app = app
        self._before: dict[str, tuple[str, Screen]] = {}  # mode -> mode and screen that led there
        self._brought: Question | DataRow | GroupOfRuns | None = None

    def go(self, mode: str, brought: Question | DataRow | GroupOfRuns | None = None) -> None:
        """Show a mode's screen, which may `take` what is brought."""
        self._before[mode] = self._app.current_mode, self._app.screen
        self._brought = brought
        self._app.switch_mode(mode)

    def take(self, kind: type[Brought]) -> Brought | None:
        """What was brought, once, if it is of this kind."""
        found = self._brought
        if not isinstance(found, kind):
            return None
        self._brought = None
        return found

    def back(self) -> bool:
        """Go back to where the present mode was entered from; False where it was not, or where that is gone."""
        mode, screen = self._before.pop(self._app.current_mode, ("", None))
        if screen is None or not screen.is_attached:
            return False
        self._app.switch_mode(mode)
        return True
