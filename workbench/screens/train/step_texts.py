"""The texts that a step learned from, and what the model had made of each before it did."""

import asyncio
from typing import Any

from rich.text import Text
from textual.message import Message

from core.errors import BadRun
from core.runs.events import StepExamples
from core.runs.folder import RunFolder
from core.runs.step_texts import MARK_WIDTH, WRONG, StepText, step_texts
from core.wording import on_one_line, percent, plural
from workbench import keys
from workbench.formatting import cut, name_width, named, pad
from workbench.session.complain import complain
from workbench.session.exporting import Export, export_of, table
from workbench.session.followed import Followed
from workbench.themes import colour, name_role
from workbench.widgets.lines import Headings, ItemList
from workbench.widgets.panel import Panel

LEAST_TEXT = 24  # cells, which the names of labels leave to the text
LOSS, SHARE = 7, 8


class StepTexts(ItemList[StepText]):
    """One line a text: its loss, what the model said and how sure it was, what is right, the text."""

    BINDINGS = keys.bindings("step_texts")

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[str] = []

    def show(self, texts: list[StepText], labels: list[str]) -> None:
        self._labels, self.cursor = labels, 0
        self.show_items(texts)

    def _label_width(self, width: int) -> int:
        return name_width(self._labels, (width - LOSS - MARK_WIDTH - SHARE - 12 - LEAST_TEXT) // 2)

    def headings(self, width: int) -> Text:
        name = self._label_width(width)
        words = f" {'loss':>{LOSS}}  {'':{MARK_WIDTH}}  {pad('said', name)} {'':{SHARE}}  {pad('label', name)}  text"
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        one, name = self.items[index], self._label_width(width)
        text = Text(f" {one.loss_in_words:>{LOSS}}  ", no_wrap=True)
        text.append(f"{one.mark:{MARK_WIDTH}}  ", colour(self, "muted" if one.loss is None else "error"))
        text.append(f"{named(one.answer, name)} ", self._hue(one.answer))
        text.append(f"{percent(one.probability):>{SHARE}}  ")
        text.append(f"{named(one.label, name)}  ", self._hue(one.label))
        return text.append(cut(on_one_line(one.text[: width * 2]), width - text.cell_len - 1))

    def _hue(self, label: str) -> str:
        return colour(self, name_role(self._labels.index(label), len(self._labels)))

    async def copied(self) -> str:
        return self.selected.text if self.selected else ""

    def exported(self) -> Export:
        return export_of("Export the texts of this step", "step-texts.csv", self._as_csv)

    def _as_csv(self) -> str:
        rows = ((one.loss, one.answer, one.probability, one.label, one.text) for one in self.items)
        return table(("loss", "predicted", "probability", "label", "text"), rows)


class StepPanel(Panel):
    """The texts of the latest step that was asked for, until the run has taken another."""

    class Changed(Message):
        """There is something to show now, or nothing any more."""

        def __init__(self, panel: "StepPanel", shown: bool):
            super().__init__()
            self.panel, self.shown = panel, shown

    def __init__(self, **kwargs: Any) -> None:
        self._texts = StepTexts()
        super().__init__(Headings(self._texts), self._texts, title="", letter="t", **kwargs)
        self._learned: StepExamples | None = None
        self._shown = False

    def show(self, followed: Followed) -> None:
        learned, alive = followed.history.step_examples, followed.status is not None and followed.status.alive
        if not alive or (learned and learned.step < followed.history.step):
            learned = None
        if learned is self._learned:
            return
        self._learned = learned
        if learned and followed.run and followed.history.started:
            reading = self._read(followed.run, learned, followed.history.started.labels)
            self.run_worker(reading, group="step", exclusive=True)
        else:
            self._say(False)

    async def _read(self, run: RunFolder, learned: StepExamples, labels: list[str]) -> None:
        try:
            texts = await asyncio.to_thread(step_texts, run, learned, labels)
        except BadRun as error:
            complain(self.app, error)
            self._say(False)
            return
        if learned is not self._learned:
            return
        self._texts.show(texts, labels)
        wrong = sum(one.mark == WRONG for one in texts)
        self.title = f"Step {learned.step:,} learned from {plural(len(texts), 'text')}"
        self.subtitle = f"{wrong:,} wrong before it · highest loss first"
        self._say(True)

    def _say(self, shown: bool) -> None:
        if shown != self._shown:
            self._shown = shown
            self.post_message(self.Changed(self, shown))
