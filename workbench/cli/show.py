"""`workbench show`: what a run was, and how it ended."""

import argparse
import os

from core.architectures.lookup import short_name
from core.recipe import Recipe
from core.runs import edits, mark
from core.runs.auto_table import auto_table
from core.runs.compare import changed, in_words
from core.runs.group import find
from core.runs.group_table import table_of
from core.runs.history import History
from core.runs.listing import entry_of
from core.runs.result import ClassifierResult
from core.runs.root import find_run, runs_root
from core.runs.steering import learned, weights_tested
from core.runs.verdict import sentences
from core.wording import clock, on_one_line, percent, plural
from workbench.cli.auto_view import show_auto
from workbench.cli.doubts import USUAL, show_doubts_of
from workbench.cli.flags import DONE
from workbench.cli.group_view import show_group
from workbench.cli.printing import print_json, say, tabulate
from workbench.cli.runs import row_of

SQUARE = 8  # labels whose confusions are shown as a square
MOST = 10  # pairs of labels that are taken for one another, of more labels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "print a script without the workbench that learns the same"
    parser.add_argument("--code", action="store_true", help=words)
    words = f"list the training rows whose label the run doubts, so many (else {USUAL}), the most doubted first"
    parser.add_argument("--doubts", nargs="?", type=int, const=USUAL, metavar="N", help=words)


def execute(given: argparse.Namespace) -> int:
    """Print what a run was and how it ended, its script, or a group's table. Raises BadRun where one is damaged."""
    root = runs_root(given.runs)
    if not given.code and not os.path.lexists(root / given.run) and (group := find(root, given.run)):
        if group.budget:
            show_auto(auto_table(root, group), given.json)
            return DONE
        show_group(table_of(root, group), given.json)
        return DONE
    run = find_run(root, given.run, trained=given.code)
    if given.code:
        from core.export.script import facts_of, script

        code = script(run.recipe(), facts_of(run))
        if given.json:
            print_json({"run": str(run.path), "code": code})
        else:
            say([code.rstrip()])
        return DONE
    if given.doubts is not None:
        show_doubts_of(run, max(1, given.doubts), given.json)
        return DONE
    recipe, _ = run.pretraining_as_known() if run.pretrains else run.recipe_as_known()
    history = History.of(run.log())
    differs = changed(recipe, history.started.rows["train"] if history.started else None)
    entry, result = entry_of(run), run.result()
    status, label = entry.status, entry.label
    mended = edits.of_run(run)
    applied = mended.applied if mended else None
    if given.json:
        changes = {name: value for name, value, _ in differs}
        print_json(row_of(entry) | {"changed": changes, "edits": applied, "result": result})
        return 0
    step = f", step {status.step:,} of {status.n_steps:,}" if status.n_steps else ""
    data = recipe.data.path if isinstance(recipe, Recipe) else ""
    learns = learned(entry.about.trainable, entry.steered) if entry.about else ""
    about = " · ".join(filter(None, [data, short_name(recipe.model.name), learns]))
    origin = "" if mark.grew_here(run) else mark.in_words(run)
    words = (label.name, label.note, f"{status.why} {status.do}", about, origin)
    said = filter(
        None, (on_one_line(each).strip() for each in (*words, " ".join(applied.sentences) if applied else ""))
    )
    say([f"{run.name}  {status.state}{step}  {run.path}", *said, ""])
    if differs:
        tabulate(
            ["option", "here", "default"], [[name, in_words(value), in_words(usual)] for name, value, usual in differs]
        )
    else:
        say(["Every option is as in the default recipe."])
    if isinstance(recipe, Recipe) and isinstance(result, ClassifierResult):
        _result(result, weights_tested(history, result.checkpoint))
    return 0


def _result(result: ClassifierResult, weights: str) -> None:
    lines = [*result.lines(), *result.split_lines()]
    say([""])
    tabulate(
        ["", "accuracy", "95 % interval", ""],
        [[line.name, percent(line.share), line.interval, line.words] for line in lines],
    )
    verdict = [*sentences(result), *result.advice]
    say(["", *verdict] if verdict else [])
    say([""])
    tabulate(
        ["label", "precision", "recall", "F1", "rows"],
        [[name, *one.shares, f"{one.rows:,}"] for name, one in result.test.per_class.items()],
    )
    _confusion(result)
    say(["", f"W{weights[1:]}; took {clock(result.seconds.total)}."])


def _confusion(result: ClassifierResult) -> None:
    """Which label is taken for which: all of it where it is a small square, else what happens most often."""
    labels, counts = result.labels, result.test.confusion
    say([""])
    if len(labels) <= SQUARE:
        rows = [[name, *(f"{n:,}" for n in row)] for name, row in zip(labels, counts, strict=True)]
        tabulate(["label", *(f"said {name}" for name in labels)], rows)
        return
    wrong = [(n, labels[i], labels[j]) for i, row in enumerate(counts) for j, n in enumerate(row) if n and i != j]
    wrong.sort(key=lambda one: -one[0])
    tabulate(["label", "taken for", "texts"], [[label, other, f"{n:,}"] for n, label, other in wrong[:MOST]])
    if len(wrong) > MOST:
        say([f"and {plural(len(wrong) - MOST, 'pair')} more"])
