"""From what the person left open (`auto`) to what this machine and this data make of it."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import psutil
import torch

from core import memory
from core.architectures.lookup import architecture_for
from core.data.sources.source import Options
from core.estimate.cost import fits_probe
from core.machine import Machine, Speed
from core.options import merge
from core.recipe import Recipe, load
from core.train.precision import precision


def threads() -> int:
    """Physical cores that this process may use: hyperthreads only get into each other's way in matrix products."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


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
    free = round(memory.free() / 4 / 1e9, 1)
    return resolve_machine(speed) | {"cache_memory": free if speed.cache_memory == "auto" else speed.cache_memory}


def resolve(recipe: Recipe, options: Options, lengths: np.ndarray, rows: Mapping[str, int]) -> Recipe:
    """The recipe with no `auto` left. `options` are those of the data as read, `lengths` those of uncut training texts.

    `rows` are the texts of each split.
    """
    most, (lr, head_lr) = architecture_for(recipe).max_tokens, recipe.rates
    context = {"model": most, "longest": max(1, min(int(lengths.max()), most))}
    found = {
        "data": options._asdict() | {"probe": "on" if fits_probe(recipe, rows) else "off"},
        "model": {
            "readout": recipe.readout.name,
            "head": recipe.head,
            "context": context.get(str(recipe.model.context), recipe.model.context),
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
