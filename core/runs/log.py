"""The worker's end of events.jsonl: append-only, whole lines, stamped."""

import os
import time

from core import files
from core.runs.events import Applied, Ended, Event, Resumed, decode, encode
from core.runs.folder import RunFolder
from core.runs.log_reader import whole_lines

RESERVE = 1 << 16  # bytes


class EventLog:
    """Appends events of one attempt. Readers skip a line that a killed attempt left unfinished.

    Making one raises BadRun where the file is none of the run's own.
    """

    def __init__(self, run: RunFolder):
        self._run = run
        self.attempt = 1 + max((event.attempt for event in run.tail()), default=0)
        self._step = 0
        self._began = time.time() - time.monotonic()  # a clock that is set while the run goes on changes no duration
        self._file = files.appending(run.events_file)

    def reserve(self) -> None:
        """Take room that `last` gives back: the event that says that the disk is full needs it. Raises OSError."""
        files.write(self._run.reserve_file, bytes(RESERVE))

    def answers(self) -> list[Applied]:
        """What earlier attempts answered to control lines."""
        some = (part.splitlines(keepends=True) for part, _ in whole_lines(self._run.events_file, 0))
        lines = [line for part in some for line in part if b'"applied"' in line]  # only these few are decoded
        return [event for event in decode(b"".join(lines)) if isinstance(event, Applied)]

    def write(self, event: Event, sync: bool = False) -> None:
        """Stamp an event and append it; `sync` returns only when it is on disk."""
        if isinstance(event, Resumed):
            self._step = event.from_step
        self._step = max(event.step, self._step)
        event.t, event.attempt, event.step = self._began + time.monotonic(), self.attempt, self._step
        files.append(self._file, encode(event))
        if sync:
            os.fsync(self._file.fileno())

    def last(self, event: Ended) -> None:
        """Write the attempt's last event, even to a disk that was full."""
        self._run.reserve_file.unlink(missing_ok=True)
        self.write(event, sync=True)
