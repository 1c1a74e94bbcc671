"""What a run's steps are, known before the first: their batches, how many there are, and whether memory allows them."""

import psutil

from core import memory
from core.data import batches
from core.errors import WorkbenchError
from core.estimate import cost
from core.recipe import Recipe
from core.train import prefix
from core.train.texts import Texts


def epoch_plan(recipe: Recipe, texts: Texts, epoch: int) -> list[list[batches.Batch]]:
    """The steps of an epoch, each of some batches."""
    t = recipe.train
    lengths = texts.split_lengths["train"]
    return batches.steps(lengths, t.padding, recipe.batch, t.accumulate, t.seed, epoch, t.drop_last, texts.context)


def steps_per_epoch(recipe: Recipe, texts: Texts) -> int:
    """Raises WorkbenchError where there is no batch at all."""
    if n := len(epoch_plan(recipe, texts, 0)):
        return n
    raise WorkbenchError(
        f"A step of {recipe.batch * recipe.train.accumulate} is more than the {len(texts.splits['train'])} texts to "
        "learn from, and train.drop_last leaves out what is no whole step.",
        "Make the batch smaller, or turn train.drop_last off.",
    )


def check_memory(recipe: Recipe, texts: Texts, n_classes: int) -> None:
    """Raises NotEnoughMemory where learning would take more memory than is free: such a process may be killed."""
    if recipe.speed.memory == "ignore" or recipe.speed.device != "cpu":
        return
    costs = cost.Costs.of(recipe, n_classes)
    width = texts.context if recipe.train.padding == "fixed" else int(texts.lengths.max())
    info, cache = psutil.Process().memory_info(), prefix.held(recipe, texts, costs)
    # by texts and what libraries keep, which the reckoning holds already; what is mapped from files counts as free
    held = info.rss - getattr(info, "shared", 0)
    free = memory.free() + held
    memory.demand(lambda batch: costs.memory(batch, width) + cache, recipe.batch, recipe.train.accumulate, free)
