"""The command line: the same engine as the app, with another face. Flags come from the recipe's own declaration."""

import argparse
import gc
import json
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from core import toml
from core.data.named import NAMED, meant
from core.errors import BadRecipe, Problem, WorkbenchError
from core.files import absolute
from core.options import Option, layer, merge, options
from core.presets import MODELS
from core.pretraining import Pretraining
from core.recipe import Recipe, load
from core.runs.folder import Label, RunFolder, create_run, find_run, list_runs, runs_root
from core.runs.launch import launch

DONE, FAILED, USAGE = 0, 1, 2
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
    "resume": "take a stopped, failed or vanished run up again",
    "ctl": "tell a run something while it runs: pause, resume, step [N], stop, save, evaluate, lr X, head-lr X, epochs N",
    "export": "write a run as a folder that transformers or onnxruntime opens",
    "import": "bring in a classifier that the book's chapter saved (review_classifier.pth), to ask and export it",
}

NAMES = f"a data set: {', '.join(NAMED)}"


class Parser(argparse.ArgumentParser):
    """Complains in sentences. `commands` are the parsers of its commands, by name."""

    commands: Mapping[str, "Parser"]

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"workbench: {message.removeprefix('argument ')}. See {self.prog} --help.\n")

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """Say which of the words that were given are not understood here, and what may have been meant."""
        known = [flag for action in self._actions for flag in action.option_strings]
        wrong = [word.partition("=")[0] for word in words if word.startswith("-")]
        for flag in wrong:
            close = get_close_matches(flag, known, 1, 0.7)
            meant = f"Did you mean {close[0]}?" if close else f"See {self.prog} --help."
            print(f"workbench: {flag} is no option of {self.prog}. {meant}", file=sys.stderr)
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
        added[name].add_argument("source", nargs="?", metavar="FILE", help=f"a recipe (.toml), a file of labelled texts, or {NAMES}")
        _add_options(added[name], [*options(Recipe)])
    added["data"].add_argument("source", metavar="FILE", help=f"CSV, TSV, JSONL, lines of label, tab, text, or {NAMES}")
    _add_options(added["data"], [o for o in options(Recipe) if o.name.startswith(("data.", "model.")) and o.name != "data.path"])
    added["predict"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["predict"].add_argument("texts", nargs="*", metavar="TEXT", help="texts to classify; none: lines of standard input")
    added["predict"].add_argument("--file", metavar="F", help="a file with one text a line")
    added["predict"].add_argument("--checkpoint", metavar="NAME", help="best, last or a step; by default what the run keeps")
    added["pretrain"].add_argument("text", nargs="+", metavar="FILE", help="plain text, .gz and .xz too")
    _add_options(added["pretrain"], [o for o in options(Pretraining) if o.name != "text.paths"])
    added["resume"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["ctl"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    words = "pause, resume, step, stop, save, evaluate, lr, head-lr or epochs"
    added["ctl"].add_argument("what", metavar="WHAT", choices=words.replace(" or", ",").split(", "), help=words)
    added["ctl"].add_argument("number", nargs="?", metavar="N", help="how many steps or epochs, or the learning rate")
    added["compare"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["compare"].add_argument("baseline", metavar="BASELINE", help="the run that it is measured against")
    added["name"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["name"].add_argument("name", metavar="NAME", help="a word or two; '' takes the name away")
    added["name"].add_argument("--note", metavar="TEXT", help="what was tried, what came of it; by default the note stays")
    added["show"].add_argument("run", metavar="RUN", help="a run's name, its folder, or last")
    added["show"].add_argument("--code", action="store_true", help="print a script without the workbench that learns the same")
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
    added["train"].add_argument("--dry-run", action="store_true", help="say what it will cost on this machine; train nothing")
    for name in COMMANDS:
        if name not in ("data", "models", "recipes"):
            added[name].add_argument("--runs", metavar="DIR", help="where runs live (else WORKBENCH_RUNS, else the user's data folder)")
        if name not in ("open", "export"):
            added[name].add_argument("--json", action="store_true", help="one JSON document on standard output")
    added["models ask"] = _add_ask(added["models"])
    return top


def _add_import(command: argparse.ArgumentParser) -> None:
    readout = next(option for option in options(Recipe) if option.name == "model.readout")
    command.add_argument("file", metavar="FILE", help="what torch.save made of the model's state_dict; no code in it is run")
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
    ask.add_argument("--temperature", type=float, default=0.0, metavar="X", help="0 takes the likeliest token, more draws (0)")
    ask.add_argument("--top-k", type=int, metavar="K", help="draw among the K likeliest only")
    ask.add_argument("--seed", type=int, default=123, metavar="N", help="decides what is drawn, and random weights (123)")
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 bad usage or recipe, 130 interrupted."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv or argv[0] not in (*COMMANDS, "-h", "--help"):
        argv.insert(0, "open")
    given = parse(argv)
    if given.command != "open":
        gc.enable()  # __main__ has it off until the app's first frame
    try:
        return globals()[f"_{given.command.replace(' ', '_')}"](given)
    except BadRecipe as error:
        for problem in error.problems:
            print(f"workbench: {problem}", file=sys.stderr)
        return USAGE
    except WorkbenchError as error:
        print(f"workbench: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of our output has left, as head does
        sys.stderr.close()
        return FAILED
    except OSError as error:
        print(f"workbench: {error.filename or 'a file'} cannot be used: {error.strerror}.", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def recipe_of(given: argparse.Namespace) -> Recipe:
    """Preset < file < flags. Raises BadRecipe."""
    flags = _flags(given)
    source = getattr(given, "source", None)
    if source is None:
        return load(*flags)
    if source.endswith(".toml"):
        return load(toml.read(Path(source)), *flags)
    return load(layer("data.path", source), *flags)


def _flags(given: argparse.Namespace) -> list[dict]:
    """The options that were given, each as a layer."""
    return [layer(name, value) for name, value in vars(given).items() if "." in name or name == "preset"]


def _open(given) -> int:
    if given.source and not (given.source in NAMED or Path(given.source).exists() or given.source.endswith(".toml")):
        print(f"workbench: there is no command and no file {given.source}. See workbench --help.", file=sys.stderr)
        return USAGE
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):  # Textual draws on the last
        print("workbench: this is no terminal. workbench --help lists the commands that need none.", file=sys.stderr)
        return USAGE
    from workbench.app import WorkbenchApp

    app = WorkbenchApp(recipe_of(given), runs_root(given.runs))
    app.run()
    return app.return_code or DONE


def _train(given) -> int:
    recipe = recipe_of(given)
    path = absolute(recipe.data.path)
    if not meant(recipe.data.path) and (not path.is_file() or not path.stat().st_size):
        what = "there is no file" if not path.exists() else "there is nothing to learn from in" if path.is_file() else "this is no file:"
        do = f"Check the path, or name {NAMES}."
        raise BadRecipe([Problem("data.path", f"{what} {recipe.data.path}.", do)])
    if given.dry_run:
        return _dry_run(recipe, given)
    return _work(create_run(runs_root(given.runs), recipe), given)


def _dry_run(recipe: Recipe, given) -> int:
    from workbench import tables

    live = next((run for run in list_runs(runs_root(given.runs)) if run.locked()), None)
    return tables.prices(recipe, live.name if live else "", given.json)


def _pretrain(given) -> int:
    recipe = Pretraining.of(merge(layer("text.paths", given.text), *_flags(given)))
    missing = [path for path in recipe.text.paths if not absolute(path).is_file()]
    if missing:
        raise BadRecipe([Problem("text.paths", f"there is no file {path}.", "Check the path.") for path in missing])
    return _work(create_run(runs_root(given.runs), recipe), given)


def _resume(given) -> int:
    run = find_run(runs_root(given.runs), given.run)
    state = run.status().state
    if state == "paused":
        raise WorkbenchError(f"{run.name} is paused, and so still there.", f"workbench ctl {run.name} resume goes on.")
    if state == "done":
        ask = f"Ask it: workbench predict {run.name} TEXT. Or train another."
        raise WorkbenchError(f"{run.name} is done.", run.fine_tune if run.pretrains else ask)
    run.pretraining() if run.pretrains else run.recipe()  # what is wrong with a folder is said before anything is started
    return _work(run, given)


def _ctl(given) -> int:
    from workbench.telling import control_of, tell

    run = find_run(runs_root(given.runs), given.run)
    return tell(run, control_of(given.what, given.number), given.json)


def _work(run: RunFolder, given) -> int:
    from workbench.follow import follow

    offset = run.events_file.stat().st_size if run.events_file.exists() else 0
    process = launch(run)
    if given.detach:
        print(json.dumps({"run": str(run.path)}) if given.json else f"{run.name} runs. Watch it with: workbench")
        return DONE
    return follow(run, process, offset, as_json=given.json)


def _predict(given) -> int:
    run = find_run(runs_root(given.runs), given.run, trained=True)
    texts = list(given.texts)
    if given.file:
        texts += _lines(given.file)
    elif not texts:
        texts = _cut(sys.stdin.buffer.read())
    from core.evaluate.predict import Predictor
    from workbench.formatting import percent, printable

    answers = Predictor.open(run, given.checkpoint).predict(texts)
    if given.json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(answers), indent=2).decode())
        return DONE
    for answer in answers:
        mark = "  (cut)" if answer.cut else ""
        print(f"{printable(answer.label)}\t{percent(answer.probabilities[answer.label])}\t{printable(answer.text)}{mark}")
    return DONE


def _lines(path: str) -> list[str]:
    try:
        return _cut(absolute(path).read_bytes())
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error


def _cut(data: bytes) -> list[str]:
    """One text a line, whatever the bytes are."""
    lines = data.decode("utf-8-sig", "replace").split("\n")
    return [line.removesuffix("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]


def _data(given) -> int:
    from workbench import tables

    return tables.data(recipe_of(given), given.json)


def _runs(given) -> int:
    from workbench import tables

    return tables.runs(runs_root(given.runs), given.json)


def _compare(given) -> int:
    from workbench.comparing import side_by_side

    root = runs_root(given.runs)
    return side_by_side(find_run(root, given.run), find_run(root, given.baseline), given.json)


def _name(given) -> int:
    run = find_run(runs_root(given.runs), given.run)
    run.pretraining() if run.pretrains else run.recipe()  # no other folder gets a file
    label = Label.of(given.name, run.label().note if given.note is None else given.note)
    run.name_it(label)
    if given.json:
        print(json.dumps({"name": run.name, "run": str(run.path), "label": {"name": label.name, "note": label.note}}))
    else:
        print(f"{run.name} is called {label.name}." if label.name else f"{run.name} has no name.")
    return DONE


def _show(given) -> int:
    run = find_run(runs_root(given.runs), given.run, trained=given.code)
    if given.code:
        from core.code import facts_of, script

        code = script(run.recipe(), facts_of(run))
        print(json.dumps({"run": str(run.path), "code": code}, indent=2) if given.json else code.rstrip())
        return DONE
    from workbench import tables

    return tables.show(run, given.json)


def _recipes(given) -> int:
    from workbench import tables

    return tables.recipes(given.model, given.json)


def _models(given) -> int:
    from workbench import tables

    return tables.models(given.json)


def _models_ask(given) -> int:
    from core.evaluate.question import BEGINNING, EXAMPLE, IS_IT_SPAM, Question
    from workbench.asking import ask

    text = given.text if given.text is not None else EXAMPLE if given.spam else BEGINNING
    text = IS_IT_SPAM.format(text) if given.spam else text
    question = Question(given.model, text, given.weights, given.tokens, given.temperature, given.top_k, given.seed)
    return ask(question, given.json)


def _export(given) -> int:
    run = find_run(runs_root(given.runs), given.run, trained=True)
    from core.evaluate.card import card
    from core.evaluate.predict import Predictor

    if given.format == "onnx":
        from core.model.onnx import export
    else:
        from core.model.export import export

    asked = Predictor.open(run)
    words = card(run, asked, given.format)
    files = export(asked.model, asked.recipe, asked.names, asked.words, absolute(given.folder), words)
    print("\n".join(map(str, files)))
    return DONE


def _import(given) -> int:
    from core.runs.adopt import adopt

    labels = [name.strip() for name in given.labels.split(",")] if given.labels is not None else None
    run = adopt(runs_root(given.runs), absolute(given.file), given.model, labels, given.context, given.readout)
    if given.json:
        print(json.dumps({"run": str(run.path)}))
    else:
        print(f"{run.name} is {run.recipe().model.name} from {given.file}. Ask it: workbench predict {run.name} TEXT")
    return DONE
