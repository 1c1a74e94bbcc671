"""`workbench ctl`: sending a control to a run, and printing what comes of it."""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from core import files
from core.errors import BadRecipe, BadRun, Problem
from core.estimate.remaining import plan_now
from core.freeze import FreezePlan
from core.runs import queue
from core.runs.control import COMMANDS, Control, Inbox, SetTrainable, Stop
from core.runs.describe import describe
from core.runs.events import Applied, Event, Started, StepExamples
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.root import find_run, runs_root
from core.runs.step_texts import MARK_WIDTH, StepText, step_texts
from core.wording import on_one_line, percent
from workbench.cli.flags import DONE, FAILED
from workbench.cli.printing import print_json, say
from workbench.formatting import cut, pad

TIMEOUT = 5.0  # seconds
POLL = 0.05
Kind = TypeVar("Kind", bound=Event)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    *others, last = COMMANDS
    parser.add_argument("what", metavar="WHAT", choices=list(COMMANDS), help=f"{', '.join(others)} or {last}")
    words = "how many steps or epochs, the learning rate, or parts as --trainable takes them"
    parser.add_argument("number", nargs="?", metavar="N", help=words)


def execute(given: argparse.Namespace) -> int:
    run = find_run(runs_root(given.runs), given.run)
    return send(run, given.what, control_of(run, given.what, given.number), given.json)


def control_of(run: RunFolder, what: str, number: str | None) -> Control:
    """What is meant by a word and its number, or the parts of the model that it names.

    Raises BadRecipe where that is missing, makes no sense, or is one too many, and BadRun.
    """
    command = COMMANDS[what]
    if command.argument == "PARTS":
        return _about_parts(run, what, number)
    if not command.argument and number is not None:
        raise BadRecipe([Problem(what, f"takes no number, and {number!r} was given.")])
    try:
        return command.control(*([] if number is None else [number]))
    except (TypeError, ValueError) as error:
        given = "none" if number is None else repr(number)
        raise BadRecipe([Problem(what, f"takes a number, and {given} was given.")]) from error


def _about_parts(run: RunFolder, what: str, named: str | None) -> Control:
    """What is to learn in all, where some parts are to be added, or taken away."""
    recipe = run.recipe()
    if named is None:
        raise BadRecipe([Problem(what, "names no part.", "last_two_blocks, say, or blocks.3,norm.")])
    events = run.events()[0]
    answered = {event.id for event in events if isinstance(event, Applied)}
    sent = [line.control for line in Inbox(run.control_file).poll() if line.id not in answered]
    last = next((one for one in reversed(sent) if isinstance(one, SetTrainable)), None)  # which it has not read yet
    plan = FreezePlan.parse(last.trainable, recipe.plan.n_blocks) if last else plan_now(recipe, History.of(events))
    try:
        return COMMANDS[what].control(plan, FreezePlan.parse(named, plan.n_blocks))
    except ValueError as error:
        raise BadRecipe([Problem(what, str(error))]) from error


def send(run: RunFolder, what: str, control: Control, as_json: bool) -> int:
    """Send a control and print what comes of it in a few seconds; the exit code says whether it was refused.

    `what` is the word for it, of COMMANDS. A stop takes a queued run out of the queue.

    Raises BadRun where the run is not running, or ends before it has answered.
    """
    status = run.status()
    if status.state == "queued":
        return _take_out(run, control, as_json)
    if not status.alive:
        raise BadRun(f"{run.name} is not running: it is {status.state}.", _now_that_it_ended(run))
    answers = Answers(run, control)
    answer = answers.wait(Applied, lambda event: event.id == answers.id)
    if answer is None and not run.locked():
        raise BadRun(f"{run.name} ended before it answered.", _now_that_it_ended(run))
    came = COMMANDS[what].answered_by
    if answer and not answer.refused and came:
        answers.wait(came, lambda event: getattr(event, "whole", True))
    if as_json:
        texts = {step: [text._asdict() for text in learned] for step, learned in answers.step_texts()}
        refused, step = (answer.refused, answer.step) if answer else (None, None)
        print_json(_document(run, control, answers.id, answer is not None, step, refused, texts))
    else:
        say([*answers.lines()] or [f"{run.name} has not answered yet. It answers between two steps, once it learns."])
    return FAILED if answer and answer.refused else DONE


def _now_that_it_ended(run: RunFolder) -> str:
    """What to do with a run that hears nothing more."""
    done = run.status().state == "done"
    return "There is nothing left to change." if done else f"Resume it with: workbench resume {run.name}"


def _take_out(run: RunFolder, control: Control, as_json: bool) -> int:
    if control != Stop():
        raise BadRun(
            f"{run.name} is not running: it waits in the queue.", f"workbench ctl {run.name} stop takes it out."
        )
    queue.take_out(run)
    if as_json:
        print_json(_document(run, control, None, True, run.status().step, None, {}))
    else:
        say([f"{run.name} is out of the queue."])
    return DONE


def _document(
    run: RunFolder, control: Control, id: str | None, answered: bool, step: int | None, refused: str | None, texts: dict
) -> dict:
    sent = {"run": str(run.path), "id": id, "control": msgspec.to_builtins(control)}
    return sent | {"answered": answered, "refused": refused, "step": step, "steps": texts}


class Answers:
    """What happens in a run after a control was sent to it, from its answer on."""

    def __init__(self, run: RunFolder, control: Control):
        self._run = run
        self._offset = files.size(run.events_file)
        self._until = time.monotonic() + TIMEOUT
        self._unread: list[Event] = []
        self.events: list[Event] = []
        self.id = run.send(control)

    def wait(self, kind: type[Kind], wanted: Callable[[Kind], bool]) -> Kind | None:
        """The next event of a kind that is wanted; None where it does not come in time, or cannot come any more."""
        while True:
            alive = self._run.locked()  # asked before reading: what it wrote last is then read too
            events, self._offset = self._run.events(self._offset)
            self._unread += events
            while self._unread:
                event = self._unread.pop(0)
                answer = event if isinstance(event, kind) and wanted(event) else None
                if answer or self.events:
                    self.events.append(event)
                if answer:
                    return answer
            if not alive or time.monotonic() > self._until:
                return None
            time.sleep(POLL)

    def lines(self) -> Iterator[str]:
        """What happened, in lines. Raises BadRun where the texts of a step cannot be read."""
        learned = dict(self.step_texts())
        for event in self.events:
            if words := on_one_line(describe(event)):
                yield f"{self._run.name}, step {event.step:,}: {words}"
            if isinstance(event, StepExamples):
                yield from map(_line, learned[event.step])

    def step_texts(self) -> Iterator[tuple[int, list[StepText]]]:
        """Each step whose texts were recorded, with them. Raises BadRun where they cannot be read."""
        steps = [event for event in self.events if isinstance(event, StepExamples)]
        if steps:
            labels = next(event.labels for event in self._run.events()[0] if isinstance(event, Started))
            yield from ((event.step, step_texts(self._run, event, labels)) for event in steps)


def _line(one: StepText) -> str:
    """A text of a step; on a terminal in one of its lines, anywhere else whole."""
    said = f"{on_one_line(one.answer)} {percent(one.probability)}"
    right = f"is {on_one_line(one.label)}:  {on_one_line(one.text)}"
    line = f"  loss {one.loss_in_words:>6}  {pad(one.mark, MARK_WIDTH)}  said {said}, {right}"
    return cut(line, shutil.get_terminal_size().columns) if sys.stdout.isatty() else line
