"""Starting a run from the command line: now or in the queue, watched or left alone."""

import argparse

from core.files import size
from core.runs import queue
from core.runs.folder import RunFolder
from core.runs.launch import launch
from workbench.cli.flags import DONE
from workbench.cli.printing import print_json, say


def add_how(parser: argparse.ArgumentParser) -> None:
    """Whether the run is watched, and whether it waits for others."""
    parser.add_argument("--detach", action="store_true", help="leave the run running and return at once")
    words = "start it when the runs before it have ended; return at once"
    parser.add_argument("--queue", action="store_true", help=words)


def start(run: RunFolder, given: argparse.Namespace) -> int:
    """Start a run and follow it until it ends, unless told otherwise; returns the exit code. Raises BadRun."""
    if given.queue:
        from workbench.cli.queue import add

        return add(run, given.json)
    from workbench.cli.follow import follow

    live = queue.alive(run.path.parent)
    if live and live.path != run.path:
        words = f"{live.name} is running, and both get slower. With --queue, this one starts after it."
        say([f"workbench: {words}"], to_errors=True)
    offset = size(run.events_file)
    process = launch(run)
    if given.detach:
        if given.json:
            print_json({"run": str(run.path)}, indent=None)
        else:
            say([f"{run.name} runs. Watch it with: workbench"])
        return DONE
    return follow(run, process, offset, as_json=given.json)
