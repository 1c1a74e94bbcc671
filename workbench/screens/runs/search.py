"""Finding, filtering and sorting the runs that are listed."""

from abc import abstractmethod

from textual import on
from textual.widgets import Input
from textual.worker import Worker

from workbench.screens.base import BaseScreen
from workbench.screens.runs.run_table import RunTable
from workbench.screens.runs.view import View


class RunSearch(BaseScreen):
    """A screen that lists runs, those of its `view`, with a field to find them by."""

    def __init__(self) -> None:
        super().__init__()
        self.view = View()

    def find_field(self) -> Input:
        """The field, which is there while it is used."""
        return Input(placeholder="find by name, note, model, data, option", id="find-run")

    @abstractmethod
    def show_runs(self) -> None:
        """List the runs of the view."""

    @abstractmethod
    def read_curves(self) -> Worker:
        """Read what is shown of the run under the cursor."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("find_run", "look"):
            return self.has_class("-some")
        return super().check_action(action, parameters)

    def look_through(self, view: View) -> None:
        """List other runs, or the same ones in another order."""
        self.view = view
        field = self.query_one("#find-run", Input)
        field.value = view.search
        field.display = bool(view.search) or field.has_focus
        self.show_runs()
        self.read_curves()

    def action_look(self, what: str) -> None:
        self.look_through(self.view.turned(what))

    def action_find_run(self) -> None:
        field = self.query_one("#find-run", Input)
        field.display = True
        field.focus()

    @on(Input.Changed, "#find-run")
    def _find(self, event: Input.Changed) -> None:
        if event.value != self.view.search:
            self.look_through(self.view._replace(search=event.value))

    @on(Input.Submitted, "#find-run")
    def _leave_field(self) -> None:
        self.query_one(RunTable).focus()
        self.look_through(self.view)

    def action_back(self) -> None:
        if isinstance(self.focused, Input):
            self._leave_field()
        elif self.view != View():
            self.look_through(View())
        else:
            super().action_back()
