"""Which architecture a recipe's model or a folder's config.json has. No torch."""

import json
from pathlib import Path
from typing import Protocol

from core.architectures.architecture import Architecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import MODELS, WEIGHTS
from core.errors import BadModel

FAMILIES: dict[str, type[Architecture]] = {GPT2Architecture.family: GPT2Architecture}


class _Model(Protocol):
    @property
    def name(self) -> str: ...


class _Recipe(Protocol):
    @property
    def model(self) -> _Model: ...


def architecture_for(recipe: _Recipe) -> Architecture:
    """The architecture of the model that a recipe, of fine-tuning or of pretraining, names."""
    return MODELS[recipe.model.name].architecture


def check_folder(folder: Path, expected: Architecture) -> None:
    """Raises BadModel where a folder holds no model in safetensors, or one that is not of the expected architecture."""
    file = folder / "config.json"
    if not file.is_file() or not (folder / WEIGHTS).is_file():
        there = sorted(p.name for p in folder.glob("*"))[:5] if folder.is_dir() else []
        raise BadModel(
            f"{folder} is not a model folder: "
            + (f"it holds {', '.join(there)}." if there else "there is nothing in it."),
            "It needs config.json and model.safetensors; pickled weights (.bin, .pt) are not read.",
        )
    try:
        config = json.loads(file.read_text())
        family = FAMILIES.get(config.get("model_type"), type(expected))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BadModel(f"{file} does not describe a {expected.title}: {error}.") from error
    found = family.from_config(config, folder)
    if found != expected:
        fitting = next((name for name, preset in MODELS.items() if preset.architecture == found), None)
        raise BadModel(
            f"The model in {folder} has {found.n_blocks} blocks of width {found.width}, {found.n_heads} heads, "
            f"context {found.max_tokens}; another was chosen.",
            f"Choose --model {fitting}." if fitting else "No size of this program fits it.",
        )
