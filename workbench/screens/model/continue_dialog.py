"""Asking a language model: how it goes on with a text."""

from typing import Any

import msgspec
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from core.evaluate.question import BEGINNING, ENDED, EXAMPLE, IS_IT_SPAM, RANDOM, Asked, Continuation, Question
from core.wording import plural, shown
from workbench.screens.dialog import field
from workbench.screens.model.ask_dialog import AskDialog
from workbench.session.helper import Progress
from workbench.themes import colour
from workbench.widgets.choice import Choice
from workbench.widgets.panel import Panel

AS_IT_IS, SPAM = "plain", "inside the question: is it spam?"
NOT_FINE_TUNED = "It was trained to continue texts, not to answer questions. See what it does with this one."
ALL = "all"
TEMPERATURES = ("0", "0.5", "0.8", "1", "1.5", "3")
TOP_K = (ALL, "5", "25", "50", "200")
TOKENS = ("25", "50", "100")


class ContinueDialog(AskDialog):
    """An answer is shown as it comes. The same question, drawn by chance, is drawn anew each time."""

    RANDOM = RANDOM

    def compose(self) -> ComposeResult:
        keys = "enter asks · tab next field · esc leaves"
        with Panel(title=f"Ask {self._called}", subtitle=keys, classes="dialog"):
            yield field("text", Input(BEGINNING, placeholder="a few words to start from", id="words"))
            yield field("prompt", Choice((AS_IT_IS, SPAM), AS_IT_IS, id="wrapped"))
            yield field(
                "sampling",
                *(Static("temperature"), Choice(TEMPERATURES, TEMPERATURES[0], id="temperature")),
                *(Static("top-k"), Choice(TOP_K, ALL, id="top-k")),
                *(Static("tokens"), Choice(TOKENS, TOKENS[0], id="tokens")),
                classes="drawing",
            )
            yield VerticalScroll(Static(id="said", markup=False), id="answer", can_focus=False)
            yield Static(classes="hint", markup=False)

    def _about(self) -> str:
        if self._value("wrapped") != AS_IT_IS:
            return NOT_FINE_TUNED
        if self._value("temperature") == "0":
            return "Temperature 0 is greedy: always the most likely token, whatever top-k says."
        among = "all tokens" if self._value("top-k") == ALL else f"the {self._value('top-k')} most likely tokens"
        return f"Each token is drawn by chance, among {among}; a higher temperature makes their chances more equal."

    def _chosen(self) -> None:
        words = self.query_one("#words", Input)
        # the two examples of the book, each where it belongs; what the person has written stays
        wrapped = self._value("wrapped") == SPAM
        if words.value == (BEGINNING if wrapped else EXAMPLE):
            words.value = EXAMPLE if wrapped else BEGINNING
            words.cursor_position = 0
        super()._chosen()

    def _question(self) -> Question:
        text, k = self.query_one("#words", Input).value, self._value("top-k")
        if self._value("wrapped") == SPAM:
            text = IS_IT_SPAM.format(text)
        question = Question(
            model=self._model,
            text=text,
            weights=self._weights,
            tokens=int(self._value("tokens")),
            temperature=float(self._value("temperature")),
            top_k=None if k == ALL else int(k),
        )
        before = self._asked
        # random weights are drawn from the seed, and stay as they are
        drawn = question.temperature and self._weights != "random"
        if drawn and before and msgspec.structs.replace(before, seed=question.seed) == question:
            return msgspec.structs.replace(question, seed=before.seed + 1)
        return question

    def _answered(self, question: Question, reply: Any) -> str:
        answer = msgspec.convert(reply, Continuation)
        self._show_growing(answer.text, answer.continuation)
        drawn = f" · seed {question.seed}" if question.temperature else ""
        return f"{plural(answer.tokens, 'token')} in {answer.seconds:.1f} s{ENDED[answer.ended]}{drawn}."

    def _progressed(self, question: Asked, progress: Progress) -> None:
        if progress.name == "ask":
            self._show_growing(question.text, progress.partial)
            self._hint(f"{progress.done} of {plural(progress.total, 'token')}")
        else:
            super()._progressed(question, progress)

    def _show_growing(self, asked: str, answer: str) -> None:
        self._show((shown(asked), colour(self, "muted")), (shown(answer), colour(self, "text")))
        self.query_one("#answer").scroll_end(animate=False)
