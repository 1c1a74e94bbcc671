"""What the fetching helper answers: it brings a model's files here, while the others go on answering."""

from collections.abc import Callable

from core.errors import BadModel
from core.files import Progress
from core.model_files.fetch import fetch
from core.text.usable import before_fetching, demand_model


def kinds() -> dict[str, Callable]:
    """The question that this helper answers, by kind."""
    return {"fetch": bring}


def bring(args: dict, progress: Progress) -> None:
    """{"name": a model's, or an address on the hub}: bring its files here. Raises BadModel as `workbench fetch` does.

    Without a name: nothing, so that what is being fetched is left off.
    """
    if not args:
        return
    name = args["name"]
    preset = before_fetching(name, progress)
    try:
        fetch(preset, progress)
    except BadModel as error:  # hashes and folders are for a terminal, where they can be read and copied
        raise BadModel(error.what, f"By hand: workbench fetch {name} says how.") from error
    demand_model(preset)
