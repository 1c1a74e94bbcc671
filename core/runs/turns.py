"""The queue of runs in words, and on the command line."""

from pathlib import Path

import msgspec

from core.runs import queue
from core.runs.events import Event
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.queue import Turn
from core.runs.records import Status
from core.wording import plural


def when(turn: Turn | None) -> str:
    """When a queued run starts: 'it starts when r14 ends'."""
    return f"it starts when {turn.after} ends" if turn and turn.after else "it starts now"


def in_words(name: str, turn: Turn) -> tuple[str, str]:
    """What a queued run waits for, and which key does what about it."""
    if not turn.served:
        return f"{name} waits in the queue, which was interrupted.", "r continues it."
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


def opened(run: RunFolder) -> tuple[Status, History, int]:
    """A run's status, what has happened in it so far, and the offset of its log to go on from."""
    status, history, offset = status_of(run), History(), 0  # in this order, as in `news`
    for events, offset in run.batches():  # noqa: B007
        for event in events:
            history.apply(event)
    return status, history, offset


def news(run: RunFolder, offset: int) -> tuple[Status, list[Event], int]:
    """A run's status, what happened in it after `offset` of its log, and the offset to go on from."""
    status = status_of(run)  # before its events: a run seen to have ended has then been read to the end
    return status, *run.events(offset)
