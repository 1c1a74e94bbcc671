"""`workbench queue`, and the other commands' --queue."""

import argparse

from core.runs import queue
from core.runs.folder import RunFolder
from core.runs.root import runs_root
from core.runs.turns import when
from core.wording import ordinal
from workbench.cli.printing import print_json, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no arguments of its own."""


def add(run: RunFolder, as_json: bool) -> int:
    """Queue a run and say when it starts; returns the exit code. Raises BadRun where it is running."""
    turn = queue.add(run)
    place, after = (turn.place, turn.after or None) if turn else (0, None)
    if as_json:
        print_json({"run": str(run.path), "place": place, "after": after})
    elif after:
        say([f"{run.name} waits, {ordinal(place)} in the queue; {when(turn)}."])
    else:
        say([f"{run.name} starts now, as no other runs. Watch it with: workbench"])
    return 0


def execute(given: argparse.Namespace) -> int:
    """Print what waits, in its order, and go on with it where nothing does; returns the exit code. Raises BadRun."""
    root = runs_root(given.runs)
    turns = queue.turns(root)
    started = queue.start(root)
    if given.json:
        waiting = [{"run": str(run.path), "after": turn.after or None} for run, turn in turns]
        print_json({"waiting": waiting, "started": started})
        return 0
    say(f"{ordinal(turn.place):<5} {run.name}  {when(turn)}" for run, turn in turns)
    if not turns:
        say(["Nothing waits in the queue. workbench train --queue adds a run."])
    elif started:
        say(["The queue had been interrupted. It continues now."])
    return 0
