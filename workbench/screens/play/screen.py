"""Play: does it work on my words?"""

import asyncio
import time
from typing import Any

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from core.errors import WorkbenchError
from core.runs import classifiers
from core.runs.classifiers import Asked, Opened, Typed
from core.runs.folder import RunFolder
from core.runs.predictions import Prediction
from workbench import keys
from workbench.layout import Part, Plan
from workbench.screens.base import BaseScreen
from workbench.screens.play.kept import Kept
from workbench.screens.play.token_curve import TokenCurve
from workbench.screens.play.verdict import Verdict
from workbench.screens.play.your_text import MOST, YourText
from workbench.session.followed import Followed
from workbench.session.helper import Superseded
from workbench.session.trail import Question
from workbench.themes import class_role
from workbench.widgets.panel import Panel

SLOW = 0.3  # seconds without an answer, after which the screen says that it is at work
HAM_OR_SPAM = (
    "You are a winner you have been specially selected to receive $1000 cash or a $2000 award.",
    "Hey, just wanted to check if we're still on for dinner tonight? Let me know!",
    "free entry? lol see you at eight",
)
ANYTHING = (
    "I enjoyed every minute of it and would gladly go again.",
    "It came late, half of it was broken, and nobody answered my letters.",
    "The meeting about next year's budget has been moved to Thursday at ten.",
)


