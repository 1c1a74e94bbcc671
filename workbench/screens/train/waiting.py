"""Before there is a curve to look at: what is being done, and what it is good for."""

from typing import Any

from rich.text import Text

from core.architectures.lookup import short_name
from core.freeze import FreezePlan, parts_of, role
from core.recipe import Recipe
from core.runs.describe import describe
from core.runs.events import Phase
from core.runs.history import History
from core.runs.records import Status
from core.wording import clock, plural, shown
from workbench.formatting import pad
from workbench.screens.train.ribbon import present_phase, progress
from workbench.themes import colour
from workbench.widgets.part_marks import MARKS
from workbench.widgets.waits import Waits

STARTING = "Starting (loading PyTorch)"
BUILDING = "The data is ready. The model comes next."
FIRST_LOOK = "First evaluation, before the first step. The curves start in a moment."
NOTHING_LEARNED = "It ended before the first step. The log below shows how far it got."
ONCE, BETWEEN, EVERY_STEP = "once", "  ┊  ", "at every step"


def being_done(history: History, recipe: Recipe | None) -> str:
    """The phase that a live run is in, as a sentence."""
    present = present_phase(history)
    model = short_name(recipe.model.name) if recipe else "the model"
    if present is None:
        return FIRST_LOOK if history.started else BUILDING if history.phases else STARTING
    so_far = f", {progress(present)}" if present.done else ""
    sentences = {
        "fetch": f"Downloading the data set{so_far}. It is kept for the next time.",
        "unpack": f"Unpacking the data set{so_far}.",
        "find": f"Finding the encoding and the separator of the file{so_far}.",
        "columns": f"Looking at the columns of the file{so_far}.",
        "read": f"Reading the file{so_far}.",
        "tokens": f"Turning texts into tokens, the pieces of words that {model} reads{so_far}.",
        "download": f"Downloading the weights of {model}{so_far}. They are kept for the next time.",
        "weights": f"Loading the weights of {model}{so_far}.",
        "vocabulary": "Learning which pieces of words the text is made of.",
        "baseline": "Training the word-count baseline, for comparison.",
        "count": f"Counting words and characters, and learning from how often they occur{so_far}.",
        "probe": f"Training the linear probe, for comparison: what the untouched {model} knows already{so_far}.",
        "encode": encoding(present, recipe.plan if recipe else None, history.phase_left("encode")),
        "learn": FIRST_LOOK,
    }
    return sentences.get(present.name, f"{present.name}{so_far}")


def encoding(phase: Phase, plan: FreezePlan | None, left: float | None) -> str:
    """What fills the prefix cache; `left` is in seconds."""
    through = plural(plan.depth, "frozen block") if plan and plan.depth else "what is frozen"
    words = f"Reading {plural(phase.total, 'text')} through {through}, once."
    if left is None:
        return words
    return f"{words}\nThe curves start in {clock(left) if left >= 59.5 else f'{max(1, round(left))} s'}."


def bought(history: History) -> str:
    """What the cache is good for while it is being filled, what became of it when it stands; empty without one."""
    present = present_phase(history)
    if present is None or present.name != "encode" or history.started is None:
        return describe(history.encoded) if history.encoded else ""
    epochs = history.started.epochs
    if epochs == 1:
        return "The epoch then reads the result, and so does every look at validation."
    return f"Each of the {epochs:,} epochs then reads the result instead of computing it again."


class Waiting(Waits):
    """Shows a run that has not learned anything yet."""

    DEFAULT_CSS = "Waiting { content-align: center middle; text-align: center; padding: 0 2; }"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._history, self._status = History(), Status("starting")
        self._recipe: Recipe | None = None

    def show(self, history: History, status: Status, recipe: Recipe | None) -> None:
        self._history, self._status, self._recipe = history, status, recipe
        present = present_phase(history)
        begun = present.name if present else f"after {len(history.phases)}"
        self.wait_for(begun if status.alive and self.display else "")
        self.refresh()

    def render(self) -> Text:
        text, muted = colour(self, "text"), colour(self, "muted")
        if self._status.state == "queued":
            return Text.assemble((shown(self._status.why), text), "\n\n", (shown(self._status.do), muted))
        if not self._status.alive:
            return Text(shown(self._status.why) if self._status.state == "done" else NOTHING_LEARNED, text)
        lines = [Text(shown(being_done(self._history, self._recipe)), text), Text(self.spinner, muted)]
        present = present_phase(self._history)
        if present and present.name == "encode" and self._recipe:
            lines += self._picture(self._recipe.plan)
        if words := bought(self._history):
            lines += [Text(), Text(shown(words), muted)]
        return Text("\n").join(lines)

    def _picture(self, plan: FreezePlan) -> list[Text]:
        """The parts from the text upwards: those that run once, and those that every step runs."""
        parts, boundary = parts_of(plan.n_blocks), 1 + (plan.depth or 0)
        glyphs = [MARKS[role(plan, part)] for part in parts]
        for gap in (" ", ""):
            below, above = gap.join(glyphs[:boundary]), gap.join(glyphs[boundary:])
            left, right = max(len(below), len(ONCE)), max(len(above), len(EVERY_STEP))
            if left + len(BETWEEN) + right <= self.content_region.width:
                break
        else:
            return []
        rule, muted = colour(self, "rule"), colour(self, "muted")
        picture = Text.assemble(pad(below, left, right=True), (BETWEEN, rule), pad(above, right))
        for each, mark in MARKS.items():
            picture.highlight_words([mark], colour(self, each))
        once, every_step = (pad(ONCE, left, right=True), muted), (pad(EVERY_STEP, right), muted)
        return [Text(), picture, Text.assemble(once, (BETWEEN, rule), every_step)]
