"""Precision, recall and F1 of every label, and what is taken for what."""

from rich.cells import cell_len
from rich.text import Text

from core.runs.result import ClassifierResult, LabelResult
from core.wording import on_one_line
from workbench.formatting import cut, pad
from workbench.themes import class_role, colour
from workbench.widgets.lines import ItemList

FIGURES = {"precision": 11, "recall": 9, "f1": 9}  # cells
ROWS = 7
LEAST_NAME, MOST_NAME, LEAST_TAKEN = 6, 24, 12
MOST_IN_MATRIX = 8  # labels


class PerClass(ItemList[str]):
    """One line a label; the confusion matrix beside it where there is room, else the commonest confusion."""

    def __init__(self) -> None:
        super().__init__()
        self._confusion: list[list[int]] = []
        self._per_class: dict[str, LabelResult] = {}

    def show(self, result: ClassifierResult) -> None:
        self._confusion, self._per_class = result.test.confusion, result.test.per_class
        self.show_items(result.labels)

    def _widths(self, width: int) -> tuple[int, list[int], int]:
        """Cells of the label's column, of each column of the matrix if it fits, else of what is taken for what."""
        fixed = 1 + sum(FIGURES.values()) + ROWS
        longest = max((cell_len(on_one_line(label)) for label in self.items), default=0)
        name = max(LEAST_NAME, min(longest, MOST_NAME, width - fixed))
        columns = [
            max(min(8, cell_len(on_one_line(label))), *(len(f"{number:,}") for number in column)) + 3
            for label, column in zip(self.items, zip(*self._confusion, strict=True), strict=True)
        ]
        room = width - fixed - name
        if len(columns) <= MOST_IN_MATRIX and sum(columns) <= room:
            return name, columns, 0
        return name, [], room if room >= LEAST_TAKEN else 0

    def headings(self, width: int) -> Text:
        if not self.items:
            return Text()
        name, matrix, taken = self._widths(width)
        words = " " * (1 + name) + "".join(
            pad(title, cells, right=True)
            for title, cells in zip(("precision", "recall", "F1"), FIGURES.values(), strict=True)
        )
        words += pad("rows", ROWS, right=True)
        for label, cells in zip(self.items, matrix, strict=False):
            words += pad(f"→{cut(on_one_line(label), 8)}", cells, right=True)
        words += "  taken for" if taken else ""
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        name, matrix, taken = self._widths(width)
        label, muted = self.items[index], colour(self, "muted")
        figures, row = self._per_class[label], self._confusion[index]
        text = Text.assemble(
            (" " + pad(on_one_line(label), name), colour(self, class_role(index, len(self.items)))),
            "".join(f"{share:>{cells}}" for share, cells in zip(figures.shares, FIGURES.values(), strict=True)),
            (f"{figures.rows:>{ROWS},}", muted),
            no_wrap=True,
        )
        for said, cells in enumerate(matrix):
            role = "text" if said == index else "error" if row[said] else "muted"
            text.append(f"{row[said]:>{cells},}", colour(self, role))
        return text.append(cut(f"  {self._taken_for(index)}", taken), muted) if taken else text

    def _taken_for(self, index: int) -> str:
        row = self._confusion[index]
        said = max((i for i in range(len(row)) if i != index), key=lambda i: row[i])
        return f"{on_one_line(self.items[said])}, {row[said]:,}×" if row[said] else ""
