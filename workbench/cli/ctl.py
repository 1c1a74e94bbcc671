"""Telling a run something from the command line, and hearing what comes of it."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator

import msgspec

from core import files
from core.errors import BadRecipe, BadRun, Problem
from core.estimate.remaining import plan_now
from core.freeze import FreezePlan
from core.runs import queue
from core.runs.control import (
    Continue,
    Control,
    Epochs,
    Evaluate,
    Inbox,
    Pause,
    Rates,
    Save,
    SetTrainable,
    Step,
    Stop,
)
from core.runs.describe import describe
from core.runs.events import (
    Applied,
    Checkpointed,
    Continued,
    Ended,
    Evaluated,
    Event,
    Paused,
    Started,
    StepExamples,
)
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.root import find_run, runs_root
from core.runs.step_texts import MARK_WIDTH, StepText, step_texts
from core.wording import on_one_line, percent
from workbench.cli.flags import DONE, FAILED
from workbench.cli.printing import print_json, say
from workbench.formatting import cut, pad

PATIENCE = 5.0  # seconds
POLL = 0.05
PLAIN: dict[str, Control] = {
    "pause": Pause(),
    "resume": Continue(),
    "stop": Stop(),
    "save": Save(),
    "evaluate": Evaluate(),
}
WITH_NUMBER: dict[str, Callable[[str], Control]] = {
    "step": lambda n: Step(int(n)),
    "lr": lambda rate: Rates(lr=float(rate)),
    "head-lr": lambda rate: Rates(head_lr=float(rate)),
    "epochs": lambda n: Epochs(float(n)),
}
ABOUT_PARTS: dict[str, Callable[[FreezePlan, FreezePlan], FreezePlan]] = {
    "learn": lambda plan, named: named,
    "thaw": lambda plan, named: plan.with_parts(named.parts),
    "freeze": lambda plan, named: plan.without(named.parts),
}
COMES = {
    "pause": Paused,
    "resume": Continued,
    "step": Paused,
    "stop": Ended,
    "save": Checkpointed,
    "evaluate": Evaluated,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "pause, resume, step, stop, save, evaluate, lr, head-lr, epochs, learn, thaw or freeze"
    parser.add_argument("what", metavar="WHAT", choices=words.replace(" or", ",").split(", "), help=words)
    words = "how many steps or epochs, the learning rate, or parts as --trainable takes them"
    parser.add_argument("number", nargs="?", metavar="N", help=words)


def execute(given: argparse.Namespace) -> int:
    run = find_run(runs_root(given.runs), given.run)
    return tell(run, control_of(run, given.what, given.number), given.json)


def control_of(run: RunFolder, what: str, number: str | None) -> Control:
    """What is meant by a word and its number, or the parts of the model that it names.

    Raises BadRecipe where that is missing, makes no sense, or is one too many, and BadRun.
    """
    if what in PLAIN:
        if number is not None:
            raise BadRecipe([Problem(what, f"takes no number, and {number!r} was given.")])
        return PLAIN[what]
    if what in ABOUT_PARTS:
        return _about_parts(run, what, number)
    if number is None and what == "step":
        return Step()
    try:
        return WITH_NUMBER[what](number)
    except (TypeError, ValueError) as error:
        given = "none" if number is None else repr(number)
        raise BadRecipe([Problem(what, f"takes a number, and {given} was given.")]) from error


def _about_parts(run: RunFolder, what: str, named: str | None) -> SetTrainable:
    """What is to learn in all, where some parts are to be added, or taken away."""
    recipe = run.recipe()
    if named is None:
        raise BadRecipe([Problem(what, "names no part.", "last_two_blocks, say, or blocks.3,norm.")])
    events = run.events()[0]
    answered = {event.id for event in events if isinstance(event, Applied)}
    told = [line.control for line in Inbox(run.control_file).poll() if line.id not in answered]
    last = next((one for one in reversed(told) if isinstance(one, SetTrainable)), None)  # which it has not heard yet
    plan = FreezePlan.parse(last.trainable, recipe.plan.n_blocks) if last else plan_now(recipe, History.of(events))
    try:
        return SetTrainable(str(ABOUT_PARTS[what](plan, FreezePlan.parse(named, plan.n_blocks))))
    except ValueError as error:
        raise BadRecipe([Problem(what, str(error))]) from error


def tell(run: RunFolder, told: Control, as_json: bool) -> int:
    """Tell a run something and print what comes of it in a few seconds; the exit code says whether it was refused.
    A stop takes a queued run out of the queue.

    Raises BadRun where the run is not running, or ends before it has answered.
    """
    status = run.status()
    if status.state == "queued":
        return _take_out(run, told, as_json)
    if not status.alive:
        do = (
            "Nothing is left to be told."
            if status.state == "done"
            else f"Take it up again with: workbench resume {run.name}"
        )
        raise BadRun(f"{run.name} is not running: it is {status.state}.", do)
    answers = Answers(run, told)
    answer = answers.wait(lambda event: isinstance(event, Applied) and event.id == answers.id)
    if answer is None and not run.locked():
        raise BadRun(f"{run.name} ended before it answered.", f"Take it up again with: workbench resume {run.name}")
    control = msgspec.to_builtins(told)
    came = COMES.get(control["type"])
    if answer and not answer.refused and came:
        answers.wait(lambda event: isinstance(event, came) and getattr(event, "whole", True))
    if as_json:
        texts = {step: [one._asdict() for one in learned] for step, learned in answers.learned()}
        known = {
            "answered": answer is not None,
            "refused": answer.refused if answer else None,
            "step": answer.step if answer else None,
        }
        print_json({"run": str(run.path), "id": answers.id, "control": control, **known, "steps": texts})
    else:
        say([*answers.said()] or [f"{run.name} has not answered yet. It answers between two steps, once it learns."])
    return FAILED if answer and answer.refused else DONE


def _take_out(run: RunFolder, told: Control, as_json: bool) -> int:
    if told != Stop():
        raise BadRun(
            f"{run.name} is not running: it waits in the queue.", f"workbench ctl {run.name} stop takes it out."
        )
    queue.take_out(run)
    if as_json:
        known = {
            "id": None,
            "control": msgspec.to_builtins(told),
            "answered": True,
            "refused": None,
            "step": run.status().step,
            "steps": {},
        }
        print_json({"run": str(run.path), **known})
    else:
        say([f"{run.name} is out of the queue."])
    return DONE


class Answers:
    """What happens in a run after it was told something, from its answer on."""

    def __init__(self, run: RunFolder, told: Control):
        self._run = run
        self._offset = files.size(run.events_file)
        self._until = time.monotonic() + PATIENCE
        self._rest: list[Event] = []
        self.heard: list[Event] = []
        self.id = run.send(told)

    def wait(self, wanted: Callable[[Event], bool]) -> Event | None:
        """The next event like this; None where it does not come in time, or cannot come any more."""
        while True:
            alive = self._run.locked()  # asked before reading: what it wrote last is then read too
            events, self._offset = self._run.events(self._offset)
            self._rest += events
            while self._rest:
                event = self._rest.pop(0)
                found = wanted(event)
                if found or self.heard:
                    self.heard.append(event)
                if found:
                    return event
            if not alive or time.monotonic() > self._until:
                return None
            time.sleep(POLL)

    def said(self) -> Iterator[str]:
        """What was heard, in lines. Raises BadRun where the texts of a step cannot be read."""
        learned = dict(self.learned())
        for event in self.heard:
            if words := on_one_line(describe(event)):
                yield f"{self._run.name}, step {event.step:,}: {words}"
            if isinstance(event, StepExamples):
                yield from map(_line, learned[event.step])

    def learned(self) -> Iterator[tuple[int, list[StepText]]]:
        """Each step that told of its texts, with them. Raises BadRun."""
        told = [event for event in self.heard if isinstance(event, StepExamples)]
        if told:
            labels = next(event.labels for event in self._run.events()[0] if isinstance(event, Started))
            yield from ((event.step, step_texts(self._run, event, labels)) for event in told)


def _line(one: StepText) -> str:
    """A text of a step; on a terminal in one of its lines, anywhere else whole."""
    said = f"{on_one_line(one.answer)} {percent(one.probability)}"
    right = f"is {on_one_line(one.label)}:  {on_one_line(one.text)}"
    line = f"  loss {one.loss_in_words:>6}  {pad(one.mark, MARK_WIDTH)}  said {said}, {right}"
    return cut(line, shutil.get_terminal_size().columns) if sys.stdout.isatty() else line
