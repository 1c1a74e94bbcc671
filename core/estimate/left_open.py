"""What options that are left open come to on this machine, as far as that is known without torch.

A run resolves its recipe with these too: what a form says of `auto` is what the run then does.
"""

import os
from collections.abc import Mapping
from typing import Any

import psutil

from core import memory
from core.architectures.lookup import architecture_for
from core.estimate.cost import fits_probe
from core.options import AUTO
from core.recipe import Recipe
from core.rows import Profile


def threads() -> int:
    """Physical cores that this process may use: hyperthreads only get into each other's way in matrix products."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def cache_memory(free: int) -> float:
    """GB that a prefix cache may take of so many free bytes."""
    return round(free / 4 / 1e9, 1)


def context(recipe: Recipe, longest: int) -> int:
    """Tokens that texts are cut to, where the longest to learn from has so many."""
    most, asked = architecture_for(recipe).max_tokens, recipe.model.context
    if isinstance(asked, int):
        return asked
    return most if asked == "model" else max(1, min(longest, most))


def probe(recipe: Recipe, rows: Mapping[str, int]) -> str:
    """Whether a run fits a linear probe, `rows` being the texts of each split."""
    return "on" if fits_probe(recipe, rows) else "off"


def comes_to(recipe: Recipe, profile: Profile | None, free: int | None = None) -> dict[str, Any]:
    """Options by their dotted names, with what each comes to where it is left open; without those that a run finds out.

    `free` are the bytes of free memory, asked for where that is None.
    """
    found = recipe.defaults(profile.training_rows if profile else None)
    if recipe.train.lr != AUTO:  # then the head's is the same
        found["train.head_lr"] = recipe.train.lr
    found |= {
        "speed.threads": threads(),
        "speed.cache_memory": cache_memory(memory.free() if free is None else free),
    }
    if profile and profile.training_rows:
        rows = {split: sum(labels.values()) for split, labels in profile.splits.items()}
        found |= {
            "data.encoding": profile.encoding,
            "data.quoting": profile.quoting,
            "data.probe": probe(recipe, rows),
            "model.context": context(recipe, profile.longest_training),
        }
    return {name: value for name, value in found.items() if value != AUTO}