class PlayScreen(BaseScreen):
    """Sends the whole text at every key. An answer is shown unless a later question has been answered already."""

    MODE = "play"
    CSS_PATH = "../../styles/play.tcss"
    BINDINGS = keys.bindings("play")
    AUTO_FOCUS = ""  # see `on_screen_resume`

    def __init__(self) -> None:
        super().__init__()
        self._chosen: Asked | None = None  # by the person; holds while the same run is followed
        self._run_followed: RunFolder | None = None
        self._asked: Asked | None = None
        self._opened: Opened | None = None
        self._labels: list[str] = []
        self._seen: tuple | None = None
        self._said_of = ""  # the text that the latest answer is about
        self._brought = ""  # the text that another screen sent the person here with, as it stands in the field
        self._questions = self._answered = 0
        self._slow: Timer | None = None
        self._gone = True  # to another screen

    def compose_panels(self) -> ComposeResult:
        with Panel(title="Your text", letter="x", id="text"):
            yield YourText()
        with Panel(title="Verdict", id="verdict"):
            yield Verdict()
        yield TokenCurve(id="beginnings")
        with Panel(title="Kept", letter="k", id="kept"):
            yield Kept()
            yield Static("enter keeps a text with its verdict. ↑ brings examples, and what was kept.", id="none-kept")

    def on_mount(self) -> None:
        self.followed.run_changed.subscribe(self, self._look)

    def plan(self) -> Plan:
        verdict = Part("verdict", *self.query_one(Verdict).lines_at(self.app.size.width - 4))
        if self.has_class("-none"):
            return Plan.of(verdict, ranks=("verdict",))
        text, kept = Part("text", 6, 8, brief=3), Part("kept", 4, 2 + self.query_one(Kept).count, grows=1)
        curve = [] if self.has_class("-no-curve") else [Part("beginnings", 4, 6, grows=1)]
        return Plan.of(text, verdict, *curve, kept, ranks=("verdict", "text", "beginnings", "kept"))

    def on_screen_suspend(self) -> None:
        self._gone = self.app.current_mode != self.MODE

    def on_screen_resume(self) -> None:
        if self._gone and self.focused is None:  # who was in a dialog, and had left the text, is not put back into it
            self.set_focus(self.query_one(YourText))  # at once: the next key may be here
        self._gone = False
        self._seen = None
        if question := self.session.trail.take(Question):
            self._run_followed, self._chosen = self.followed.run, question.asked
            field = self.query_one(YourText)
            field.disabled = False
            field.show(question.text)
            self._brought = field.text
            field.focus()
        self._look(self.followed)

    # Which classifier

    def _look(self, followed: Followed) -> None:
        if not self.is_current or (followed.run and followed.status is None):  # the run is being read
            return
        if self._run_followed is not followed.run:
            self._run_followed, self._chosen = followed.run, None
        saved = [checkpoint.step for checkpoint in followed.history.checkpoints]
        seen = followed.run, followed.status and followed.status.state, saved
        if seen != self._seen:
            self._seen = seen
            self._open()

    @work(group="classifier", exclusive=True)
    async def _open(self) -> None:
        """Find the classifier and load it. Where it is only renewed, what is shown stays until it answers."""
        asked = await asyncio.to_thread(classifiers.find, self._chosen, self.followed.run, self.session.root)
        if asked != self._asked or asked is None:
            self._asked, self._opened = asked, None
            loading = asked and f"Loading {asked.folder.name} (PyTorch and the weights; faster the next time)."
            self._say(loading or self._no_classifier(), waits=asked is not None)
        self._let_write()
        self._labels = await asyncio.to_thread(classifiers.labels, asked.run) if asked else []
        made_of = await asyncio.to_thread(classifiers.made_of, asked.run) if asked else ""
        self.query_one(YourText).expect(made_of)
        self.query_one(YourText).earlier = self._earlier()
        if asked is None:
            return
        try:
            about = await self.session.model_helper.ask("open", run=str(asked.folder), checkpoint=asked.checkpoint)
            self._opened = await asyncio.to_thread(classifiers.opened, asked, **about)
        except Superseded:
            return
        except WorkbenchError as error:
            self._fail(error)
            return
        self._ask(self._opened)

    def _no_classifier(self) -> str:
        run, status = self.followed.run, self.followed.status
        if run and run.pretrains:
            return f"No classifier yet: {run.name} makes a language model. t trains one."
        if run and status and status.alive:
            return f"No classifier yet. {run.name} can be asked once it has saved a checkpoint."
        return "No classifier yet. t trains one."

    def _let_write(self) -> None:
        # without a classifier the keys are not typed, so that t trains; a text already there is left alone
        field = self.query_one(YourText)
        before, field.disabled = field.disabled, self._asked is None and not field.text
        self.set_class(field.disabled, "-none")
        self.fit()
        if before and not field.disabled:
            field.focus()
        self.refresh_bindings()

    def action_other(self) -> None:
        from workbench.screens.play.run_dialog import RunDialog

        assert self._asked  # see check_action
        asked = Asked(self._asked.folder, self._opened.name) if self._opened else self._asked
        self.app.push_screen(RunDialog(self.session.root, asked), self._choose)

    def _choose(self, asked: Asked | None) -> None:
        if asked:
            self._chosen = asked
            self._open()

    # Question and answer

    @on(YourText.Changed)
    def _typed(self) -> None:
        full = self.query_one(YourText).is_full
        self.query_one("#text", Panel).subtitle = f"{MOST:,} characters, no more fit" if full else ""
        if self._opened:
            self._ask(self._opened)
        elif not any(worker.group == "classifier" and not worker.is_finished for worker in self.workers):
            self._open()  # after a failure, the next key tries again

    @on(YourText.SelectionChanged)
    def _moved(self) -> None:
        field = self.query_one(YourText)
        if self._opened and field.text == self._said_of and not self.query_one(TokenCurve).look(field.at):
            self._ask(self._opened)

    def _ask(self, opened: Opened) -> None:
        self._questions += 1
        if self._slow is None:
            self._slow = self.set_timer(SLOW, self._say_slow)
        field = self.query_one(YourText)
        text, at = field.text, field.at
        self.run_worker(self._answer(self._questions, opened, text, at), group="answer")
        others = [kept for kept in self.query_one(Kept).unanswered if kept != text]
        if others:
            self.run_worker(self._answer_kept(opened, list(dict.fromkeys(others))), group="answer")

    async def _answer(self, number: int, opened: Opened, text: str, at: int) -> None:
        began = time.perf_counter()
        try:
            reply = await self._of_the_helper("typed", opened, text=text, at=at)
        except Superseded:
            return
        except WorkbenchError as error:
            if opened is self._opened and number == self._questions:
                self._fail(error)
            return
        if opened is not self._opened or number < self._answered:
            return
        self._answered, self._said_of = number, text
        seconds = time.perf_counter() - began
        if number == self._questions:
            self._no_longer_slow()
        typed = msgspec.convert(reply, Typed)
        opened = _at_step(opened, typed.step)
        if typed.answer.text in self.query_one(Kept).unanswered:
            self.query_one(Kept).answered({typed.answer.text: typed.answer}, opened)
        self._show(typed, opened, seconds)

    async def _answer_kept(self, opened: Opened, texts: list[str]) -> None:
        try:
            reply = await self._of_the_helper("predict", opened, texts=texts)
        except (Superseded, WorkbenchError):  # the text above is asked of the same helper, and says what is wrong
            return
        if opened is self._opened:
            answers = msgspec.convert(reply["answers"], list[Prediction])
            self.query_one(Kept).answered({answer.text: answer for answer in answers}, _at_step(opened, reply["step"]))

    async def _of_the_helper(self, question: str, opened: Opened, **args: Any) -> dict:
        run, checkpoint = str(opened.asked.folder), opened.asked.checkpoint
        return await self.session.model_helper.ask(question, run=run, checkpoint=checkpoint, **args)

    def _show(self, typed: Typed, opened: Opened, seconds: float) -> None:
        answer, labels, note = typed.answer, opened.labels, typed.why
        if not answer.text:
            note = "Nothing is typed: this is the answer to an empty text."
        elif answer.cut:
            note = f"Only its first {opened.context:,} tokens are read."
        tested = classifiers.on_the_test(opened, answer)
        self.query_one(Verdict).show(answer, labels, tested, note)
        self.set_class(typed.curve is None, "-no-curve")
        self.fit()
        if typed.curve is not None and typed.pieces is not None:
            label = opened.sought or answer.label
            number = labels.index(label)
            shares = [row[number] for row in typed.curve]
            role, at = class_role(number, len(labels)), self.query_one(YourText).at
            self.query_one(TokenCurve).show(label, role, typed.pieces, shares, typed.before, typed.start, at)
        began = " · from random weights" if opened.random else ""
        self._subtitle(f"{opened.in_words} · {1000 * seconds:,.0f} ms{began}")

    def _say_slow(self) -> None:
        if self._opened:
            self._subtitle(f"{self._opened.in_words} · reading …")

    def _no_longer_slow(self) -> None:
        if self._slow:
            self._slow.stop()
        self._slow = None

    def _fail(self, error: WorkbenchError) -> None:
        self._opened = None
        self._say(str(error), "✕")

    def _say(self, words: str, glyph: str = "", waits: bool = False) -> None:
        self._no_longer_slow()
        self.query_one(Verdict).say(words, glyph, waits)
        self.fit()
        self.query_one(TokenCurve).clear()
        self._subtitle("")

    def _subtitle(self, words: str) -> None:
        self.query_one("#verdict", Panel).subtitle = words

    # Kept

    def _earlier(self) -> list[str]:
        # no examples before it is known what is being told apart
        examples = HAM_OR_SPAM if {label.casefold() for label in self._labels} == {"ham", "spam"} else ANYTHING
        return list(dict.fromkeys([*self.query_one(Kept).texts, *(examples if self._labels else ())]))

    @on(YourText.Submitted)
    def _keep(self) -> None:
        field = self.query_one(YourText)
        if field.text.strip():
            self.query_one(Kept).keep(field.text)
            self.draft.keep_sentence(field.text)
            self.query_one("#kept", Panel).subtitle = "tracked in the next run"
            self.add_class("-kept")
            self.fit()
            field.kept(self._earlier())
            self._typed()

    @on(Kept.Chosen)
    def action_again(self) -> None:
        field = self.query_one(YourText)
        if entry := self.query_one(Kept).selected:
            field.show(entry.text)
            field.focus()

    # Other keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "train" | "train_next":
                return bool(self.followed.status and self.followed.status.alive) == (action == "train_next")
            case "other":
                return self._asked is not None
            case "write":
                return not self.query_one(YourText).disabled
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        field = self.query_one(YourText)
        # a text that was only looked at is nothing to leave first
        if not (field.has_focus and field.text == self._brought and self.session.trail.back()):
            super().action_back()

    def action_write(self) -> None:
        self.query_one(YourText).focus()

    async def action_train_next(self) -> None:
        await self.action_train()


def _at_step(opened: Opened, step: int) -> Opened:
    """What answered, where that is a checkpoint newer than the one that was opened."""
    return opened if step == opened.step else opened._replace(step=step, name="")
