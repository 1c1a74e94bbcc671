"""What the model helper answers about the speed of this machine."""

from collections.abc import Callable

from core.recipe import load
from core.worker.measure import measure


def kinds() -> dict[str, Callable]:
    """The question that this helper answers from here."""
    return {"measure": lambda args, progress: measure(load(args["recipe"]), progress)}
