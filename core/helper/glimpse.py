"""What the helper answers that looks at files before they are read: quickly, whatever the others are at."""

from collections.abc import Callable

from core.data.glimpse import glimpse
from core.data.sources.source import Options
from core.recipe_data import Data
from core.rows import Glimpse


def kinds() -> dict[str, Callable]:
    """{"data": the part of a recipe that says what is to be read, and as what} -> Glimpse."""
    return {"glimpse": lambda args, progress: _glimpse(Data.model_validate(args["data"]))}


def _glimpse(data: Data) -> Glimpse:
    return glimpse(data.path, Options.of(data))
