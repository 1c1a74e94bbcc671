"""The sentences that a person kept, each with the verdict it got."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from core.runs.classifiers import Opened
from core.runs.predictions import Prediction
from core.wording import on_one_line, percent
from workbench import keys
from workbench.formatting import cut, name_width, named, pad
from workbench.session.exporting import Export, export_of, table
from workbench.themes import colour, name_role
from workbench.widgets.lines import ItemList

LEAST_TEXT = 24  # cells, which the labels leave to the sentence
PERCENT = 9


@dataclass
class Entry:
    """`answer` is None until it arrives; `role` is the colour of its label, `by` who gave it."""

    text: str
    answer: Prediction | None = None
    role: str = "muted"
    by: str = ""


class Kept(ItemList[Entry]):
    """The latest first."""

    BINDINGS = keys.bindings("kept")

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False

    @property
    def texts(self) -> list[str]:
        """Every sentence once, the latest first."""
        return list(dict.fromkeys(entry.text for entry in self.items))

    @property
    def unanswered(self) -> list[str]:
        return [entry.text for entry in self.items if entry.answer is None]

    def keep(self, text: str) -> None:
        """Put a sentence on top; its verdict is due."""
        self.items = [Entry(text), *self.items]
        self.can_focus = True
        self.cursor = 0
        self.changed()

    def answered(self, answers: Mapping[str, Prediction], classifier: Opened) -> None:
        """Give the sentences that wait for one their verdict."""
        for entry in self.items:
            if entry.answer is None and entry.text in answers:
                entry.answer = answers[entry.text]
                entry.by = f"{on_one_line(classifier.asked.folder.name)}, step {classifier.step:,}"
                entry.role = name_role(classifier.labels.index(entry.answer.label), len(classifier.labels))
        latest: dict[tuple[str, str], Entry] = {}  # a sentence kept again under the same classifier stays once
        for entry in self.items:
            latest.setdefault((entry.text, entry.by), entry)
        self.items = list(latest.values())
        self.changed()

    async def copied(self) -> str:
        return self.selected.text if self.selected else ""

    def exported(self) -> Export | None:
        return export_of("Export the kept sentences", "sentences.csv", self._as_csv) if self.items else None

    def _as_csv(self) -> str:
        answered = ((one.answer.label, one.answer.probability) if one.answer else ("", "") for one in self.items)
        rows = [(one.text, *answer, one.by) for one, answer in zip(self.items, answered, strict=True)]
        return table(("text", "label", "probability", "by"), rows)

    def line(self, index: int, width: int) -> Text:
        entry, muted = self.items[index], colour(self, "muted")
        by = max(cell_len(e.by) for e in self.items)
        labels = [e.answer.label for e in self.items if e.answer]
        label = name_width(labels, width - 2 - LEAST_TEXT - 2 - PERCENT - 2 - by - 2, 1)
        room = width - 2 - 2 - label - PERCENT - 2 - by - 2
        text = Text("  " + pad(on_one_line(entry.text[: 2 * width]), room) + "  ", colour(self, "text"), no_wrap=True)
        if entry.answer is None:
            return text.append("…", muted)
        text.append(named(entry.answer.label, label), colour(self, entry.role))
        text.append(pad(percent(entry.answer.probability), PERCENT, right=True), colour(self, "text"))
        return text.append("  " + cut(entry.by, by), muted)
