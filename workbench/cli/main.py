"""The command line: the engine without the app. Each command has a file of its own beside this one."""

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NamedTuple

from core import memory
from core.errors import BadRecipe, WorkbenchError
from core.runs import control
from workbench.cli.flags import FAILED, INTERRUPTED, USAGE, Parser, add_json, as_given, literal_after_dashes
from workbench.cli.printing import say


class Command(NamedTuple):
    """Its file has `add_arguments(parser)`: what it alone takes, and `execute(given)`: the exit code."""

    words: str
    takes: str  # of what many take: run, runs, json


COMMANDS = {
    "open": Command("open the workbench (what workbench alone does too)", "runs"),
    "train": Command("train a classifier, from a recipe file or flags; alone, on the sample", "runs json"),
    "sweep": Command(
        "run several settings with several seeds, and say in a table which is better and how sure that is", "runs json"
    ),
    "auto": Command(
        "find the best classifier that a budget of time allows: words, probes, fine-tuning of what looks best",
        "runs json",
    ),
    "predict": Command("classify texts with a trained run", "run runs json"),
    "data": Command("say what is in a file of labelled texts", "runs json"),
    "mend": Command(
        "relabel or drop rows of a file, undo that, or list what was mended; the file itself is never changed",
        "runs json",
    ),
    "runs": Command("list the runs", "runs json"),
    "compare": Command(
        "compare two runs: the test rows that one wins and loses to the other, and what differs in their recipes",
        "run runs json",
    ),
    "name": Command("give a run a name, which commands take too, and a note", "run runs json"),
    "show": Command(
        "show what a run was and how it ended, or its training as one PyTorch script (show RUN --code)",
        "run runs json",
    ),
    "recipes": Command(
        "list the recipes by name, the book's experiments among them (train --preset NAME follows one)", "json"
    ),
    "pretrain": Command("make a small language model from your own plain text, to fine-tune afterwards", "runs json"),
    "models": Command("list the models and whether their weights are here, or ask one (models ask)", "json"),
    "fetch": Command("bring a model's files here, by name or from an address on the hub, and verify them", "json"),
    "queue": Command(
        "list the runs that wait for their turn, and go on with them where the queue was interrupted", "runs json"
    ),
    "resume": Command("resume a run that was stopped, has failed or has vanished", "run runs json"),
    "ctl": Command(
        "tell a run something while it runs: "
        + ", ".join(f"{word} {command.argument}".rstrip() for word, command in control.COMMANDS.items()),
        "run runs json",
    ),
    "export": Command("write a run as a folder that transformers or onnxruntime opens", "run runs"),
    "import": Command(
        "bring in a classifier that the book's chapter saved (review_classifier.pth), to ask and export it",
        "runs json",
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 bad usage or recipe, 130 interrupted."""
    sys.excepthook = _say_where
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that has not every character is sent how Python escapes it
            stream.reconfigure(errors="backslashreplace")
    try:
        given = parse(sys.argv[1:] if argv is None else argv)
        if given.command != "open":
            gc.enable()  # __main__ has it off until the app's first frame
        code = given.execute(given)
        if sys.stdout:
            sys.stdout.flush()
        return code
    except BadRecipe as error:
        say((f"workbench: {problem}" for problem in error.problems), to_errors=True)
        return USAGE
    except WorkbenchError as error:
        say([f"workbench: {error}"], to_errors=True)
        return FAILED
    except BrokenPipeError:  # the reader of our output has left, as head does
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)  # for what is still to be written, which Python tries at its end
        return FAILED
    except OSError as error:
        what = f"{error.filename} cannot be used: {error.strerror}" if error.filename else str(error)
        say([f"workbench: {what}."], to_errors=True)
        return FAILED
    except RecursionError:
        say(["workbench: What was read is nested too deeply. Is one of the files damaged?"], to_errors=True)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except (MemoryError, RuntimeError) as error:  # PyTorch's is a RuntimeError
        if not memory.ran_out(error):
            raise
        say(["workbench: Memory ran out. Close other programs, or give it less at once."], to_errors=True)
        return FAILED


def _say_where(*error: Any) -> None:
    """Say where a fault of the program was met: what was read from outside may stand in its words."""
    say(["".join(traceback.format_exception(*error)).rstrip()], to_errors=True)


class Version(argparse.Action):
    """Says the installed version, which is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        say([f"workbench {version('classifier-workbench')}"])
        parser.exit()


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command and what was given with it. Exits where it cannot be understood, and says why."""
    argv = list(argv)
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help", "--version"):
        argv.insert(0, "open")
    found, words = parser(argv[0]), literal_after_dashes(argv)
    while found.commands and words and words[0] in found.commands.choices:
        found, words = found.commands.choices[words[0]], words[1:]
    given, unknown = found.understood(words)
    given.command = argv[0]
    for name, value in vars(given).items():
        setattr(given, name, as_given(value))
    if unknown:
        given.parser.refuse([as_given(word) for word in unknown])
    return given


def parser(command: str) -> Parser:
    """A parser that knows every command, and the arguments of this one: the others' files are not imported."""
    top = Parser(
        prog="workbench", description="Turn a pretrained language model into a text classifier, in the terminal."
    )
    top.add_argument("--version", action=Version, nargs=0, help="show the version and exit")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, (words, takes) in COMMANDS.items():
        one = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".", allow_abbrev=False)
        if name == command:  # its file alone is imported
            shared = takes.split()
            file = import_module(f"workbench.cli.{'import_book' if name == 'import' else name}")
            one.set_defaults(parser=one, execute=file.execute)
            if "run" in shared:
                one.add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
            file.add_arguments(one)
            if "runs" in shared:
                words = "where runs live (else WORKBENCH_RUNS, else the user's data folder)"
                one.add_argument("--runs", metavar="DIR", help=words)
            if "json" in shared:
                add_json(one)
    return top
