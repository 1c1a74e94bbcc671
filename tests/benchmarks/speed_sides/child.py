"""What the children of the benchmark share: a job comes in as JSON, an answer goes out as JSON."""

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

NICE = 10  # that of a run's worker, so that no side is favoured


def serve(measure: Callable[[dict], dict], niced: bool = False) -> None:
    """Answer the job of `python -m speed_sides.SIDE JOB ANSWER`, with this process's peak memory in bytes.

    `niced` says that `measure` lowers the priority itself.
    """
    if not niced:
        os.nice(NICE)
    found = measure(json.loads(Path(sys.argv[1]).read_text()))
    Path(sys.argv[2]).write_text(json.dumps(found | {"peak": peak()}))


def peak() -> int:
    """Bytes of memory that this process held at most. What its parent held before it began does not count."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def spread(values: list, n: int, by: Callable) -> list:
    """`n` of the values, or all of fewer, evenly from the lowest to the highest: their mean stands for that of all."""
    ordered = sorted(values, key=by)
    n = min(n, len(ordered))
    return [ordered[int((i + 0.5) * len(ordered) / n)] for i in range(n)]
