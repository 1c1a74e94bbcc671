"""Which label a row is to have."""

from collections.abc import Mapping

from rich.text import Text
from textual import on
from textual.screen import Screen

from workbench.formatting import named, pad
from workbench.screens.data.to_mend import ToMend
from workbench.screens.search_dialog import SearchDialog
from workbench.themes import colour, name_role
from workbench.widgets.filter import Filter
from workbench.widgets.lines import ItemList
from workbench.widgets.panel import Panel

COUNT = 9  # cells


class Labels(ItemList[str]):
    """One label a line, with how many rows have it, and which one the row has or a model says."""

    DEFAULT_CSS = "Labels { height: auto; max-height: 50vh; }"

    def __init__(self, one: ToMend, labels: Mapping[str, int]):
        super().__init__()
        self._one, self.labels, self._order = one, labels, [*labels]

    def nothing(self) -> str:
        return "No such label."

    def line(self, index: int, width: int) -> Text:
        label, muted = self.items[index], colour(self, "muted")
        beside = {self._one.rather: "the model says so", self._one.label: "as it is"}.get(label, "")
        line = Text(no_wrap=True)
        line.append("▌" if index == self.cursor else " ", colour(self, "focus"))
        room = max(8, width - COUNT - len(beside) - 5)
        hue = colour(self, name_role(self._order.index(label), len(self._order)))
        line.append(f" {named(label, room)} ", hue)
        return line.append(f"{beside} {pad(f'{self.labels[label]:,}', COUNT, right=True)}", muted)


class LabelDialog(SearchDialog[str | None]):
    """Leaves with the label that was chosen. The cursor stands first on what a model says."""

    TITLE, WAY_ON, ASKS = "Label", "enter takes it · esc leaves", "type a label"

    def __init__(self, over: Screen, one: ToMend, labels: Mapping[str, int]):
        super().__init__(over, Labels(one, labels))
        self._one, self._labels = one, labels

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Panel).title = f"Label of row {self._one.row:,}"
        if self._one.rather in self._labels:
            self._lines.cursor = [*self._labels].index(self._one.rather)

    def find(self, words: list[str]) -> None:
        self._lines.show_items([name for name in self._labels if all(word in name.lower() for word in words)])

    @on(Filter.Submitted)
    @on(Labels.Chosen)
    def _choose(self) -> None:
        if (label := self._lines.selected) is not None:
            self.dismiss(label)
