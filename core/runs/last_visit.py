"""What ended while the app was not open."""

from contextlib import suppress
from pathlib import Path

from core import files
from core.errors import BadRun
from core.runs.events import Ended
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.root import list_runs
from core.wording import percent, plural

LEFT = ".left"  # under the folder of runs; its time of change is when the app was last left


def leave(root: Path) -> None:
    """Remember that the app is left now."""
    # no folder of runs, or one that takes nothing, or a link there: no card greets whoever comes back
    with suppress(OSError, BadRun):
        files.touch(root / LEFT)


def ended_meanwhile(root: Path) -> tuple[RunFolder, float] | None:
    """The run that was the last to end since the app was left, and when that was; None where none did."""
    left = files.modified_at(root / LEFT)
    run = max(list_runs(root), key=lambda run: files.modified_at(run.events_file), default=None)
    if not left or run is None or files.modified_at(run.events_file) <= left:
        return None
    return (run, left) if any(isinstance(event, Ended) for event in run.tail()[-1:]) else None


def in_words(run: RunFolder, left: float) -> str:
    """What a run has done since then: '212 steps, best 96.1 % at 900.'; empty where it took no step."""
    events, _ = run.events()
    history = History.of(events)
    steps = history.step - next((event.step for event in reversed(events) if event.t <= left), 0)
    if steps <= 0:
        return ""
    looks = (point for point in history.evaluations["validation"] if point.whole)
    best = max(looks, key=lambda point: point.accuracy, default=None)
    return plural(steps, "step") + (f", best {percent(best.accuracy)} at {best.step:,}." if best else ".")
