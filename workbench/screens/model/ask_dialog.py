"""Asking the chosen model before it is made a classifier: how it goes on with a text."""

import msgspec
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from core.architectures.models import MODELS, Source
from core.errors import WorkbenchError
from core.evaluate.question import BEGINNING, ENDED, EXAMPLE, IS_IT_SPAM, RANDOM, Continuation, Question
from core.wording import plural, shown, size
from workbench import keys
from workbench.screens.dialog import Dialog, field
from workbench.screens.model.backbone import weights_in_words
from workbench.session.helper import Helper, Progress, Superseded
from workbench.session.session import Session
from workbench.themes import colour
from workbench.widgets.choice import Choice
from workbench.widgets.panel import Panel

AS_IT_IS, SPAM = "as it stands", "within the question whether it is spam"
NOT_FINE_TUNED = "It was taught to go on with a text, not to answer. See what it makes of the question."
ALL = "all"
TEMPERATURES = ("0", "0.5", "0.8", "1", "1.5", "3")
TOP_K = (ALL, "5", "25", "50", "200")
TOKENS = ("25", "50", "100")
DOING = {"download": "Downloading the weights of {}", "weights": "Loading the weights of {}"}


class AskDialog(Dialog[None]):
    """Enter asks; an answer is shown as it comes. The same question, drawn by chance, is drawn anew each time."""

    PLACE = "ask_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, session: Session):
        super().__init__()
        draft, self._helper = session.draft, session.model_helper
        self._model, self._weights = draft.recipe.model.name, draft.recipe.model.weights
        self._where = weights_in_words(self._model, draft.recipe, draft.models)
        self._asked: Question | None = None
        self._asking = False

    def compose(self) -> ComposeResult:
        keys = "enter asks · tab next field · esc leaves"
        with Panel(title=f"Ask {self._model}", subtitle=keys, classes="dialog"):
            yield field("text", Input(BEGINNING, placeholder="a few words to go on from", id="words"))
            yield field("asked", Choice((AS_IT_IS, SPAM), AS_IT_IS, id="wrapped"))
            yield field(
                "drawn",
                *(Static("temperature"), Choice(TEMPERATURES, TEMPERATURES[0], id="temperature")),
                *(Static("top-k"), Choice(TOP_K, ALL, id="top-k")),
                *(Static("tokens"), Choice(TOKENS, TOKENS[0], id="tokens")),
                classes="drawing",
            )
            yield VerticalScroll(Static(id="said", markup=False), id="answer", can_focus=False)
            yield Static(classes="hint", markup=False)

    def on_mount(self) -> None:
        for choice in self.query(Choice):
            self.watch(choice, "value", self._chosen, init=False)
        self._ready()

    def _ready(self) -> None:
        source = MODELS[self._model].source
        if self._weights == "random":
            self._hint(RANDOM, "▲", "warning")
        elif isinstance(source, Source) and self._where.startswith("fetch"):
            self._hint(f"Its weights are not here yet: enter downloads {size(source.size)} first.")
        else:
            self._hint(self._drawing() if self._value("wrapped") == AS_IT_IS else NOT_FINE_TUNED)

    def _drawing(self) -> str:
        if self._value("temperature") == "0":
            return "Temperature 0 is greedy: always the likeliest token, whatever top-k says."
        among = "all tokens" if self._value("top-k") == ALL else f"the {self._value('top-k')} likeliest tokens"
        return f"Each token is drawn by chance, among {among}; a higher temperature evens their chances out."

    def _chosen(self) -> None:
        words = self.query_one("#words", Input)
        # the two examples of the book, each where it belongs; what the person has written stays
        wrapped = self._value("wrapped") == SPAM
        if words.value == (BEGINNING if wrapped else EXAMPLE):
            words.value = EXAMPLE if wrapped else BEGINNING
            words.cursor_position = 0
        if not self._asking:
            self._ready()

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Choice).value

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

    @on(Input.Submitted)
    def action_accept(self) -> None:
        self._asked, self._asking = self._question(), True
        self._show(self._asked.text, "")
        self._hint(f"Loading {self._model}: a few seconds the first time.")
        self.run_worker(self._ask(self._asked), group="ask", exclusive=True)

    async def _ask(self, question: Question) -> None:
        def progressed(progress: Progress) -> None:
            if question is self._asked:
                self._progressed(question, progress)

        try:
            reply = await self._helper.ask("ask", progressed, **msgspec.to_builtins(question))
        except Superseded:
            return
        except WorkbenchError as error:
            self._asking = False
            self._hint(str(error), "✕", "error")
            return
        self._asking = False
        answer = msgspec.convert(reply, Continuation)
        self._show(answer.text, answer.continuation)
        drawn = f" · seed {question.seed}" if question.temperature else ""
        words = f"{plural(answer.tokens, 'token')} in {answer.seconds:.1f} s{ENDED[answer.ended]}{drawn}."
        if answer.weights == "random":
            self._hint(f"{words} {RANDOM}", "▲", "warning")
        else:
            self._hint(words)

    def _progressed(self, question: Question, progress: Progress) -> None:
        if progress.name == "ask":
            self._show(question.text, progress.partial)
            self._hint(f"{progress.done} of {plural(progress.total, 'token')}")
        elif progress.name in DOING:
            so_far = f", {size(progress.done)} of {size(progress.total)}" if progress.total else ""
            self._hint(f"{DOING[progress.name].format(self._model)}{so_far}.")

    def _show(self, asked: str, answer: str) -> None:
        words = Text.assemble((shown(asked), colour(self, "muted")), (shown(answer), colour(self, "text")))
        self.query_one("#said", Static).update(words)
        self.query_one("#answer").scroll_end(animate=False)

    def _hint(self, words: str, glyph: str = "", role: str = "muted") -> None:
        mark = Text(f"{glyph} " if glyph else "", colour(self, role))
        line = Text.assemble(mark, (shown(words), colour(self, "text" if glyph else "muted")))
        self.query_one(".hint", Static).update(line)

    def action_back(self) -> None:
        if self._asking:
            self.app.run_worker(_cancel(self._helper), group="ask")
        self.dismiss()


async def _cancel(helper: Helper) -> None:
    """Have the helper drop what it is answering, a download too."""
    try:
        await helper.ask("ask")
    except (Superseded, WorkbenchError):  # nobody waits for it
        return
