"""What runs cost together: what the frozen layers make of the same texts is computed once for all of them. No torch."""

from collections.abc import Iterable
from typing import NamedTuple

from core.estimate.prices import Price
from core.recipe import Recipe


class Together(NamedTuple):
    """Seconds of some runs one after the other: `total`, without what is `shared`, which each would take alone.

    `encodings` are how often texts pass through frozen layers, one for all runs that keep the same.
    """

    total: float
    shared: float
    encodings: int


def together(priced: Iterable[tuple[Recipe, Price]]) -> Together:
    """What runs come to, given the recipe and the price of each; a price without times counts for none."""
    total = shared = 0.0
    known: set[str] = set()
    encodings = 0
    for recipe, price in priced:
        total += price.total or 0.0
        if not price.blocks:
            continue
        encoded = _encoded(recipe)
        if encoded in known and recipe.speed.cache == "keep":
            shared += price.once or 0.0
        else:
            encodings += 1
        known.add(encoded)
    return Together(total - shared, shared, encodings)


def _encoded(recipe: Recipe) -> str:
    """What decides what the frozen layers make of which texts; the cache itself goes by every bit of it."""
    # whom the network is compared with does not change what it reads
    data = recipe.data.model_copy(update=dict.fromkeys(("baseline", "probe"), "off"))
    drawn = recipe.train.seed if recipe.model.weights == "random" else None
    thawed = recipe.freeze if recipe.freeze.thaw_every else None  # one encoding for each boundary
    return repr((data, recipe.model, recipe.plan.depth, recipe.plan.head_alone, recipe.speed, drawn, thawed))
