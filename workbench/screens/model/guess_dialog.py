"""Asking an encoder: which words it guesses for the gaps of a text."""

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from core.evaluate.question import GAP, RANDOM_GUESS, WITH_A_GAP, Asked, Guess, MaskedQuestion
from core.wording import on_one_line, percent, plural, shown
from workbench.formatting import bar, pad
from workbench.screens.dialog import field
from workbench.screens.model.ask_dialog import AskDialog
from workbench.themes import colour
from workbench.widgets.choice import Choice
from workbench.widgets.panel import Panel

WORDS = ("5", "10", "20")
MOST_NAME, FIGURE = 24, 9  # cells


class GuessDialog(AskDialog):
    """The likeliest words of each gap, with a bar for how likely each is."""

    RANDOM = RANDOM_GUESS

    def compose(self) -> ComposeResult:
        keys = "enter asks · tab next field · esc leaves"
        with Panel(title=f"Ask {self._called}", subtitle=keys, classes="dialog"):
            yield field("text", Input(WITH_A_GAP, placeholder=f"a text with a gap: {GAP}", id="words"))
            yield field("words", Choice(WORDS, WORDS[0], id="top-k"))
            yield VerticalScroll(Static(id="said", markup=False), id="answer")
            yield Static(classes="hint", markup=False)

    def _about(self) -> str:
        return f"It was taught to guess the words that are left out of a text: {GAP} marks a gap."

    def _question(self) -> MaskedQuestion:
        text = self.query_one("#words", Input).value
        return MaskedQuestion(self._model, text, self._weights, top_k=int(self._value("top-k")))

    def _answered(self, question: Asked, reply: Any) -> str:
        answer = msgspec.convert(reply, Guess)
        self._show(*self._filled(answer), *self._bars(answer))
        self.query_one("#answer").scroll_home(animate=False)
        return f"{plural(len(answer.gaps), 'gap')} in {answer.seconds:.1f} s."

    def _filled(self, answer: Guess) -> Iterator[tuple[str, str]]:
        """The text with the likeliest word in each gap."""
        first, *others = answer.parts
        yield shown(first), colour(self, "muted")
        for words, part in zip(answer.gaps, others, strict=True):
            yield on_one_line(words[0].word), f"bold {colour(self, 'text')}"
            yield shown(part), colour(self, "muted")

    def _bars(self, answer: Guess) -> Iterator[tuple[str, str]]:
        """A line for each word of each gap; a blank one before those of a gap."""
        names = [on_one_line(word.word) for words in answer.gaps for word in words]
        name = min(MOST_NAME, max(map(cell_len, names)))
        room = self.query_one("#answer", VerticalScroll).scrollable_content_region.width - name - 2 - FIGURE
        for words in answer.gaps:
            yield "\n", ""
            for word in words:
                yield f"\n{pad(on_one_line(word.word), name)}  ", colour(self, "text")
                yield pad(bar(word.probability, room), room), colour(self, "focus")
                yield f"{percent(word.probability):>{FIGURE}}", colour(self, "muted")
