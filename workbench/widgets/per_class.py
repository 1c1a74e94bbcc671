"""Precision, recall and F1 of every label, and what is taken for what."""

from rich.cells import cell_len
from rich.text import Text

from core.runs.result import ClassifierResult, LabelResult
from core.wording import on_one_line
from workbench import keys
from workbench.formatting import cut, name_width, named, pad
from workbench.themes import colour, name_role
from workbench.widgets.errors import Confusion
from workbench.widgets.lines import ItemList

FIGURES = {"precision": 11, "recall": 9, "f1": 9}  # cells
ROWS = 7
LEAST_NAME, LEAST_TAKEN = 6, 24
MOST_IN_MATRIX = 8  # labels; more of them stand with the worst first


class PerClass(ItemList[str]):
    """One line a label; the confusion matrix beside it where there is room, else the commonest confusion.

    In the matrix ← and → choose a cell of the line under the cursor.
    """

    BINDINGS = keys.bindings("per_class")

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[str] = []  # in the classifier's order
        self._confusion: list[list[int]] = []
        self._per_class: dict[str, LabelResult] = {}
        self._worst_first = False
        self._said: int | None = None  # the column of the chosen cell

    def show(self, result: ClassifierResult) -> None:
        confusion, per_class = result.test.confusion, result.test.per_class
        if (result.labels, confusion, per_class) == (self._labels, self._confusion, self._per_class):
            return
        self._labels, self._confusion, self._per_class = result.labels, confusion, per_class
        self._worst_first, self._said = len(self._labels) > MOST_IN_MATRIX, None
        self._sort()

    def _sort(self) -> None:
        labels = self._labels
        self.show_items(sorted(labels, key=lambda label: self._per_class[label].f1) if self._worst_first else labels)
        self.cursor = 0

    @property
    def order(self) -> str:
        """In words."""
        return "worst F1 first" if self._worst_first else ""

    @property
    def chosen(self) -> Confusion | None:
        """The errors under the cursor: of a label, or of the chosen cell."""
        label, said = self.selected, self._said
        if label is None:
            return None
        return Confusion(label, None if said is None or self._labels[said] == label else self._labels[said])

    def action_sort(self) -> None:
        self._worst_first = not self._worst_first
        self._sort()

    def action_next_cell(self) -> None:
        self._choose(0 if self._said is None else self._said + 1)

    def action_previous_cell(self) -> None:
        self._choose(None if not self._said else self._said - 1)

    def _choose(self, said: int | None) -> None:
        self._said = None if said is None else min(said, len(self._labels) - 1)
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("next_cell", "previous_cell"):
            return bool(self.items and self._widths(self.scrollable_content_region.width)[1])
        return super().check_action(action, parameters)

    def on_resize(self) -> None:
        super().on_resize()
        if self.items and not self._widths(self.scrollable_content_region.width)[1]:
            self._said = None  # there is no matrix any more

    def _widths(self, width: int) -> tuple[int, list[int], int]:
        """Cells of the label's column, of each column of the matrix if it fits, else of what is taken for what."""
        fixed = 1 + sum(FIGURES.values()) + ROWS
        longest = name_width(self._labels, width, LEAST_NAME)
        columns = [
            max(min(8, cell_len(on_one_line(label))), *(len(f"{number:,}") for number in column)) + 3
            for label, column in zip(self._labels, zip(*self._confusion, strict=True), strict=True)
        ]
        for name in (longest, min(longest, 24)):  # cut names before there is no matrix
            if len(columns) <= MOST_IN_MATRIX and sum(columns) <= width - fixed - name:
                return name, columns, 0
        name = max(LEAST_NAME, min(longest, max(24, (width - fixed) // 2), width - fixed))
        room = width - fixed - name
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
        for label, cells in zip(self._labels, matrix, strict=False):
            words += pad(f"→{named(label, 8, fill=False)}", cells, right=True)
        words += "  taken for" if taken else ""
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        name, matrix, taken = self._widths(width)
        label, muted = self.items[index], colour(self, "muted")
        number = self._labels.index(label)
        figures, row = self._per_class[label], self._confusion[number]
        text = Text.assemble(
            (" " + named(label, name), colour(self, name_role(number, len(self._labels)))),
            "".join(f"{share:>{cells}}" for share, cells in zip(figures.shares, FIGURES.values(), strict=True)),
            (f"{figures.rows:>{ROWS},}", muted),
            no_wrap=True,
        )
        for said, cells in enumerate(matrix):
            role = "text" if said == number else "error" if row[said] else "muted"
            figure = f" {row[said]:,}"
            chosen = said == self._said and index == self.cursor and self.has_focus
            text.append(" " * (cells - len(figure)))
            text.append(figure, f"reverse {colour(self, role)}" if chosen else colour(self, role))
        return text.append(f"  {self._taken_for(number, taken - 2)}", muted) if taken else text

    def _taken_for(self, number: int, room: int) -> str:
        row = self._confusion[number]
        said = max((i for i in range(len(row)) if i != number), key=lambda i: row[i])
        times = f", {row[said]:,}×"
        return f"{named(self._labels[said], room - len(times), fill=False)}{times}" if row[said] else ""
