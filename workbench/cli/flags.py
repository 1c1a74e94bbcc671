"""What can be said on the command line: commands, and flags that come from the recipe's own declaration."""

import argparse
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn

from core.architectures.models import MODELS
from core.datasets import NAMED
from core.options import Option, options
from core.pretraining import Pretraining
from core.recipe import Recipe
from core.wording import shown
from workbench.cli.printing import say

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
COMMANDS = {
    "open": "open the workbench (what workbench alone does too)",
    "train": "train a classifier, from a recipe file or flags; alone, on the sample",
    "predict": "classify texts with a trained run",
    "data": "say what is in a file of labelled texts",
    "runs": "list the runs",
    "compare": "compare two runs: the test rows that one wins and loses to the other, and what differs in their recipes",
    "name": "give a run a name, which commands take too, and a note",
    "show": "show what a run was and how it ended, or its training as one PyTorch script (show RUN --code)",
    "recipes": "list the recipes by name, the book's experiments among them (train --preset NAME follows one)",
    "pretrain": "make a small language model from your own plain text, to fine-tune afterwards",
    "models": "list the models and whether their weights are here, or ask one (models ask)",
    "queue": "list the runs that wait for their turn, and go on with them where the queue was interrupted",
    "resume": "take a stopped, failed or vanished run up again",
    "ctl": "tell a run something while it runs: pause, resume, step [N], stop, save, evaluate, lr X, head-lr X, epochs N, learn PARTS, thaw PARTS, freeze PARTS",
    "export": "write a run as a folder that transformers or onnxruntime opens",
    "import": "bring in a classifier that the book's chapter saved (review_classifier.pth), to ask and export it",
}

NAMES = f"a data set: {', '.join(NAMED)}"


class Parser(argparse.ArgumentParser):
    """Complains in sentences. `commands` are the parsers of its commands, by name."""

    commands: Mapping[str, "Parser"]

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, shown(f"workbench: {message.removeprefix('argument ')}. See {self.prog} --help.\n"))

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """Say which of the words that were given are not understood here, and what may have been meant."""
        known = [flag for action in self._actions for flag in action.option_strings]
        wrong = [word.partition("=")[0] for word in words if word.startswith("-")]
        for flag in wrong:
            close = get_close_matches(flag, known, 1, 0.7)
            meant = f"Did you mean {close[0]}?" if close else f"See {self.prog} --help."
            say([f"workbench: {flag} is no option of {self.prog}. {meant}"], to_errors=True)
        if not wrong:
            self.error(f"{words[0]!r} is one word too many")
        self.exit(USAGE)


