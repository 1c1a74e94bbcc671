"""Watching a run from the command line: bars on a terminal, lines in a pipe. Leaving it leaves the run running."""

import subprocess
import time
from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from core.runs.control import Stop
from core.runs.describe import describe
from core.runs.events import Ended, Event, Phase, Steps
from core.runs.folder import RunFolder
from core.runs.history import History
from core.runs.result import ClassifierResult, LanguageResult, Result
from core.runs.verdict import sentences
from core.wording import clock, count, on_one_line, percent
from workbench.cli.flags import DONE, FAILED, INTERRUPTED
from workbench.cli.interrupts import Interrupts
from workbench.cli.printing import print_json, say, say_on

POLL = 0.1  # seconds


def follow(run: RunFolder, process: subprocess.Popen, offset: int, as_json: bool) -> int:
    """Show what happens in a run after `offset` of its log until this attempt ends; returns the exit code.

    The first ctrl+c stops the run with a checkpoint, the second kills it; so does SIGTERM.
    """
    console = Console(stderr=as_json, highlight=False)
    view = Bars(console) if console.is_terminal else Lines(console)
    say_on(console, f"{run.name}  {run.path}")
    history = History()

    def stop() -> None:
        run.send(Stop())
        console.print("stopping at the next batch, with a checkpoint; ctrl+c again kills")

    with Interrupts(stop, process.kill) as interrupts, view:
        while history.ended is None:
            gone = process.poll() is not None  # asked before reading: what it wrote last is then read too
            events, offset = run.events(offset)
            for event in events:
                history.apply(event)
                view.show(event, history)
            if gone and not events:
                break
            time.sleep(POLL)
    process.wait()
    ended = history.ended
    if ended and ended.state == "done":
        if as_json:
            print_json(ended.result)
        else:
            say(summary(run, ended.result))
        return DONE
    status = run.status()
    if as_json:
        print_json({"run": str(run.path), "state": status.state, "why": status.why, "do": status.do})
    say([f"{run.name} {status.state}. {status.why} {status.do}"], to_errors=as_json)
    return INTERRUPTED if interrupts.count or status.state == "stopped" else FAILED


def summary(run: RunFolder, result: Result | None) -> list[str]:
    """A finished run in a few lines."""
    match result:
        case LanguageResult(held_out=held_out, seconds=seconds):
            return [
                f"held-out text costs {held_out.bits_per_byte:.3f} bits a byte; "
                f"{percent(held_out.accuracy)} of its next tokens are guessed",
                f"{count(result.parameters)} parameters, {count(result.tokens)} tokens read, "
                f"{clock(seconds.learn)} of learning",
                run.fine_tune,
            ]
        case ClassifierResult(seconds=seconds):
            lines = [*result.lines(), *result.split_lines()]
            rows = [(line.name, percent(line.share), line.interval, line.words) for line in lines]
            name, share, interval = (max(len(row[i]) for row in rows) for i in range(3))
            said = [f"{row[0]:<{name}}  {row[1]:>{share}}  {row[2]:<{interval}}  {row[3]}" for row in rows]
            ask = f'{clock(seconds.total)} in all. Ask it: workbench predict {run.name} "your text"'
            verdict = [*sentences(result), *result.advice]
            return [*said, *verdict, *filter(None, [result.cache_savings]), ask]
    return []


class Lines(AbstractContextManager):
    """One plain line for each thing that happened, and for each tenth of the steps."""

    def __init__(self, console: Console):
        self._console, self._shown, self._phase = console, 0, ""

    def __exit__(self, *_: object) -> None:
        """Nothing is left open."""

    def show(self, event: Event, history: History) -> None:
        words = on_one_line(describe(event))
        if isinstance(event, Steps) and event.step * 10 // history.n_steps > self._shown:
            self._shown = event.step * 10 // history.n_steps
            words = f"step {event.step} of {history.n_steps}: loss {event.loss[-1]:.3f}"
        if isinstance(event, Phase) and event.name != self._phase:
            self._phase, words = event.name, event.name
        if words and not isinstance(event, Ended):
            say_on(self._console, words)


class Bars(Progress):
    """A progress bar for each phase, with what happens printed above."""

    def __init__(self, console: Console):
        name, words = (TextColumn(f"{{task.{what}}}", markup=False) for what in ("description:<10", "fields[words]"))
        columns = name, BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn(), words
        super().__init__(*columns, console=console)
        self._phases: dict[str, TaskID] = {}

    def show(self, event: Event, history: History) -> None:
        if isinstance(event, Phase):
            words = "frozen layers, once for every text" if event.name == "encode" else ""
            self._draw(event.name, event.done, event.total, words)
        elif isinstance(event, Steps):
            words = f"loss {event.loss[-1]:.3f}  {history.steps_per_second:.1f} steps/s  {event.rss / 1e9:.1f} GB"
            self._draw("learn", event.step, history.n_steps, words)
        elif not isinstance(event, Ended) and (words := on_one_line(describe(event))):
            say_on(self.console, words)

    def _draw(self, name: str, done: int, total: int, words: str) -> None:
        if name not in self._phases:
            self._phases[name] = self.add_task(on_one_line(name), total=total, words=words)
        self.update(self._phases[name], completed=done, total=total, words=words)
