"""`workbench recipes`: the recipes by name."""

import argparse

from core.architectures.models import MODELS
from core.presets import NAMED_RECIPES, RECIPES, standing_for
from core.recipe import load
from workbench.cli.printing import print_json, say, tabulate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "with this model in all of them: what then is the same is one"
    parser.add_argument("--model", choices=list(MODELS), metavar="NAME", help=words)


def execute(given: argparse.Namespace) -> int:
    """Print the named recipes and the book's test accuracy of each; with one model in all, what differs then."""
    model = given.model
    standing = standing_for(model) if model else {name: [name] for name in RECIPES}
    rows = [
        {
            "name": name,
            "title": NAMED_RECIPES[name].title,
            "book_percent": NAMED_RECIPES[name].figure,
            "note": NAMED_RECIPES[name].note,
            "model": model or load({"preset": name}).model.name,
            "stands_for": same,
            "changes": NAMED_RECIPES[name].layer,
        }
        for name, same in standing.items()
    ]
    if given.json:
        print_json(rows)
        return 0
    last = "stands for" if model else "model"
    table = []
    for name, same in standing.items():
        named = NAMED_RECIPES[name]
        book = f"{named.figure:.2f} %" if named.figure is not None else ""
        table.append([name, named.title, book, ", ".join(same[1:]) if model else load({"preset": name}).model.name])
    tabulate(["recipe", "what is tried", "book", last], table)
    say(["", *(f"{row['name']}: {row['note']}" for row in rows if row["note"])])
    return 0