def parser() -> Parser:
    """Every command and flag. Options of the recipe are left out of the result where they are not given."""
    top = Parser(
        prog="workbench", description="Turn a pretrained language model into a text classifier, in the terminal."
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    top.commands = added = {
        name: commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".", allow_abbrev=False)
        for name, words in COMMANDS.items()
    }
    for name in ("open", "train"):
        added[name].add_argument(
            "source", nargs="?", metavar="FILE", help=f"a recipe (.toml), a file of labelled texts, or {NAMES}"
        )
        _add_options(added[name], [*options(Recipe)])
    added["data"].add_argument("source", metavar="FILE", help=f"CSV, TSV, JSONL, lines of label, tab, text, or {NAMES}")
    _add_options(
        added["data"], [o for o in options(Recipe) if o.name.startswith(("data.", "model.")) and o.name != "data.path"]
    )
    added["predict"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["predict"].add_argument(
        "texts", nargs="*", metavar="TEXT", help="texts to classify; none: lines of standard input"
    )
    added["predict"].add_argument("--file", metavar="F", help="a file with one text a line")
    added["predict"].add_argument(
        "--checkpoint", metavar="NAME", help="best, last or a step; by default what the run keeps"
    )
    added["pretrain"].add_argument("text", nargs="+", metavar="FILE", help="plain text, .gz and .xz too")
    _add_options(added["pretrain"], [o for o in options(Pretraining) if o.name != "text.paths"])
    added["resume"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["ctl"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    words = "pause, resume, step, stop, save, evaluate, lr, head-lr, epochs, learn, thaw or freeze"
    added["ctl"].add_argument("what", metavar="WHAT", choices=words.replace(" or", ",").split(", "), help=words)
    added["ctl"].add_argument(
        "number",
        nargs="?",
        metavar="N",
        help="how many steps or epochs, the learning rate, or parts as --trainable takes them",
    )
    added["compare"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["compare"].add_argument("baseline", metavar="BASELINE", help="the run that it is measured against")
    added["name"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["name"].add_argument("name", metavar="NAME", help="a word or two; '' takes the name away")
    added["name"].add_argument(
        "--note", metavar="TEXT", help="what was tried, what came of it; by default the note stays"
    )
    added["show"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["show"].add_argument(
        "--code", action="store_true", help="print a script without the workbench that learns the same"
    )
    added["export"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["export"].add_argument("folder", metavar="DIR", help="a new or empty folder")
    added["export"].add_argument(
        "--format", choices=["transformers", "onnx"], default="transformers", help="what is to open it (transformers)"
    )
    _add_import(added["import"])
    words = "with this model in all of them: what then is the same is one"
    added["recipes"].add_argument("--model", choices=list(MODELS), metavar="NAME", help=words)
    for name in ("train", "pretrain", "resume"):
        added[name].add_argument("--detach", action="store_true", help="leave the run running and return at once")
        added[name].add_argument(
            "--queue", action="store_true", help="start it when the runs before it have ended; return at once"
        )
    added["train"].add_argument(
        "--dry-run", action="store_true", help="say what it will cost on this machine; train nothing"
    )
    for name in COMMANDS:
        if name not in ("data", "models", "recipes"):
            added[name].add_argument(
                "--runs", metavar="DIR", help="where runs live (else WORKBENCH_RUNS, else the user's data folder)"
            )
        if name not in ("open", "export"):
            added[name].add_argument("--json", action="store_true", help="one JSON document on standard output")
    added["models ask"] = _add_ask(added["models"])
    return top


def _add_import(command: argparse.ArgumentParser) -> None:
    readout = next(option for option in options(Recipe) if option.name == "model.readout")
    command.add_argument(
        "file", metavar="FILE", help="what torch.save made of the model's state_dict; no code in it is run"
    )
    command.add_argument("--model", choices=list(MODELS), help="its size; by default what the weights are of")
    command.add_argument("--labels", metavar="A,B", help="the classes in the order of its outputs (ham,spam)")
    command.add_argument("--context", type=int, default=120, metavar="N", help="what it was padded or cut to (120)")
    command.add_argument("--readout", choices=readout.choices, default="last_pad", help="where it looks (last_pad)")


def _add_ask(models: argparse.ArgumentParser) -> Parser:
    words = "Have a model go on with a text, as it is before it is made a classifier."
    ask = models.add_subparsers(metavar="ask").add_parser("ask", help=words, description=words, allow_abbrev=False)
    ask.set_defaults(command="models ask")
    ask.add_argument("model", metavar="MODEL", help="a model's name; what is not on this machine is downloaded")
    ask.add_argument("text", nargs="?", metavar="TEXT", help="where it is to go on; none: the book's")
    ask.add_argument("--spam", action="store_true", help="ask whether the text is spam, in words")
    ask.add_argument("--tokens", type=int, default=25, metavar="N", help="at most so many (25)")
    ask.add_argument(
        "--temperature", type=float, default=0.0, metavar="X", help="0 takes the likeliest token, more draws (0)"
    )
    ask.add_argument("--top-k", type=int, metavar="K", help="draw among the K likeliest only")
    ask.add_argument(
        "--seed", type=int, default=123, metavar="N", help="decides what is drawn, and random weights (123)"
    )
    ask.add_argument("--weights", default="pretrained", metavar="W", help="pretrained, random or a folder (pretrained)")
    ask.add_argument("--json", action="store_true", help="one JSON document on standard output")
    return ask


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command and what was given with it. Exits where that is no use of it, and says why."""
    top = parser()
    given, unknown = top.parse_known_args(argv)
    if unknown:
        top.commands[given.command].refuse(unknown)
    return given


def _add_options(command: argparse.ArgumentParser, shown: Sequence[Option]) -> None:
    groups: dict[str, argparse._ArgumentGroup] = {}
    for option in shown:
        part = option.name.rpartition(".")[0] or "recipe"
        group = groups.setdefault(part, command.add_argument_group(part))
        meta = "{" + ",".join(option.choices) + "}" if option.choices and len(option.choices) < 6 else "X"
        default = "" if option.default in ("", ()) else f" ({option.default})"
        words = option.help.replace("%", "%%") + default
        how = {"nargs": "+", "action": "extend"} if option.several else {}
        group.add_argument(*option.flags, dest=option.name, default=argparse.SUPPRESS, metavar=meta, help=words, **how)
