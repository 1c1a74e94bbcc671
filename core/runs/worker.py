"""The process of a run: `python -P -m core.runs.worker RUN`. It reads the folder, learns, and writes what happens."""

import os
import signal
import sys
import threading
import time
import traceback

import msgspec

from core import files
from core.errors import WorkbenchError
from core.runs.control import Inbox
from core.runs.events import Applied, Ended, Phase, stopped
from core.runs.folder import RunFolder
from core.runs.launch import LOCK_FD, SENT_BEFORE, lock
from core.runs.log import EventLog

NICE = 10  # the interface comes first
HEARTBEAT = 1.0  # seconds
PROGRESS = 0.1  # seconds between two events of one phase


class Stopping:
    """Whether to stop: asked for in control.jsonl, or by a signal. Each control line is answered once."""

    def __init__(self, run: RunFolder, log: EventLog):
        self._inbox, self._log = Inbox(run.control_file), log
        self._asked = threading.Event()
        answered = log.answered()
        for line in self._inbox.before(int(os.environ.pop(SENT_BEFORE, "0"))):
            # sent to an attempt that ended before it could answer: this one was started to go on
            if line.id not in answered:
                log.write(Applied(id=line.id, control=msgspec.to_builtins(line.control), refused="the run had ended"))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._asked.set())

    def __call__(self) -> bool:
        """Cheap enough to ask between any two batches."""
        for line in self._inbox.poll():
            self._log.write(Applied(id=line.id, control=msgspec.to_builtins(line.control)), sync=True)
            self._asked.set()
        return self._asked.is_set()


class Interrupted(BaseException):
    """A stop came while nothing was being learned yet, or any more. No library on the way takes it for its own."""


class Phases:
    """Progress calls into Phase events: the first, the last, and not too many between."""

    def __init__(self, log: EventLog, stopping: Stopping):
        self._log, self._stopping = log, stopping
        self._name, self._last = "", 0.0

    def __call__(self, name: str, done: int, total: int, unit: str) -> None:
        """Raises Interrupted where a stop was asked for."""
        now = time.monotonic()
        if name != self._name or done >= total or now - self._last > PROGRESS:
            self._name, self._last = name, now
            self._log.write(Phase(name=name, done=done, total=total, unit=unit))
        if self._stopping():
            raise Interrupted


def heartbeat(run: RunFolder) -> None:
    """Touch a file for as long as the process lives, whatever the main thread is busy with."""

    def beat() -> None:
        while True:
            try:
                run.heartbeat_file.touch()
            except OSError:
                return  # a folder that takes no more writes is said where something is lost by it
            time.sleep(HEARTBEAT)

    threading.Thread(target=beat, daemon=True).start()


def work(run: RunFolder, log: EventLog) -> Ended:
    """One attempt at the run, from wherever the last one got to; returns how it ended."""
    stopping = Stopping(run, log)
    try:
        # these bring torch, which takes seconds; a stop is heard already
        if run.pretrains:
            from core.runs.pretrain import pretrain as attempt
        else:
            from core.runs.attempt import attempt

        ended = None
        for event in attempt(run, Phases(log, stopping), stopping, resumed=log.attempt > 1):
            if isinstance(event, Ended):
                ended = event
            else:
                log.write(event)
        return ended
    except Interrupted:
        return stopped()
    except WorkbenchError as error:
        return Ended(state="failed", why=error.what, do=error.do)
    except MemoryError:
        traceback.print_exc()
        return Ended(state="failed", why="Memory ran out.", do="Try a smaller batch, or fewer learning layers.")
    except Exception as error:
        # whatever it is, the person hears of it in the run, and the log keeps where it happened
        traceback.print_exc()
        if files.disk_full(error):
            return Ended(state="failed", why="The disk is full.", do="Free some space, then resume the run.")
        what = f"Something unexpected: {type(error).__name__}: {error}."
        return Ended(state="failed", why=what, do=f"{run.log_file} has the details.")


def main(path: str) -> int:
    """Run one attempt; 0 when it is done or was stopped, 1 when it failed."""
    run = RunFolder(path)
    inherited = os.environ.pop(LOCK_FD, None)
    held = int(inherited) if inherited else lock(run)  # held until the process ends
    os.nice(NICE)
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    # threads that wait for one another sleep: spinning, they keep from the CPU those they wait for, and a run
    # beside any other busy program becomes ten times slower
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    log = EventLog(run)
    heartbeat(run)
    ended = work(run, log)
    log.last(ended)
    os.close(held)
    return 1 if ended.state == "failed" else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except (WorkbenchError, OSError) as error:  # there is no log of events to say it in
        sys.exit(str(error))
