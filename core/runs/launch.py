"""Starting a worker: a process of its own that outlives whoever started it. No torch here."""

import os
import subprocess
import sys
from pathlib import Path

from core import files
from core.errors import BadRun
from core.runs import mark
from core.runs.folder import RunFolder

SENT_BEFORE = "WORKBENCH_SENT_BEFORE"  # bytes of control.jsonl that were sent to earlier attempts
LOCK_FD = "WORKBENCH_LOCK_FD"


def start_detached(module: str, folder: Path, log: Path, fd: int, env: dict[str, str]) -> subprocess.Popen:
    """`python -m module folder` in a session of its own, so that it outlives this process; it inherits the lock `fd`.

    `env` adds to the environment. Raises OSError, and BadRun where the log is no file of its own.
    """
    with files.appending(log) as output:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(folder)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=[fd],
            env=os.environ | {LOCK_FD: str(fd)} | env,
        )


def lock(run: RunFolder) -> int:
    """Take the run's lock; returns the open descriptor that holds it. Raises BadRun where another worker has it.

    It comes before all that is ever written to a run, and so it is refused where that would be written elsewhere.
    """
    run.demand_own()
    with files.writing(run.path, f"{run.name} cannot be written"):
        fd = files.lock(run.lock_file)
    if fd is None:
        raise BadRun(f"{run.name} is already running.", "One run has one worker; watch it with: workbench.")
    return fd


def launch(run: RunFolder) -> subprocess.Popen:
    """Start, or resume, the run's worker; a run that waited in the queue waits no more.

    The lock is taken here and inherited, so that the run counts as alive from this moment on.
    Raises BadRun where it is running already, cannot be written, or came from elsewhere and nobody was asked.
    """
    return launch_locked(run, lock(run))


def launch_locked(run: RunFolder, fd: int) -> subprocess.Popen:
    """`launch`, with the run's lock, which `lock` took and which is the worker's from here on."""
    try:
        mark.demand(run)
        sent = files.size(run.control_file)
        files.touch(run.heartbeat_file)  # an earlier attempt's would make this one look silent
        worker = start_detached("core.worker", run.path, run.log_file, fd, {SENT_BEFORE: str(sent)})
        # not before there is a worker, so that who is killed here leaves the run in the queue; and not by the worker
        # alone, so that one that cannot even begin is not started again and again
        run.queued_file.unlink(missing_ok=True)
        return worker
    except OSError as error:
        raise BadRun(f"The worker of {run.name} cannot be started: {error.strerror or error}.") from error
    finally:
        os.close(fd)
