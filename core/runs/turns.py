"""The queue of runs in words, and on the command line."""

from pathlib import Path

import msgspec

from core.runs import queue
from core.runs.folder import RunFolder, Status
from core.runs.queue import Turn
from workbench.formatting import ordinal, plural
from workbench.cli.printing import print_json, say


def when(turn: Turn | None) -> str:
    """When a queued run starts: 'it starts when r14 ends'."""
    return f"it starts when {turn.after} ends" if turn and turn.after else "it starts now"


def in_words(name: str, turn: Turn) -> tuple[str, str]:
    """What a queued run waits for, and which key does what about it."""
    if not turn.served:
        return f"{name} waits in the queue, which was interrupted.", "r goes on with it."
    return f"{name} waits its turn: {when(turn)}.", "s takes it out of the queue."


def status_of(run: RunFolder) -> Status:
    """A run's status; of a queued one, `why` and `do` say what it waits for."""
    status = run.status()
    turn = queue.turn(run) if status.state == "queued" else None
    if turn is None:
        return status
    why, do = in_words(run.name, turn)
    return msgspec.structs.replace(status, why=why, do=do)


def interrupted(root: Path) -> str:
    """'2 runs wait in the queue'; empty where none does, or they are being started."""
    n = len(queue.waiting(root))
    return f"{plural(n, 'run waits', 'runs wait')} in the queue" if n and not queue.served(root) else ""


def following(root: Path) -> RunFolder | None:
    """The run that has begun when another ended, or is about to; None where the queue starts none."""
    waits = queue.waiting(root) if queue.served(root) else []  # first: by the next look, one of them may have begun
    return queue.alive(root) or next(iter(waits), None)


def after_it(root: Path) -> str:
    """', and after it 2 runs that wait', of those that will be started; empty where there are none."""
    n = len(queue.waiting(root)) if queue.served(root) else 0
    return f", and after it {plural(n, 'run that waits', 'runs that wait')}" if n else ""


def add(run: RunFolder, as_json: bool) -> int:
    """Queue a run and say when it starts; returns the exit code. Raises BadRun where it is running."""
    turn = queue.add(run)
    place, after = (turn.place, turn.after or None) if turn else (0, None)
    if as_json:
        print_json({"run": str(run.path), "place": place, "after": after})
    elif after:
        say([f"{run.name} waits, {ordinal(place)} in the queue; {when(turn)}."])
    else:
        say([f"{run.name} starts now, as no other runs. Watch it with: workbench"])
    return 0


def show(root: Path, as_json: bool) -> int:
    """Say what waits, in its order, and have it started where nothing does that; returns the exit code. Raises BadRun."""
    runs = queue.waiting(root)
    turns = [queue.turn(run) for run in runs]
    started = queue.start(root)
    if as_json:
        waiting = [{"run": str(run.path), "after": turn.after or None if turn else None} for run, turn in zip(runs, turns, strict=True)]
        print_json({"waiting": waiting, "started": started})
        return 0
    rows = enumerate(zip(runs, turns, strict=True), 1)
    say(f"{ordinal(place):<5} {run.name}  {when(turn)}" for place, (run, turn) in rows)
    if not runs:
        say(["Nothing waits in the queue. workbench train --queue adds a run."])
    elif started:
        say(["The queue had been interrupted. It goes on now."])
    return 0
