"""The command line: the same engine as the app, with another face."""

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from core import toml
from core.datasets import NAMED, meant
from core.errors import BadRecipe, Problem, WorkbenchError
from core.files import absolute, size
from core.options import layer, merge
from core.pretraining import Pretraining
from core.recipe import Recipe, load
from core.runs import queue
from core.runs.folder import Label, RunFolder
from core.runs.launch import launch
from core.runs.root import create_run, find_run, runs_root
from workbench.cli.flags import COMMANDS, DONE, FAILED, INTERRUPTED, NAMES, USAGE, parse
from workbench.cli.printing import print_json, say, with_tabs


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
        say((f"workbench: {problem}" for problem in error.problems), to_errors=True)
        return USAGE
    except WorkbenchError as error:
        say([f"workbench: {error}"], to_errors=True)
        return FAILED
    except BrokenPipeError:  # the reader of our output has left, as head does
        sys.stderr.close()
        return FAILED
    except OSError as error:
        say([f"workbench: {error.filename or 'a file'} cannot be used: {error.strerror}."], to_errors=True)
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


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
        say([f"workbench: there is no command and no file {given.source}. See workbench --help."], to_errors=True)
        return USAGE
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):  # Textual draws on the last
        say(["workbench: this is no terminal. workbench --help lists the commands that need none."], to_errors=True)
        return USAGE
    from workbench.app import WorkbenchApp

    app = WorkbenchApp(recipe_of(given), runs_root(given.runs))
    app.run()
    return app.return_code or DONE


def _train(given) -> int:
    recipe = recipe_of(given)
    path = absolute(recipe.data.path)
    if not meant(recipe.data.path) and (not path.is_file() or not path.stat().st_size):
        what = (
            "there is no file"
            if not path.exists()
            else "there is nothing to learn from in"
            if path.is_file()
            else "this is no file:"
        )
        do = f"Check the path, or name {NAMES}."
        raise BadRecipe([Problem("data.path", f"{what} {recipe.data.path}.", do)])
    if given.dry_run:
        return _dry_run(recipe, given)
    return _work(create_run(runs_root(given.runs), recipe), given)


def _dry_run(recipe: Recipe, given) -> int:
    from workbench.cli import dry_run

    live = queue.alive(runs_root(given.runs))
    return dry_run.prices(recipe, live.name if live else "", given.json)


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
    from workbench.cli.ctl import control_of, tell

    run = find_run(runs_root(given.runs), given.run)
    return tell(run, given.what, control_of(run, given.what, given.number), given.json)


def _queue(given) -> int:
    from workbench.cli import queue as waiting

    return waiting.show(runs_root(given.runs), given.json)


def _work(run: RunFolder, given) -> int:
    if given.queue:
        from workbench.cli import queue as waiting

        return waiting.add(run, given.json)
    from workbench.cli.follow import follow

    live = queue.alive(run.path.parent)
    if live and live.path != run.path:
        words = f"{live.name} is running, and each makes the other slower. With --queue, this one waits for its turn."
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


def _predict(given) -> int:
    run = find_run(runs_root(given.runs), given.run, trained=True)
    texts = list(given.texts)
    if given.file:
        texts += _lines(given.file)
    elif not texts:
        texts = _cut(sys.stdin.buffer.read())
    from core.evaluate.predict import Predictor
    from core.wording import percent

    answers = Predictor.open(run, given.checkpoint).predict(texts)
    if given.json:
        print_json(answers)
        return DONE
    for answer in answers:
        mark = "  (cut)" if answer.cut else ""
        print(with_tabs([answer.label, percent(answer.probabilities[answer.label]), answer.text]) + mark)
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
    from workbench.cli import data

    return data.data(recipe_of(given), given.json)


def _runs(given) -> int:
    from workbench.cli import runs

    return runs.runs(runs_root(given.runs), given.json)


def _compare(given) -> int:
    from workbench.cli.compare import side_by_side

    root = runs_root(given.runs)
    return side_by_side(find_run(root, given.run), find_run(root, given.baseline), given.json)


def _name(given) -> int:
    run = find_run(runs_root(given.runs), given.run)
    run.pretraining() if run.pretrains else run.recipe()  # no other folder gets a file
    label = Label.of(given.name, run.label().note if given.note is None else given.note)
    run.name_it(label)
    if given.json:
        named = {"name": label.name, "note": label.note}
        print_json({"name": run.name, "run": str(run.path), "label": named}, indent=None)
    else:
        say([f"{run.name} is called {label.name}." if label.name else f"{run.name} has no name."])
    return DONE


def _show(given) -> int:
    run = find_run(runs_root(given.runs), given.run, trained=given.code)
    if given.code:
        from core.export.script import facts_of, script

        code = script(run.recipe(), facts_of(run))
        if given.json:
            print_json({"run": str(run.path), "code": code})
        else:
            say([code.rstrip()])
        return DONE
    from workbench.cli import show

    return show.show(run, given.json)


def _recipes(given) -> int:
    from workbench.cli import recipes

    return recipes.recipes(given.model, given.json)


def _models(given) -> int:
    from workbench.cli import models

    return models.models(given.json)


def _models_ask(given) -> int:
    from core.evaluate.question import BEGINNING, EXAMPLE, IS_IT_SPAM, Question
    from workbench.cli.ask import ask

    text = given.text if given.text is not None else EXAMPLE if given.spam else BEGINNING
    text = IS_IT_SPAM.format(text) if given.spam else text
    question = Question(given.model, text, given.weights, given.tokens, given.temperature, given.top_k, given.seed)
    return ask(question, given.json)


def _export(given) -> int:
    run = find_run(runs_root(given.runs), given.run, trained=True)
    from core.evaluate.predict import Predictor
    from core.export.card import card

    if given.format == "onnx":
        from core.export.onnx import export
    else:
        from core.export.transformers import export

    asked = Predictor.open(run)
    words = card(run, asked, given.format)
    files = export(asked.model, asked.recipe, asked.names, asked.words, absolute(given.folder), words)
    say(map(str, files))
    return DONE


def _import(given) -> int:
    from core.worker.import_book import import_book

    labels = [name.strip() for name in given.labels.split(",")] if given.labels is not None else None
    run = import_book(runs_root(given.runs), absolute(given.file), given.model, labels, given.context, given.readout)
    if given.json:
        print_json({"run": str(run.path)}, indent=None)
    else:
        say([f"{run.name} is {run.recipe().model.name} from {given.file}. Ask it: workbench predict {run.name} TEXT"])
    return DONE
