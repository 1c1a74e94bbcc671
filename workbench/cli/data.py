"""`workbench data`: what is in a file of labelled texts."""

import argparse
import sys
from itertools import islice
from pathlib import Path

from core.datasets import is_standard_input
from core.errors import BadRecipe, Problem
from core.options import AUTO, options
from core.recipe import Recipe
from core.rows import Note, Profile
from core.runs.edits import of_data
from core.runs.root import runs_root
from core.wording import on_one_line, percent, plural
from workbench.cli.doubts import USUAL, show_doubts
from workbench.cli.flags import NAMES, add_options, recipe_of
from workbench.cli.printing import bars, print_json, say, tabulate
from workbench.formatting import cut

MOST = 50  # labels that are printed on a terminal
WIDEST = 60  # cells of what the text is made of
QUOTES = {AUTO: "", "none": "; quotes belong to the text"}  # of any other kind they enclose fields


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="FILE", help=f"a file or a folder of labelled texts, - for standard input, or {NAMES}"
    )
    words = f"list the rows that look mislabelled, so many (else {USUAL}), the most doubted first"
    parser.add_argument("--doubts", nargs="?", type=int, const=USUAL, metavar="N", help=words)
    about = [o for o in options(Recipe) if o.name.startswith(("data.", "model.", "preset")) and o.name != "data.path"]
    add_options(parser, about)


def execute(given: argparse.Namespace) -> int:
    """Print what is in a file; returns the exit code. Raises BadRecipe, and BadData where it cannot be read."""
    recipe, root = recipe_of(given), runs_root(given.runs)
    if given.doubts is not None:
        if given.doubts < 1:
            raise BadRecipe([Problem("--doubts", f"cannot be {given.doubts}.", "It is how many rows to list.")])
        show_doubts(recipe, root, given.doubts, given.json)
        return 0
    found = profiled(recipe, root)
    if given.json:
        print_json(found)
        return 0
    quotes = QUOTES.get(found.quoting, "; quotes enclose fields")
    text = cut(on_one_line(found.columns["text"]), WIDEST)
    lines = [
        "standard input" if is_standard_input(Path(found.path)) else found.path,
        *(f"{split}: {path}" for split, path in found.files.items()),
        f"{found.rows:,} rows, {found.format}, {found.encoding}{quotes}",
        f"text: {text}   label: {found.columns['label']}   of {', '.join(found.all_columns)}",
        *(f"{plural(skipped.rows, 'row')} skipped: {skipped.reason}" for skipped in found.skipped),
    ]
    say(lines)
    most = min(len(found.labels), MOST) if sys.stdout.isatty() else len(found.labels)
    shares = sum(found.labels.values()) or 1
    tabulate(
        ["label", "in the file", "share", "for learning", *found.splits],
        [
            [name, f"{n:,}", percent(n / shares), f"{found.learning.get(name, 0):,}"]
            + [f"{split.get(name, 0):,}" for split in found.splits.values()]
            for name, n in islice(found.labels.items(), most)
        ],
    )
    if more := len(found.labels) - most:
        say([f"and {plural(more, 'more label')}: --json prints all of them"])
    if found.percentiles:
        _say_lengths(found)
    scripts, texts = found.scripts, sum(found.scripts.values()) or 1
    if scripts:
        say([f"script: {', '.join(f'{name} {percent(n / texts)}' for name, n in scripts.items())}"])
    if languages := found.languages:
        looked_at = sum(languages.values())
        of = f" ({looked_at:,} texts looked at)" if looked_at < texts else ""
        shares_of = ", ".join(f"{name} {percent(n / looked_at)}" for name, n in languages.items())
        say([f"language, guessed: {shares_of}{of}"])
    say(f"{f'{note.count:,}' if note.count else '':>7}  {in_words(note)}" for note in found.notes)
    if found.problem:
        say([found.problem])
    return 0


def _say_lengths(found: Profile) -> None:
    """The percentiles of the lengths, and what each context would cut."""
    unit = "tokens" if found.cuts else "words"
    *shares, (_, longest) = found.percentiles.items()
    spread = ", ".join(
        f"{name} % of the texts have at most {n:,}" if i == 0 else f"{name} % {n:,}"
        for i, (name, n) in enumerate(shares)
    )
    say([f"{unit}: {spread}, the longest {longest:,}"])
    rows = sum(sum(of_label.values()) for of_label in found.lengths.values()) or 1
    if found.cuts:
        tabulate(
            ["context", "texts cut", "share", ""],
            [
                [
                    f"{context:,}",
                    f"{n:,}",
                    percent(n / rows) if n else "",
                    "of this recipe" * (context == found.context),
                ]
                for context, n in found.cuts.items()
            ],
        )


def in_words(note: Note) -> str:
    """What a note says, and what to do about it here."""
    return f"{note.text.rstrip('.')}. {note.do}" if note.do else note.text


def profiled(recipe: Recipe, root: Path) -> Profile:
    """What is in the recipe's file, with what was mended in it beside the runs of a root. Raises BadData where it
    cannot be read.
    """
    from core.data.profile import profile

    with bars() as progress:
        return profile(recipe, progress, edits=of_data(root, recipe.data))[0]
