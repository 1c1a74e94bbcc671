"""The test texts that a run gets wrong, one a line."""

from rich.cells import cell_len
from rich.text import Text

from core.runs.folder import RunFolder
from core.runs.predictions import AnsweredText, read_predictions
from core.wording import on_one_line, percent
from workbench.formatting import cut, pad
from workbench.themes import class_role, colour
from workbench.widgets.lines import ItemList


def read_mistakes(run: RunFolder) -> tuple[list[AnsweredText], list[str]]:
    """The test texts that a run gets wrong, most confident first; the labels in their order. Raises BadRun."""
    labels, tested = read_predictions(run)
    return sorted((one for one in tested if not one.right), key=lambda one: -one.probability), labels


class Errors(ItemList[AnsweredText]):
    """One mistake a line: how sure, what it said, what is right, the text."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[str] = []
        self._name_width = 5

    def show(self, mistakes: list[AnsweredText], labels: list[str]) -> None:
        self._labels = labels
        self._name_width = min(16, max([5, *(cell_len(on_one_line(label)) for label in labels)]))
        self.show_items(mistakes)

    def headings(self, width: int) -> Text:
        name = self._name_width
        words = f" {'sure':>8}  {pad('said', name)}  {pad('label', name)}  text"
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        mistake = self.items[index]
        text = Text(no_wrap=True).append(f" {percent(mistake.probability):>8}  ")
        for label in (mistake.predicted, mistake.label):
            text.append(f"{pad(on_one_line(label), self._name_width)}  ", self.label_colour(label))
        text.append(cut(on_one_line(mistake.text[: width * 2]), width - text.cell_len - 1))
        return text

    def label_colour(self, label: str) -> str:
        if label not in self._labels:
            return colour(self, "text")
        return colour(self, class_role(self._labels.index(label), len(self._labels)))
