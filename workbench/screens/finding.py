"""The field below a list in which one types what is looked for; it stays on show while something is."""

from abc import abstractmethod

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from workbench.screens.base import BaseScreen


class Finding(BaseScreen):
    """A screen with one such list, and one such field."""

    @property
    @abstractmethod
    def found(self) -> Widget:
        """The list."""

    def action_search(self) -> None:
        field = self.query_one(Input)
        field.display = True
        field.focus()

    @on(Input.Submitted)
    def leave_field(self) -> None:
        field = self.query_one(Input)
        self.found.focus()
        field.display = bool(field.value)
