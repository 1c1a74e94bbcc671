"""What a run has done, is doing and will do, in one line; how far it is, or why it ended, in the next."""

from rich.text import Text
from textual.widget import Widget

from core.recipe import Recipe
from core.runs.events import Phase
from core.runs.folder import Status
from core.runs.history import History
from workbench.formatting import clock, plural, size
from workbench.themes import colour

QUIET = 15  # seconds without a heartbeat after which a worker is doubted
STILL_TO_COME = ("learn", "test")
STARTING = "The worker is starting. It takes a few seconds until it has loaded what it computes with."
BUILDING = "The data is ready. The model comes next."
FIRST_LOOK = "A first look at loss and accuracy, before anything is learned. The curves start in a moment."
ENDS = {"stopped": ("■", "muted"), "failed": ("✕", "error"), "vanished": ("◌", "warning")}


def took(seconds: float) -> str:
    """0.3 s; 1:05 from a minute on."""
    return f"{seconds:.1f} s" if seconds < 59.95 else clock(seconds)


def progress(phase: Phase) -> str:
    """403 of 650, in the phase's own unit."""
    if phase.unit == "bytes":
        return f"{size(phase.done)} of {size(phase.total)}" if phase.total else size(phase.done)
    return f"{phase.done:,} of {phase.total:,}"


def present_phase(history: History) -> Phase | None:
    """The phase that has begun last and is not over."""
    return next((p for p in reversed(history.phases.values()) if p.done < p.total or not p.total), None)


def in_the_making(history: History, status: Status, recipe: Recipe | None) -> Text:
    """What is being done before there is a curve to look at."""
    if not status.alive:
        return Text("It ended before anything was learned. The log below says how far it came.")
    present = present_phase(history)
    model = recipe.model.name if recipe else "the model"
    if present is None:
        return Text(FIRST_LOOK if history.started else BUILDING if history.phases else STARTING)
    so_far = f", {progress(present)}" if present.done else ""
    sentences = {
        "read": f"Reading the file{so_far}.",
        "tokens": f"Turning texts into tokens, the pieces of words that {model} reads{so_far}.",
        "download": f"Downloading the weights of {model}{so_far}. They are kept for the next time.",
        "weights": f"Loading the weights of {model}{so_far}.",
        "baseline": "Counting words: what a quick model without a network gets right, for comparison.",
        "learn": FIRST_LOOK,
    }
    return Text(sentences.get(present.name, f"{present.name}{so_far}"))


class Ribbon(Widget):
    """Shows a run that has no result yet."""

    DEFAULT_CSS = "Ribbon { height: auto; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._history, self._status, self._stopping = History(), Status("starting"), False

    def show(self, history: History, status: Status, stopping: bool) -> None:
        self._history, self._status, self._stopping = history, status, stopping
        self.refresh(layout=True)

    def render(self) -> Text:
        width = self.content_region.width
        phases = self._phases(with_times=True)
        if phases.cell_len > width:
            phases = self._phases(with_times=False)
        second = self._progress(width) if self._status.alive else self._end()
        return Text("\n").join([phases, second])

    def _phases(self, with_times: bool) -> Text:
        present, muted = present_phase(self._history), colour(self, "muted")
        parts = []
        for name, phase in self._history.phases.items():
            first, last = self._history.phase_times[name]
            if phase is not present:
                time = f" {took(last - first)}" if with_times else ""
                parts.append(Text.assemble(("✓ ", muted), name, (time, muted)))
                continue
            ended = ENDS.get(self._status.state, ("✓", "muted"))
            glyph, role = ("●", "train") if self._status.alive else ended
            done = self._history.step if name == "learn" else phase.done
            so_far = Phase(name=name, done=done, total=phase.total, unit=phase.unit)
            parts.append(Text.assemble((f"{glyph} ", colour(self, role)), f"{name} {progress(so_far)}"))
        coming = [name for name in STILL_TO_COME if name not in self._history.phases]
        parts += [Text(f"· {name}", muted) for name in coming]
        return Text("   " if with_times else "  ").join(parts)

    def _progress(self, width: int) -> Text:
        history, status = self._history, self._status
        if status.quiet > QUIET:
            words = (
                f"▲ No sign of life for {clock(status.quiet)}. It may wait for memory; w shows what it wrote."
            )
            return Text(words, colour(self, "warning"))
        if self._stopping:
            words = "■ Stopping at the next batch, with a checkpoint. r takes it up again."
            return Text(words, colour(self, "text"))
        present = present_phase(history)
        if present is None or not present.total:
            return Text("─" * width, colour(self, "rule"))
        learns = present.name == "learn"
        share = (history.step if learns else present.done) / present.total
        words = f" {share:.0%}".replace("%", " %")
        if learns and history.started:
            epochs = history.started.epochs
            words = f" epoch {min(epochs, int(share * epochs) + 1)} of {epochs} {words}"
            if history.seconds_left is not None:
                words += f"   {clock(history.seconds_left)} left"
        return self._bar(share, words, "train" if learns else "muted", width)

    def _bar(self, share: float, words: str, role: str, width: int) -> Text:
        room = max(0, width - len(words) - 1)
        full = min(room, int(share * room))
        return Text.assemble(
            ("━" * full, colour(self, role)),
            ("─" * (room - full), colour(self, "rule")),
            (f" {words}", colour(self, "text")),
        )

    def _end(self) -> Text:
        status = self._status
        if status.state == "done":
            return Text(f"✓ Done after {plural(status.step, 'step')}.", colour(self, "text"))
        if status.state == "stopped":
            steps = f"{status.step:,} of {status.n_steps:,}"
            where = f"at step {steps}" if status.step else "before the first step"
            return Text(f"Stopped {where}. r takes it up again.", colour(self, "text"))
        do = status.do if status.state == "failed" else "r takes it up again."
        words = f"{status.why} {do} w shows what the worker wrote."
        return Text(words, colour(self, ENDS[status.state][1]))
