"""Starting a worker: a process of its own that outlives whoever started it. No torch here."""

import os
import subprocess
import sys

from core import files
from core.errors import BadRun
from core.runs.folder import RunFolder

SENT_BEFORE = "WORKBENCH_SENT_BEFORE"  # bytes of control.jsonl that earlier attempts were told
LOCK_FD = "WORKBENCH_LOCK_FD"


def lock(run: RunFolder) -> int:
    """Take the run's lock; returns the open descriptor that holds it. Raises BadRun where another worker has it.

    It comes before all that is ever written to a run, and so it is refused where that would be written elsewhere.
    """
    run.demand_own()
    try:
        fd = files.lock(run.lock_file)
    except OSError as error:
        raise BadRun(f"{run.name} cannot be written: {error.strerror}.", f"Is {run.path} writable?") from error
    if fd is None:
        raise BadRun(f"{run.name} is already running.", "One run has one worker; watch it with: workbench.")
    return fd


def launch(run: RunFolder) -> subprocess.Popen:
    """Start, or resume, the run's worker; a run that waited in the queue waits no more.

    The lock is taken here and inherited, so that the run counts as alive from this moment on.
    Raises BadRun where it is running already or cannot be written.
    """
    return launch_locked(run, lock(run))


def launch_locked(run: RunFolder, fd: int) -> subprocess.Popen:
    """The same with the lock that `lock` took; it is the worker's from here on."""
    try:
        sent = files.size(run.control_file)
        files.touch(run.heartbeat_file)  # an earlier attempt's would make this one look silent
        with files.appending(run.log_file) as log:
            worker = subprocess.Popen(
                [sys.executable, "-P", "-m", "core.worker", str(run.path)],
                cwd=run.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[fd],
                env=os.environ | {LOCK_FD: str(fd), SENT_BEFORE: str(sent)},
            )
        # not before there is a worker, so that who is killed here leaves the run in the queue; and not by the worker
        # alone, so that one that cannot even begin is not started again and again
        run.queued_file.unlink(missing_ok=True)
        return worker
    except OSError as error:
        raise BadRun(f"The worker of {run.name} cannot be started: {error.strerror or error}.") from error
    finally:
        os.close(fd)
