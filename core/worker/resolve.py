"""From what the person left open (`auto`) to what this machine and this data make of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from core import memory
from core.data.sources.source import Options
from core.estimate.left_open import cache_memory, context, probe, threads
from core.machine import Machine, Speed
from core.options import merge
from core.recipe import Recipe, load
from core.train.precision import precision


def device() -> str:
    """The fastest device that this build of PyTorch can use here."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def resolve_machine(machine: Machine) -> dict:
    """Device, threads and precision, as this machine makes them of `auto`; the threads are set, too."""
    found: dict[str, Any] = {
        "device": device() if machine.device == "auto" else machine.device,
        "threads": threads() if machine.threads == "auto" else machine.threads,
    }
    torch.set_num_threads(found["threads"])
    found["precision"] = precision(found["device"]) if machine.precision == "auto" else machine.precision
    return found


def resolve_speed(speed: Speed) -> dict:
    """What `resolve_machine` finds, and the cache's share of memory."""
    share = cache_memory(memory.free())
    return resolve_machine(speed) | {"cache_memory": share if speed.cache_memory == "auto" else speed.cache_memory}


def resolve(recipe: Recipe, options: Options, lengths: np.ndarray, rows: Mapping[str, int]) -> Recipe:
    """The recipe with no `auto` left. `options` are those of the data as read, `lengths` those of uncut training texts.

    `rows` are the texts of each split.
    """
    lr, head_lr = recipe.rates
    found = {
        "data": options._asdict() | {"probe": probe(recipe, rows)},
        "model": {
            "readout": recipe.readout.name,
            "head": recipe.head,
            "context": context(recipe, int(lengths.max())),
        },
        "freeze": {"trainable": recipe.trainable},
        "train": {
            "epochs": recipe.epochs(len(lengths)),
            "batch": recipe.batch,
            "lr": lr,
            "head_lr": head_lr,
            "schedule": recipe.schedule,
            "warmup": recipe.warmup,
            "keep": recipe.keep,
        },
        "speed": resolve_speed(recipe.speed),
    }
    return load(merge(recipe.model_dump(), found), home=recipe.home)
