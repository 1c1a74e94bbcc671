"""What help and palette have in common: a list that is narrowed down while one types."""

from abc import abstractmethod
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen, ScreenResultType

from workbench.screens.dialog import Dialog
from workbench.widgets.filter import Filter
from workbench.widgets.lines import ItemList
from workbench.widgets.panel import Panel


class SearchDialog(Dialog[ScreenResultType]):
    """Subclasses fill their `lines` in `find`; `over` is the screen it stands over."""

    TITLE: ClassVar[str]
    WAY_ON: ClassVar[str]  # what the keys do, in the rule
    ASKS: ClassVar[str]  # stands in the empty field
    FIELD: ClassVar[type[Filter]] = Filter

    def __init__(self, over: Screen, lines: ItemList):
        super().__init__()
        self._over, self._lines = over, lines

    def compose(self) -> ComposeResult:
        with Panel(title=self.TITLE, subtitle=self.WAY_ON, classes="dialog"):
            yield self.FIELD(placeholder=self.ASKS)
            yield self._lines

    def on_mount(self) -> None:
        self._lines.can_focus = False  # the field keeps the focus
        self.find([])

    @abstractmethod
    def find(self, words: list[str]) -> None:
        """Show what these words, in small letters, are found in."""

    @on(Filter.Changed)
    def _typed(self, event: Filter.Changed) -> None:
        self.find(event.value.lower().split())
        self._lines.cursor = 0

    def action_move(self, by: int) -> None:
        self._lines.move(by)
