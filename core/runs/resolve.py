"""From what the person left open (`auto`) to what this machine and this data make of it."""

import os

import numpy as np
import psutil
import torch

from core.presets import MODELS
from core.recipe import Recipe, load, merge


def threads() -> int:
    """Physical cores that this process may use: hyperthreads only get into each other's way in matrix products."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def device() -> str:
    """The fastest device that this build of PyTorch can use here."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


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
        "train": {"lr": preset.lr if recipe.train.lr == "auto" else recipe.train.lr},
        "speed": {
            "device": device() if recipe.speed.device == "auto" else recipe.speed.device,
            "threads": threads() if recipe.speed.threads == "auto" else recipe.speed.threads,
        },
    }
    return load(merge(recipe.model_dump(), found))
