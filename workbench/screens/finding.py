"""The field below a list in which one types what is looked for; it stays on show while something is."""

from abc import abstractmethod

from textual import on
from textual.widgets import Input

from workbench import keys
from workbench.places import place_of
from workbench.screens.base import BaseScreen
from workbench.widgets.lines import Lines


class Finding(BaseScreen):
    """A screen with one such list, and one such field."""

    @property
    @abstractmethod
    def found(self) -> Lines:
        """The list."""

    def why_not(self, key: str) -> str:
        """Where the list is empty, why: its keys have nothing to act on."""
        own = any(key in action.keys.split(",") for action in keys.at(place_of(self)))
        return self.found.nothing() if own and not self.found.count else super().why_not(key)

    def action_search(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.focus()

    @on(Input.Submitted)
    def leave_field(self) -> None:
        field = self.query_one(Input)
        self.found.focus()
        field.display = bool(field.value)
