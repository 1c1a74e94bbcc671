"""What a run is told through its folder, each line answered once in its log; and by signals."""

import os
import time
from collections import deque

import msgspec

from core.runs.control import Evaluate, Inbox, Line, Stop, change_of
from core.runs.events import Applied
from core.runs.folder import RunFolder
from core.runs.launch import SENT_BEFORE
from core.runs.log import EventLog
from core.train.control_source import ControlSource

POLL = 0.05  # seconds between two looks while it is paused


class FileControlSource(ControlSource):
    """Lines of control.jsonl. Those that come before learning has begun wait for it, but for a stop."""

    def __init__(self, run: RunFolder, log: EventLog):
        answers = log.answers()
        obeyed = [(answer.step, change_of(answer.control)) for answer in answers if not answer.refused]
        super().__init__(changes=[(step, change) for step, change in obeyed if change])
        self._inbox, self._log = Inbox(run.control_file), log
        self._waiting: deque[Line] = deque()
        self._stop = self._begun = False
        self._closed = ""
        self._answered = {answer.id for answer in answers}
        for line in self._inbox.before(int(os.environ.pop(SENT_BEFORE, "0"))):
            # sent to an attempt that ended before it could answer: this one was started to go on
            if line.id not in self._answered:
                self.answer(line, 0, "the run had ended")

    def stop(self) -> None:
        """Stop, as by a line."""
        self._stop = True

    def stopping(self) -> bool:
        for line in self._inbox.poll():
            match line.control:
                case _ if line.id in self._answered:  # by an attempt before this one
                    pass
                case Stop():
                    self.answer(line, 0)
                    self._stop = True
                case _ if self._closed:
                    self.answer(line, 0, self._closed)
                case Evaluate() if not self._begun:
                    self.answer(line, 0, "it has not begun to learn")
                case _:
                    self._waiting.append(line)
        return self._stop

    def next(self) -> Line | None:
        self._begun = True
        return self._waiting.popleft() if self._waiting else None

    def answer(self, line: Line, step: int, refused: str | None = None) -> None:
        self._log.write(
            Applied(id=line.id, control=msgspec.to_builtins(line.control), refused=refused, step=step), sync=True
        )
        super().answer(line, step, refused)

    def wait(self) -> None:
        time.sleep(POLL)

    def close(self, why: str) -> None:
        self._closed = why
        while line := self.next():
            self.answer(line, 0, why)
