"""Asking the chosen model before it is made a classifier: what both dialogs for it have in common."""

from abc import abstractmethod
from typing import Any, ClassVar

import msgspec
from rich.text import Text
from textual import on
from textual.widgets import Input, Static

from core.architectures.lookup import preset_of, short_name
from core.architectures.preset import Source
from core.errors import WorkbenchError
from core.evaluate.question import Asked
from core.wording import on_one_line, shown, size
from workbench import keys
from workbench.screens.dialog import Dialog
from workbench.screens.model.backbone import weights_in_words
from workbench.session.helper import Helper, Progress, Superseded
from workbench.session.session import Session
from workbench.themes import colour
from workbench.widgets.choice import Choice

DOING = {"download": "Downloading the weights of {}", "weights": "Loading the weights of {}"}


class AskDialog(Dialog[None]):
    """Enter asks, and the answer is shown."""

    PLACE = "ask_dialog"
    BINDINGS = keys.bindings(PLACE)
    RANDOM: ClassVar[str]  # what is said of random weights

    def __init__(self, session: Session):
        super().__init__()
        draft, self._helper = session.draft, session.model_helper
        self._model, self._weights = draft.recipe.model.name, draft.recipe.model.weights
        self._called = on_one_line(short_name(self._model))
        self._where = weights_in_words(self._model, draft.recipe, draft.models)
        self._asked: Asked | None = None
        self._asking = False

    def on_mount(self) -> None:
        for choice in self.query(Choice):
            self.watch(choice, "value", self._chosen, init=False)
        self._ready()

    def _ready(self) -> None:
        source = preset_of(self._model).source
        if self._weights == "random":
            self._hint(self.RANDOM, "▲", "warning")
        elif isinstance(source, Source) and self._where.startswith("fetch"):
            first = f"{size(source.size)} first" if source.size else "them first"
            self._hint(f"Its weights are not here yet: enter downloads {first}.")
        else:
            self._hint(self._about())

    def _chosen(self) -> None:
        if not self._asking:
            self._ready()

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Choice).value

    @abstractmethod
    def _about(self) -> str:
        """What is said before anything is asked."""

    @abstractmethod
    def _question(self) -> Asked:
        """What the fields ask."""

    @abstractmethod
    def _answered(self, question: Any, reply: Any) -> str:
        """Show an answer as the helper gives it; returns what is said of it."""

    @on(Input.Submitted)
    def action_accept(self) -> None:
        self._asked, self._asking = self._question(), True
        self._show((shown(self._asked.text), colour(self, "muted")))
        self._hint(f"Loading {self._called}: a few seconds the first time.")
        self.run_worker(self._ask(self._asked), group="ask", exclusive=True)

    async def _ask(self, question: Asked) -> None:
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
        words = self._answered(question, reply)
        if self._weights == "random":
            self._hint(f"{words} {self.RANDOM}", "▲", "warning")
        else:
            self._hint(words)

    def _progressed(self, question: Asked, progress: Progress) -> None:
        if progress.name in DOING:
            so_far = f", {size(progress.done)} of {size(progress.total)}" if progress.total else ""
            self._hint(f"{DOING[progress.name].format(self._called)}{so_far}.")

    def _show(self, *words: tuple[str, str]) -> None:
        self.query_one("#said", Static).update(Text.assemble(*words))

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
