"""`workbench models`: which models there are, and whether their weights are here."""

import argparse
from typing import Any

from core.architectures.lookup import by_family
from core.architectures.preset import Source
from core.estimate.cost import parameters
from core.wording import count, size
from workbench.cli import ask
from workbench.cli.printing import print_json, tabulate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = "Let a base model continue a text, or an encoder guess words."
    added = parser.add_subparsers(metavar="ask").add_parser("ask", help=words, description=words, allow_abbrev=False)
    added.set_defaults(parser=added, execute=ask.execute)
    ask.add_arguments(added)


def execute(given: argparse.Namespace) -> int:
    """Print every model by name, by family, and whether its weights are on this machine."""
    from core.model_files.kept import where

    rows: list[dict[str, Any]] = [
        {
            "name": preset.name,
            "family": family,
            "parameters": sum(parameters(preset.architecture, 2).values()),
            "blocks": preset.architecture.n_blocks,
            "width": preset.architecture.width,
            "context": None if preset.counts else preset.architecture.max_tokens,
            "reads": preset.reads,
            "languages": preset.languages,
            "licence": preset.licence,
            "about": preset.about,
            "weights": where(preset),
            "bytes": preset.source.size if isinstance(preset.source, Source) else 0,
            "source": preset.source.repo if isinstance(preset.source, Source) else "this program",
        }
        for family, presets in by_family().items()
        for preset in presets
    ]
    if given.json:
        print_json(rows)
        return 0
    tabulate(
        ["family", "model", "parameters", "languages", "context", "licence", "weights"],
        [
            [
                row["family"],
                row["name"],
                count(row["parameters"]),
                row["languages"],
                row["reads"],
                row["licence"],
                f"fetch {size(row['bytes'])}" if row["weights"] == "download" else row["weights"],
            ]
            for row in rows
        ],
    )
    return 0
