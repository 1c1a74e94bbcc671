"""The worker's end of events.jsonl: append-only, whole lines, stamped."""

import os
import time

from core.runs.events import Applied, Event, Resumed, decode, encode
from core.runs.folder import TAIL, RunFolder


class EventLog:
    """Appends events of one attempt. A line torn by a killed attempt is closed off first, and readers skip it."""

    def __init__(self, run: RunFolder):
        self._run = run
        before = _tail(run)
        self.attempt = 1 + max((event.attempt for event in decode(before)), default=0)
        self._step = 0
        self._file = open(run.events_file, "ab", buffering=0)
        if before and not before.endswith(b"\n"):
            self._file.write(b"\n")

    def answered(self) -> set[str]:
        """The ids of the control lines that earlier attempts answered."""
        with open(self._run.events_file, "rb") as file:
            lines = [line for line in file if b'"applied"' in line]  # few among millions: only they are decoded
        return {event.id for event in decode(b"".join(lines)) if isinstance(event, Applied)}

    def write(self, event: Event, sync: bool = False) -> None:
        """Stamp an event and append it; `sync` returns only when it is on disk."""
        if isinstance(event, Resumed):
            self._step = event.from_step
        self._step = max(event.step, self._step)
        event.t, event.attempt, event.step = time.time(), self.attempt, self._step
        self._file.write(encode(event))
        if sync:
            os.fsync(self._file.fileno())


def _tail(run: RunFolder) -> bytes:
    try:
        with open(run.events_file, "rb") as file:
            file.seek(max(0, os.path.getsize(run.events_file) - TAIL))
            return file.read()
    except FileNotFoundError:
        return b""
