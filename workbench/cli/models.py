"""`workbench models`: which models there are, and whether their weights are here."""

import argparse
from typing import Any

from core.architectures.models import MODELS, Source
from core.estimate.cost import parameters
from core.wording import count, size
from workbench.cli import ask
from workbench.cli.printing import print_json, tabulate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "Have a model go on with a text, as it is before it is made a classifier."
    added = parser.add_subparsers(metavar="ask").add_parser("ask", help=words, description=words, allow_abbrev=False)
    added.set_defaults(parser=added, execute=ask.execute)
    ask.add_arguments(added)


def execute(given: argparse.Namespace) -> int:
    """Print every model by name, and whether its weights are on this machine."""
    from core.model_files.kept import where

    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "parameters": sum(parameters(preset.architecture, 2).values()),
            "blocks": preset.architecture.n_blocks,
            "width": preset.architecture.width,
            "context": preset.architecture.max_tokens,
            "weights": where(preset),
            "bytes": preset.source.size if isinstance(preset.source, Source) else 0,
            "source": preset.source.repo if isinstance(preset.source, Source) else "this program",
        }
        for name, preset in MODELS.items()
    ]
    if given.json:
        print_json(rows)
        return 0
    tabulate(
        ["model", "parameters", "blocks", "width", "context", "weights", "from"],
        [
            [
                row["name"],
                count(row["parameters"]),
                str(row["blocks"]),
                str(row["width"]),
                f"{row['context']:,}",
                f"download {size(row['bytes'])}" if row["weights"] == "download" else row["weights"],
                row["source"],
            ]
            for row in rows
        ],
    )
    return 0
