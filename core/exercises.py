"""Questions that several runs answer, by name: what varies in each, over which values. No torch."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from core.architectures.lookup import architecture_for, preset_for
from core.errors import BadRecipe, Problem
from core.freeze import FreezePlan
from core.presets import standing_for
from core.recipe import Recipe

Asked = Literal["best", "last"]  # about which two settings
FEWEST = 50  # labels that a curve over labels begins with
CONTEXTS = (16, 32, 64, 128)  # tokens
ALL_DEPTHS = 12  # blocks; of a deeper model each further step is twice as many


class Facts(NamedTuple):
    """What the values may depend on: the recipe that all runs share, how many rows it learns from, and the names of
    the models whose weights are here. The last two are asked for only where they matter.
    """

    recipe: Recipe
    rows: Callable[[], int]
    models: Callable[[], list[str]]


class Exercise(NamedTuple):
    """A question, the option that varies and its values; `pair` says which two settings the answer is about: the best
    two on validation, or the last two.

    Where the values stand in an order, `axis` says what grows along it, and `mark` where on it a recipe is.
    """

    question: str
    option: str
    values: Callable[[Facts], list[Any]]
    pair: Asked = "best"
    axis: str = ""
    mark: Callable[[Recipe], str] = str


def _contexts(facts: Facts) -> list[Any]:
    _blocks(facts)
    most = architecture_for(facts.recipe).max_tokens
    longest = ["longest"] if facts.recipe.train.padding == "fixed" else []  # else it computes what `model` does
    return [*(n for n in CONTEXTS if n < most), *longest, "model"]


def _layers(facts: Facts) -> list[Any]:
    return ["last_block", "all"] if _blocks(facts) else []


def _readouts(facts: Facts) -> list[Any]:
    _blocks(facts)
    last = "last_pad" if facts.recipe.train.padding == "fixed" else "last_real"
    return list(dict.fromkeys(["first", last, facts.recipe.readout.name]))


def _depths(facts: Facts) -> list[Any]:
    n = _blocks(facts)
    counts = range(n + 1) if n <= ALL_DEPTHS else [0, *(2**i for i in range(n.bit_length()) if 2**i < n), n]
    plans = [FreezePlan.from_boundary(n, n + 1 - k if k else n + 2) for k in counts]  # places in `parts_of`
    return [*map(str, plans), "all"]


def _labels(facts: Facts) -> list[Any]:
    rows, counts = facts.rows(), [FEWEST]
    if rows <= FEWEST:
        what = f"there are {rows} rows to learn from, and a curve begins at {FEWEST}."
        raise BadRecipe([Problem("--exercise", what, "Label some more first.")])
    while counts[-1] * 2 < rows:
        counts.append(counts[-1] * 2)
    return [*counts, "all"]


def _models(facts: Facts) -> list[Any]:
    return facts.models()


def _experiments(facts: Facts) -> list[Any]:
    _blocks(facts)
    return [name for name in standing_for(facts.recipe.model.name) if name.startswith("book/")]


def _blocks(facts: Facts) -> int:
    preset = preset_for(facts.recipe)
    if preset.counts:
        what = f"{preset.name} counts words: it has no layers that this could be asked of."
        raise BadRecipe([Problem("--exercise", what, "Choose another --model.")])
    return preset.architecture.n_blocks


def _blocks_that_learn(recipe: Recipe) -> str:
    parts = recipe.plan.parts
    return "all" if "embeddings" in parts else str(sum(part.startswith("blocks.") for part in parts))


EXERCISES = {
    "context-length": Exercise(
        "How many tokens of a text does it need?",
        "model.context",
        _contexts,
        axis="tokens that are read",
        mark=lambda recipe: str(recipe.model.context),
    ),
    "last-block-or-all": Exercise("Is it enough that the last block learns?", "freeze.trainable", _layers),
    "first-or-last-token": Exercise("At which token does the classifier look?", "model.readout", _readouts),
    "nineteen-rows": Exercise("What do the experiments of the book's table come to?", "preset", _experiments),
    "how-many-blocks": Exercise(
        "How many blocks should learn?",
        "freeze.trainable",
        _depths,
        axis="blocks that learn",
        mark=_blocks_that_learn,
    ),
    "which-model": Exercise("Which of the models on this machine is best?", "model.name", _models),
    "learning-curve": Exercise(
        "Is it worth labelling more?",
        "data.learn_from",
        _labels,
        pair="last",
        axis="labels that it learns from",
        mark=lambda recipe: str(recipe.data.learn_from),
    ),
}
