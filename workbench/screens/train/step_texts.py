"""The texts that a step learned from, and what the model had made of each before it did."""

import asyncio

from rich.cells import cell_len
from rich.text import Text
from textual.message import Message

from core.errors import BadRun
from core.runs.events import StepExamples
from core.runs.folder import RunFolder
from core.runs.step_texts import MARK_WIDTH, WRONG, StepText, step_texts
from core.wording import on_one_line, percent, plural
from workbench.formatting import cut, pad
from workbench.session.complain import complain
from workbench.session.followed import Followed
from workbench.themes import class_role, colour
from workbench.widgets.lines import Headings, ItemList
from workbench.widgets.panel import Panel

MOST_NAME = 16  # cells
LOSS, SHARE = 7, 8


class StepTexts(ItemList[StepText]):
    """One line a text: its loss, what the model said and how sure it was, what is right, the text."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[str] = []

    def show(self, texts: list[StepText], labels: list[str]) -> None:
        self._labels, self.cursor = labels, 0
        self.show_items(texts)

    @property
    def _label_width(self) -> int:
        return min(MOST_NAME, max(map(cell_len, map(on_one_line, ["label", *self._labels]))))

    def headings(self, width: int) -> Text:
        name = self._label_width
        words = f" {'loss':>{LOSS}}  {'':{MARK_WIDTH}}  {pad('said', name)} {'':{SHARE}}  {pad('label', name)}  text"
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        one, name = self.items[index], self._label_width
        text = Text(f" {one.loss_in_words:>{LOSS}}  ", no_wrap=True)
        text.append(f"{one.mark:{MARK_WIDTH}}  ", colour(self, "muted" if one.loss is None else "error"))
        text.append(f"{pad(on_one_line(one.answer), name)} ", self._hue(one.answer))
        text.append(f"{percent(one.probability):>{SHARE}}  ")
        text.append(f"{pad(on_one_line(one.label), name)}  ", self._hue(one.label))
        return text.append(cut(on_one_line(one.text[: width * 2]), width - text.cell_len - 1))

    def _hue(self, label: str) -> str:
        return colour(self, class_role(self._labels.index(label), len(self._labels)))


class StepPanel(Panel):
    """The texts of the latest step that was asked for, until the run has taken another."""

    class Changed(Message):
        """There is something to show now, or nothing any more."""

        def __init__(self, panel: "StepPanel", shown: bool):
            super().__init__()
            self.panel, self.shown = panel, shown

    def __init__(self) -> None:
        self._texts = StepTexts()
        super().__init__(Headings(self._texts), self._texts, title="", letter="t", id="step")
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
