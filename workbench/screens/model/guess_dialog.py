"""Asking an encoder: which words it guesses for the gaps of a text."""

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from core.evaluate.question import GAP, RANDOM_GUESS, WITH_A_GAP, Asked, Guess, MaskedQuestion, Word
from core.wording import on_one_line, percent, plural, shown
from workbench.formatting import bar, pad
from workbench.screens.dialog import field
from workbench.screens.model.ask_dialog import AskDialog
from workbench.themes import colour
from workbench.widgets.choice import Choice
from workbench.widgets.panel import Panel

NUMBERS = ("5", "10", "20")
MOST_NAME, FIGURE = 24, 9  # cells


class Words(Widget):
    """A line for each word of each gap, with a bar for how likely it is; a blank line before those of a gap."""

    DEFAULT_CSS = "Words { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._gaps: list[list[Word]] = []

    def show(self, gaps: list[list[Word]]) -> None:
        self._gaps = gaps
        self.refresh(layout=True)

    def render(self) -> Text:
        names = [on_one_line(word.word) for words in self._gaps for word in words]
        name = min(MOST_NAME, max(map(cell_len, names), default=0))
        room = self.size.width - name - 2 - FIGURE
        text, muted, focus = (colour(self, role) for role in ("text", "muted", "focus"))
        lines = []
        for words in self._gaps:
            lines.append(Text())
            for word in words:
                line = Text(f"{pad(on_one_line(word.word), name)}  ", text, no_wrap=True)
                line.append(pad(bar(word.probability, room), room), focus)
                lines.append(line.append(f"{percent(word.probability):>{FIGURE}}", muted))
        return Text("\n").join(lines)


class GuessDialog(AskDialog):
    """The text comes back with the likeliest word in each gap, and below it are others."""

    RANDOM = RANDOM_GUESS

    def compose(self) -> ComposeResult:
        keys = "enter asks · tab next field · esc leaves"
        with Panel(title=f"Ask {self._called}", subtitle=keys, classes="dialog"):
            yield field("text", Input(WITH_A_GAP, placeholder=f"a text with a gap: {GAP}", id="words"))
            yield field("words", Choice(NUMBERS, NUMBERS[0], id="top-k"))
            yield VerticalScroll(Static(id="said", markup=False), Words(), id="answer")
            yield Static(classes="hint", markup=False)

    def _about(self) -> str:
        return f"It was taught to guess the words that are left out of a text: {GAP} marks a gap."

    def _question(self) -> MaskedQuestion:
        text = self.query_one("#words", Input).value
        return MaskedQuestion(self._model, text, self._weights, top_k=int(self._value("top-k")))

    def _answered(self, question: Asked, reply: Any) -> str:
        answer = msgspec.convert(reply, Guess)
        self._show(*self._filled(answer))
        self.query_one(Words).show(answer.gaps)
        self.query_one("#answer").scroll_home(animate=False)
        return f"{plural(len(answer.gaps), 'gap')} in {answer.seconds:.1f} s."

    def _show(self, *words: tuple[str, str]) -> None:
        self.query_one(Words).show([])
        super()._show(*words)

    def _filled(self, answer: Guess) -> Iterator[tuple[str, str]]:
        """The text with the likeliest word in each gap."""
        first, *others = answer.parts
        yield shown(first), colour(self, "muted")
        for words, part in zip(answer.gaps, others, strict=True):
            yield on_one_line(words[0].word), f"bold {colour(self, 'text')}"
            yield shown(part), colour(self, "muted")
