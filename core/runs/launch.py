"""Starting a worker: a process of its own that outlives whoever started it. No torch here."""

import fcntl
import os
import subprocess
import sys
import time

from core.errors import BadRun
from core.runs.folder import RunFolder

TRIES = 10
SENT_BEFORE = "WORKBENCH_SENT_BEFORE"  # bytes of control.jsonl that earlier attempts were told
LOCK_FD = "WORKBENCH_LOCK_FD"


def lock(run: RunFolder) -> int:
    """Take the run's lock; returns the open descriptor that holds it. Raises BadRun where another worker has it."""
    try:
        fd = os.open(run.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise BadRun(f"{run.name} cannot be written: {error.strerror}.", f"Is {run.path} writable?") from error
    for _ in range(TRIES):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)  # whoever asks whether a run is alive holds its lock for a moment
        else:
            return fd
    os.close(fd)
    raise BadRun(f"{run.name} is already running.", "One run has one worker; watch it with: workbench.")


def launch(run: RunFolder) -> subprocess.Popen:
    """Start, or resume, the run's worker.

    The lock is taken here and inherited, so that the run counts as alive from this moment on.
    Raises BadRun where it is running already or cannot be written.
    """
    fd = lock(run)
    try:
        sent = run.control_file.stat().st_size if run.control_file.exists() else 0
        run.heartbeat_file.touch()  # an earlier attempt's would make this one look silent
        with open(run.log_file, "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "core.runs.worker", str(run.path)],
                cwd=run.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[fd],
                env=os.environ | {LOCK_FD: str(fd), SENT_BEFORE: str(sent)},
            )
    except OSError as error:
        raise BadRun(f"The worker of {run.name} cannot be started: {error.strerror}.") from error
    finally:
        os.close(fd)
