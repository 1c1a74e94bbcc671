"""`workbench mend`: rows of a file relabelled or dropped, beside the file and never in it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.datasets import called
from core.options import options
from core.recipe import Recipe
from core.runs import edits
from core.runs.edits import Edit
from core.runs.root import runs_root
from core.wording import on_one_line
from workbench.cli.flags import DONE, NAMES, add_options, recipe_of
from workbench.cli.printing import bars, print_json, say, tabulate

if TYPE_CHECKING:
    from core.data.edited import Edited

OUTCOMES = {
    "made": "",
    "done": "made in the data already",
    "gone": "the row is not there any more",
    "untaken": "the row is not among those taken (--rows)",
    "other": "the row has a third label by now",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="FILE", help=f"a file or a folder of labelled texts, or {NAMES}")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--relabel", nargs=2, metavar=("ROW", "LABEL"), help="give a row, and copies of it, another label"
    )
    what.add_argument("--drop", type=int, metavar="ROW", help="leave a row, and copies of it, out")
    what.add_argument("--undo", action="store_true", help="take the latest edit back")
    what.add_argument("--redo", action="store_true", help="make the edit again that was undone last")
    add_options(parser, [o for o in options(Recipe) if o.name.startswith("data.") and o.name != "data.path"])


def execute(given: argparse.Namespace) -> int:
    """Make one edit, or list them; returns the exit code. Raises BadRecipe and BadData, and BadRun where an edit cannot
    be kept.
    """
    from core.data.edited import edited
    from core.data.mend import make_again, mend, take_back
    from core.data.parts import read_parts

    recipe, root = recipe_of(given), runs_root(given.runs)
    data = recipe.data
    file = edits.file_of(root, data)
    with bars() as progress:
        read = read_parts(data, progress)
    if given.relabel:
        row, label = given.relabel
        done = mend(read, file, data, _number(given, row), label)
    elif given.drop is not None:
        done = mend(read, file, data, given.drop, None)
    elif given.undo or given.redo:
        done = (take_back if given.undo else make_again)(read, file, data)
    else:
        _list(edited(read, edits.read(file), called(data.path)), file, given.json)
        return DONE
    if given.json:
        print_json({"file": str(file), "what": done.what, "applied": done.edited.applied()})
    else:
        say([done.what])
    return DONE


def _list(found: "Edited", file: Path, as_json: bool) -> None:
    """Print the edits that count, and what becomes of each."""
    if as_json:
        rows = [
            {"label": edit.label, "to": edit.to, "begins": edit.begins, "outcome": outcome}
            for edit, outcome in found.outcomes
        ]
        print_json({"file": str(file), "edits": rows, "applied": found.applied()})
        return
    if found.outcomes:
        tabulate(["label", "by now", "text", ""], [_line(edit, outcome) for edit, outcome in found.outcomes])
    words = found.applied().in_words or "Nothing is mended in this data"
    say(["", f"{words}.", *([f"Kept in {file}"] if found.outcomes else [])])


def _line(edit: Edit, outcome: str) -> list[str]:
    return [edit.label, edit.to or "dropped", on_one_line(edit.begins), OUTCOMES[outcome]]


def _number(given: argparse.Namespace, row: str) -> int:
    if not row.isdecimal():
        given.parser.error(f"{row} is no number of a row: workbench data FILE --doubts lists some")
    return int(row)
