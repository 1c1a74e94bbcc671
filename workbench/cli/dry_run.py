"""`workbench train --dry-run`: what a run would cost on this machine, part by part."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from core.architectures.lookup import architecture_for, preset_for
from core.architectures.preset import Source
from core.errors import BadData
from core.estimate import speeds as machine
from core.estimate.prices import Price, in_words, ladder, price, rungs, upwards
from core.estimate.speeds import Speeds, recall
from core.export.expressible import formats, refusal
from core.recipe import Recipe
from core.steady import steady
from core.wording import about, count, percent, plural, size
from workbench.cli.data import profiled
from workbench.cli.printing import bars, print_json, say, tabulate


def prices(recipe: Recipe, root: Path, busy: str, as_json: bool) -> int:
    """What a run of the recipe under a root would cost; returns the exit code. Measures this machine where that is not
    known.

    `busy` names a run that is running: beside it nothing is measured, and what is not known is estimated. Raises
    BadData where there is nothing to learn from.
    """
    profile = profiled(recipe, root)
    if profile.problem:
        raise BadData(profile.problem)
    if preset_for(recipe).counts:
        return _counting(price(recipe, profile, recipe.plan), recipe, as_json)
    speeds = known_speeds(recipe, busy)
    found, steps = price(recipe, profile, recipe.plan, speeds), ladder(recipe, profile, speeds)
    everything = upwards(recipe.plan)[-1]
    parts = [everything.of_part(part) or part for part in rungs(architecture_for(recipe))]
    when = datetime.fromtimestamp(speeds.measured).astimezone() if speeds and speeds.measured else None
    if as_json:
        document = {
            "data": profile.path,
            "model": recipe.model.name,
            "trainable": recipe.trainable,
            "epochs": found.epochs,
            "exports": formats(recipe),
            "weights": _weights(recipe),
            "measured": when.isoformat(timespec="seconds") if when else None,
            **_in_numbers(found),
            "ladder": [{"from": part, **_in_numbers(rung)} for part, rung in zip(parts, steps, strict=True)],
        }
        print_json(document)
        return 0
    thaws = recipe.plan.depth and recipe.freeze.thaw_every
    none = "the next block thaws too soon for a cache" if thaws else "nothing frozen lies below what learns"
    none = "the cache is off" if recipe.speed.cache == "off" else none
    share = percent(found.learns / found.parameters)
    once = f"{about(found.once)}, {plural(found.blocks, 'block')}" if found.blocks else f"– {none}"
    why = refusal(recipe)
    exports = f"to ONNX only. {why}" if why else "to transformers and ONNX"
    say(
        [
            f"learns    {found.learns:,} of {found.parameters:,} parameters, {share}",
            f"memory    {size(found.memory)}",
            f"cache     {size(found.cache) if found.blocks else '–'}",
            f"once      {once}",
            f"epoch     {about(found.epoch)} × {found.epochs}",
            f"other     {about(found.besides)}  starting, baselines, first and last evaluation, final test",
            f"in all    {about(found.total)}",
            f"no cache  {about(found.without_cache)}",
            f"exports   {exports}",
            f"weights   {_weights(recipe)}",
            "",
        ]
    )
    tabulate(
        ["learning from", "parameters", "memory", "with cache", "without"],
        [
            [
                "head only" if i == 0 else f"+ {in_words(part)}" + (", all" if rung.learns == rung.parameters else ""),
                count(rung.learns),
                size(rung.memory),
                about(rung.with_cache),
                about(rung.without_cache),
            ]
            for i, (part, rung) in enumerate(zip(parts, steps, strict=True))
        ],
    )
    say(["", how_known([recipe], busy)])
    return 0


def known_speeds(recipe: Recipe, busy: str) -> Speeds | None:
    """How fast this machine is at what a recipe does, measured now where that is not known; None for an estimate.

    `busy` names a run that is running: beside it nothing is measured. A model without a network is never measured.
    """
    if preset_for(recipe).counts:
        return None
    speeds = recall(recipe)
    return speeds if speeds or busy else _measured(recipe)


def how_known(recipes: Iterable[Recipe], busy: str) -> str:
    """What the prices of recipes rest on, in sentences: the oldest measurement, or estimates."""
    speeds = [recall(recipe) for recipe in recipes if not preset_for(recipe).counts]
    measured = [each.measured for each in speeds if each and each.measured]
    known = "An estimate."
    if measured and len(measured) == len(speeds):
        when = datetime.fromtimestamp(min(measured)).astimezone()
        known = (
            f"Measured on this machine, {when:%d %B %Y, %H:%M}. A run takes within 25 % of it while nothing else runs."
        )
    elif busy:
        known = (
            f"An estimate: {busy} is running, and beside it this machine is not measured. Ask again when it is done."
        )
    if crowded := machine.busy():
        known += f" This machine is busy now ({crowded}): a run takes longer."
    return known


def _counting(found: Price, recipe: Recipe, as_json: bool) -> int:
    """A model without a network: what it costs is an estimate, and nothing is measured for it."""
    if as_json:
        seconds = round(found.total or 0.0, 3)
        print_json(
            {"data": recipe.data.path, "model": recipe.model.name, "exports": ["onnx"], "seconds": {"total": seconds}}
        )
        return 0
    say(
        [
            f"learns    at most {found.learns:,} weights of n-grams",
            f"in all    about {about(found.total)}: it has no network",
            "exports   to ONNX",
        ]
    )
    return 0


def _weights(recipe: Recipe) -> str:
    """Where the weights are that a run would start from, or what must be downloaded first."""
    from core.model_files.kept import where

    if recipe.model.weights != "pretrained":
        return recipe.model.weights
    preset = preset_for(recipe)
    place = where(preset)
    size_of = preset.source.size if isinstance(preset.source, Source) else 0
    much = f"{size(size_of)} " if size_of else ""
    return f"not here: a run downloads {much}first" if place == "download" else place


def _in_numbers(found: Price) -> dict:
    """A price as a document says it."""
    seconds = {name: getattr(found, name) for name in ("once", "epoch", "besides", "total")}
    both = {"cached": found.with_cache, "uncached": found.without_cache}
    rounded = {name: round(value, 3) for name, value in (seconds | both).items()}
    sizes = {"learns": found.learns, "parameters": found.parameters, "memory": found.memory, "cache": found.cache}
    return sizes | {"blocks": found.blocks, "seconds": rounded}


def _measured(recipe: Recipe) -> Speeds:
    steady()  # as in the worker
    from core.worker.measure import measure

    with bars() as progress:
        return measure(recipe, progress)
