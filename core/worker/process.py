"""The process of a run: `python -P -m core.worker RUN`. It reads the folder, learns, and writes what happens."""

import os
import signal
import threading
import time
import traceback

from core import files, memory
from core.architectures.lookup import preset_for
from core.errors import NotEnoughMemory, WorkbenchError
from core.runs.events import Ended, Phase, Resumed, stopped
from core.runs.folder import RunFolder
from core.runs.launch import LOCK_FD, lock
from core.runs.log import EventLog
from core.steady import steady
from core.train.control_source import ControlSource
from core.worker.control_file import FileControlSource

NICE = 10  # the interface comes first
HEARTBEAT = 1.0  # seconds
PROGRESS = 0.1  # seconds between two events of one phase


class Interrupted(BaseException):
    """A stop came while nothing was being learned yet, or any more. No library on the way takes it for its own."""


class Phases:
    """Progress calls into Phase events: the first, the last, and not too many between."""

    def __init__(self, log: EventLog, control_source: ControlSource):
        self._log, self._control_source = log, control_source
        self._name, self._last = "", 0.0

    def __call__(self, name: str, done: int, total: int, unit: str) -> None:
        """Raises Interrupted where a stop was asked for."""
        now = time.monotonic()
        if name != self._name or done >= total or now - self._last > PROGRESS:
            self._name, self._last = name, now
            self._log.write(Phase(name=name, done=done, total=total, unit=unit))
        if self._control_source.stopping():
            raise Interrupted


def heartbeat(run: RunFolder) -> None:
    """Touch a file for as long as the process lives, whatever the main thread is busy with."""

    def beat() -> None:
        while True:
            try:
                files.touch(run.heartbeat_file)
            except (OSError, WorkbenchError):
                return  # a folder that takes no more writes is said where something is lost by it
            time.sleep(HEARTBEAT)

    threading.Thread(target=beat, daemon=True).start()


def work(run: RunFolder, log: EventLog, control_source: ControlSource) -> Ended:
    """One attempt at the run, from wherever the last one got to; returns how it ended."""
    try:
        log.reserve()
        step = run.saved_step()
        resumed = log.attempt > 1 or step > 0  # even where the log was lost
        if resumed:
            log.write(Resumed(from_step=step))
        # these bring torch, which takes seconds; a stop is heard already
        if run.pretrains:
            from core.worker.pretrain import pretrain as attempt
        elif preset_for(run.recipe()).counts:
            from core.worker.counting import attempt
        else:
            from core.worker.finetune import attempt

        for event in attempt(run, Phases(log, control_source), control_source, resumed):
            if isinstance(event, Ended):
                return event
            log.write(event)
        raise RuntimeError("the attempt said nothing of its end")
    except Interrupted:
        return stopped()
    except NotEnoughMemory as error:
        return Ended(state="failed", why=error.what, do=error.do, fits=error.fits)
    except WorkbenchError as error:
        return Ended(state="failed", why=error.what, do=error.do)
    except Exception as error:
        # whatever it is, the person hears of it in the run, and the log keeps where it happened
        traceback.print_exc()
        if files.disk_full(error):
            return Ended(state="failed", why="The disk is full.", do="Free some space, then resume the run.")
        if memory.ran_out(error):
            return Ended(state="failed", why="Memory ran out.", do="Try a smaller batch, or fewer learning layers.")
        what = f"Something unexpected: {type(error).__name__}: {error}."
        return Ended(state="failed", why=what, do=f"{run.log_file} has the details.")


def main(path: str) -> int:
    """Run one attempt; 0 when it is done or was stopped, 1 when it failed."""
    run = RunFolder(path)
    run.demand_own()
    inherited = os.environ.pop(LOCK_FD, None)
    held = int(inherited) if inherited else lock(run)  # held until the process ends
    run.queued_file.unlink(missing_ok=True)  # where its starter was killed before it could
    os.nice(NICE)
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    steady()
    for folder in (run.path, run.checkpoints, run.text_folder, run.model_folder):
        files.sweep(folder, spare=run.label_file.name)  # a person may be naming the run just now
    log = EventLog(run)
    heartbeat(run)
    control_source = FileControlSource(run, log)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: control_source.stop())
    ended = work(run, log, control_source)
    log.last(ended)
    os.close(held)
    return 1 if ended.state == "failed" else 0
