"""What a budget can be spent on: words, and a probe and a fine-tuning of each model, with what they cost. No torch."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from core.architectures.models import COUNTING, MODELS
from core.estimate.prices import price
from core.estimate.speeds import recall
from core.options import layer, merge
from core.recipe import Recipe, load
from core.rows import Profile
from core.runs.auto import Candidate, Kind

STEPS, FEWEST = 1000, 3  # of a probe: so many steps settle one linear layer, over so many epochs at least


class Priced(NamedTuple):
    """A candidate, and the options that make it, over what all share."""

    setting: dict[str, Any]
    candidate: Candidate


def candidates(base: dict[str, Any], models: Sequence[str], profile_of: Callable[[Recipe], Profile]) -> list[Priced]:
    """Words, then of each model that has a network the probe and the fine-tuning, as it learns by default; a model
    that learns less than another of these in about the same time is left out, and so are those that were trained on
    another language than most texts are in, unless all were.

    `base` is what all share, as a layer for `load`. `profile_of` looks at the data under a recipe. Speeds are those
    that were measured on this machine before, or else estimates: measuring takes of the same budget.
    """
    return [*_priced(base, models, profile_of)]


def _priced(base: dict[str, Any], models: Sequence[str], profile_of: Callable[[Recipe], Profile]) -> Iterator[Priced]:
    profiles = {COUNTING: profile_of(_recipe(base, _setting("words", COUNTING)))}
    models = [name for name in models if MODELS[name].knows(profiles[COUNTING].language)] or models
    kinds: list[tuple[Kind, str]] = [("words", COUNTING)]
    # in the time of one that learns less, the better one learns longer
    networks = [name for name in models if not MODELS[name].counts and MODELS[name].learns_less_than not in models]
    kinds += [(kind, name) for name in networks for kind in ("probe", "fine-tuning")]
    for kind, name in kinds:
        setting = _setting(kind, name)
        recipe = _recipe(base, setting)
        if name not in profiles:
            profiles[name] = profile_of(recipe)
        if kind == "probe":
            setting["train.epochs"] = _epochs(recipe, profiles[name].training_rows)
            recipe = _recipe(base, setting)
        found = price(recipe, profiles[name], recipe.plan, recall(recipe))
        once, epoch, besides = found.once or 0.0, found.epoch or 0.0, found.besides or 0.0
        yield Priced(
            setting,
            Candidate(kind=kind, model=name, once=once, epoch=epoch, besides=besides, epochs=found.epochs),
        )


def _recipe(base: dict[str, Any], setting: dict[str, Any]) -> Recipe:
    return load(merge(base, *(layer(option, value) for option, value in setting.items())))


def _epochs(probe: Recipe, rows: int) -> int:
    """For how many epochs a probe learns: as often as a head learns best alone, or what makes enough steps."""
    return min(probe.epochs(rows), max(FEWEST, -(-STEPS * probe.batch // max(1, rows))))


def _setting(kind: Kind, name: str) -> dict[str, Any]:
    if kind != "probe":
        return {"model.name": name}
    # one linear layer on an untouched model is logistic regression on what it makes of the texts
    linear = {} if MODELS[name].head == "linear" else {"model.head": "linear"}
    return {"model.name": name, "freeze.trainable": "head"} | linear
