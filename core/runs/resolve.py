"""From what the person left open (`auto`) to what this machine and this data make of it."""

import os

import numpy as np
import psutil
import torch

from core.presets import MODELS
from core.recipe import Recipe, Speed, load, merge
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


def resolve_speed(speed: Speed) -> dict:
    """Device, threads, precision and the cache's share of memory, as this machine makes them of `auto`."""
    found = {
        "device": device() if speed.device == "auto" else speed.device,
        "threads": threads() if speed.threads == "auto" else speed.threads,
        "cache_memory": speed.cache_memory,
    }
    if speed.cache_memory == "auto":
        found["cache_memory"] = round(psutil.virtual_memory().available / 4 / 1e9, 1)
    torch.set_num_threads(found["threads"])
    found["precision"] = precision(found["device"]) if speed.precision == "auto" else speed.precision
    return found


def resolve(recipe: Recipe, columns: dict[str, str], quoting: str, lengths: np.ndarray) -> Recipe:
    """The recipe with no `auto` left. `columns` and `quoting` are as read, `lengths` the training texts' tokens, uncut."""
    preset = MODELS[recipe.model.name]
    context = {"model": preset.shape.context, "longest": max(1, min(int(lengths.max()), preset.shape.context))}
    weights = recipe.model.weights
    if weights == "auto":
        weights = "pretrained" if preset.source else "random"
    found = {
        "data": {"text": columns["text"], "label": columns["label"], "quoting": quoting},
        "model": {"weights": weights, "context": context.get(recipe.model.context, recipe.model.context)},
        "train": {"batch": recipe.batch, "lr": preset.lr if recipe.train.lr == "auto" else recipe.train.lr},
        "speed": resolve_speed(recipe.speed),
    }
    return load(merge(recipe.model_dump(), found))
