"""The test texts that a run gets wrong."""

import csv
from pathlib import Path
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from core.errors import BadRun
from core.wording import on_one_line, percent
from workbench.formatting import cut, pad
from workbench.themes import class_role, colour
from workbench.widgets.lines import Lines


class Mistake(NamedTuple):
    """`probability` is what the run gave its wrong answer; `leak`: the text also stands in training."""

    row: int
    text: str
    label: str
    predicted: str
    probability: float
    leak: bool


def read_mistakes(path: Path) -> tuple[list[Mistake], list[str]]:
    """The wrong rows of a file of test predictions, most confident first; the labels in their order.

    Raises BadRun where there is no such file or it is not what it should be.
    """
    csv.field_size_limit(1 << 30)  # a row may hold a text of many megabytes
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            rows = csv.DictReader(file)
            found = [
                Mistake(
                    int(row["row"]),
                    row["text"],
                    row["label"],
                    row["predicted"],
                    float(row["probability"]),
                    row["leak"] == "1",
                )
                for row in rows
                if row["label"] != row["predicted"]
            ]
    except FileNotFoundError as error:
        raise BadRun("There are no test predictions yet.", "They are written when a run is done.") from error
    except OSError as error:
        raise BadRun(f"The test predictions cannot be read: {error.strerror}.") from error
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise BadRun(f"{path.name} is not a file of test predictions.") from error
    labels = [name.removeprefix("p_") for name in rows.fieldnames or [] if name.startswith("p_")]
    return sorted(found, key=lambda mistake: -mistake.probability), labels


class Errors(Lines):
    """One mistake a line: how sure, what it said, what is right, the text."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self._mistakes: list[Mistake] = []
        self._labels: list[str] = []
        self._name_width = 5

    def show(self, mistakes: list[Mistake], labels: list[str]) -> None:
        self._mistakes, self._labels = mistakes, labels
        self._name_width = min(16, max([5, *(cell_len(on_one_line(label)) for label in labels)]))
        self.changed()

    @property
    def count(self) -> int:
        return len(self._mistakes)

    @property
    def selected(self) -> Mistake | None:
        return self._mistakes[self.cursor] if self._mistakes else None

    def headings(self, width: int) -> Text:
        name = self._name_width
        words = f" {'sure':>8}  {pad('said', name)}  {pad('label', name)}  text"
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        mistake = self._mistakes[index]
        text = Text(no_wrap=True).append(f" {percent(mistake.probability):>8}  ")
        for label in (mistake.predicted, mistake.label):
            text.append(f"{pad(on_one_line(label), self._name_width)}  ", self.label_colour(label))
        text.append(cut(on_one_line(mistake.text[: width * 2]), width - text.cell_len - 1))
        return text

    def label_colour(self, label: str) -> str:
        known = label in self._labels
        return colour(self, class_role(self._labels.index(label), len(self._labels)) if known else "text")
