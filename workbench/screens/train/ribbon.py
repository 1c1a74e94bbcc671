"""What a run has done, is doing and will do, in one line; how far it is, or why it ended, in the next."""

from rich.text import Text
from textual.widget import Widget

from core.errors import SmallerBatch
from core.runs.events import Phase
from core.runs.history import History
from core.runs.records import Status
from core.wording import clock, duration, on_one_line, plural, shown, size
from workbench.themes import colour

QUIET = 15  # seconds without a heartbeat after which a worker is doubted
STILL_TO_COME = ("learn", "test")
NAMES = {"encode": "encode once"}  # where a phase is called more than what it is
GAP = "   "
ENDS = {
    "queued": ("▷", "muted"),
    "stopped": ("■", "muted"),
    "failed": ("✕", "error"),
    "vanished": ("◌", "warning"),
    "damaged": ("✕", "error"),
}


def progress(phase: Phase) -> str:
    """403 of 650, in the phase's own unit."""
    if phase.unit == "bytes":
        return f"{size(phase.done)} of {size(phase.total)}" if phase.total else size(phase.done)
    return f"{phase.done:,} of {phase.total:,}"


def _named(phase: str) -> str:
    return NAMES.get(phase, on_one_line(phase))


def present_phase(history: History) -> Phase | None:
    """The phase that has begun last and is not over."""
    return next((p for p in reversed(history.phases.values()) if p.done < p.total or not p.total), None)


class Ribbon(Widget):
    """Shows a run that has no result yet."""

    DEFAULT_CSS = "Ribbon { height: auto; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._history, self._status, self._stopping = History(), Status("starting"), False
        self._fits: SmallerBatch | None = None

    def show(self, history: History, status: Status, stopping: bool, fits: SmallerBatch | None) -> None:
        self._history, self._status, self._stopping, self._fits = history, status, stopping, fits
        self.refresh(layout=True)

    def render(self) -> Text:
        width = self.content_region.width
        return Text("\n").join([self._phases(width), self._below(width)])

    def lines_at(self, width: int) -> int:
        """How many it needs."""
        return 1 + len(self._below(width).wrap(self.app.console, width))

    def _below(self, width: int) -> Text:
        return self._progress(width) if self._status.alive else self._end()

    def _phases(self, width: int) -> Text:
        """Every phase in its order; where there is no room for all, the first finished ones go."""
        history, muted = self._history, colour(self, "muted")
        present = present_phase(history)
        over = [name for name, phase in history.phases.items() if phase is not present and phase.done == phase.total]
        finished = [self._finished(name) for name in over]
        rest = [self._unfinished(present)] if present else []
        if self._status.state != "done":
            begun = {*over, present.name if present else ""}
            rest += [Text(f"· {name}", muted) for name in STILL_TO_COME if name not in begun]
        line = Text(GAP).join([*finished, *rest])
        while line.cell_len > width and finished:
            finished.pop(0)
            line = Text(GAP).join([Text("✓ …", muted), *finished, *rest])
        return line

    def _finished(self, name: str) -> Text:
        first, last = self._history.phase_times[name]
        muted = colour(self, "muted")
        return Text.assemble(("✓ ", muted), _named(name), (f" {duration(last - first)}", muted))

    def _unfinished(self, phase: Phase) -> Text:
        ended = ENDS.get(self._status.state, ("✓", "muted"))
        going = "‖" if self._status.state == "paused" else "●"
        glyph, role = (going, "train") if self._status.alive else ended
        done = self._history.step if phase.name == "learn" else phase.done
        so_far = Phase(name=phase.name, done=done, total=phase.total, unit=phase.unit)
        words = f"{_named(phase.name)} {progress(so_far)}"
        return Text.assemble((f"{glyph} ", colour(self, role)), words)

    def _progress(self, width: int) -> Text:
        history, status = self._history, self._status
        if status.quiet > QUIET:
            words = f"▲ No sign of life for {clock(status.quiet)}. It may wait for memory; w shows its messages."
            return Text(words, colour(self, "warning"))
        if self._stopping:
            words = "■ Stopping at the next batch, with a checkpoint. r resumes it."
            return Text(words, colour(self, "text"))
        present = present_phase(history)
        if present is None or not present.total:
            return Text("─" * width, colour(self, "rule"))
        learns = present.name == "learn"
        share = (history.step if learns else present.done) / present.total
        words = f" {share:.0%}".replace("%", " %")
        left = history.seconds_left if learns else history.phase_left(present.name)
        if learns and history.started:
            epochs = history.started.epochs
            words = f" epoch {min(epochs, int(share * epochs) + 1)} of {epochs} {words}"
        if status.state == "paused" and learns:
            words = f" paused at step {history.step:,} of {history.n_steps:,}; p goes on"
        elif left is not None:
            words += f"   {clock(left)} left"
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
        if status.state == "queued":
            if not self._history.phases:  # then it is said below
                return Text("─" * self.content_region.width, colour(self, "rule"))
            return Text(shown(f"{status.why} {status.do}"), colour(self, "text"))
        if status.state == "done":
            words = f"✓ Done after {plural(status.step, 'step')}. {status.why} {status.do}"
            return Text(shown(words.rstrip()), colour(self, "text"))
        if status.state == "stopped":
            steps = f"{status.step:,} of {status.n_steps:,}"
            where = f"at step {steps}" if status.step else "before the first step"
            return Text(f"Stopped {where}. r resumes it.", colour(self, "text"))
        if self._fits:
            return Text(shown(f"{status.why} {self._fits.in_words}. Enter applies it."), colour(self, "error"))
        do = status.do if status.state in ("failed", "damaged") else "r resumes it."
        words = f"{status.why} {do} w shows its messages."
        return Text(shown(words), colour(self, ENDS[status.state][1]))
