"""What the fetching helper answers: it brings a model's files here, while the others go on answering."""

from collections.abc import Callable

from core.files import Progress
from core.model_files.fetch import fetch, fetch_small


def kinds() -> dict[str, Callable]:
    """The question that this helper answers, by kind."""
    return {"fetch": bring}


def bring(args: dict, progress: Progress) -> None:
    """{"name": a model's, or an address on the hub}: bring its files here.

    Without a name: nothing, so that what is being fetched is left off.
    """
    if args:
        fetch(fetch_small(args["name"], progress), progress)
