"""Which model a recipe means: one by name, an address on the hub, or a folder with a config.json. No torch."""

import json
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from core import files
from core.architectures.architecture import Architecture
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.models import CONFIG, MODELS, WEIGHTS, ModelPreset, OwnFolder, Source
from core.errors import BadModel
from core.wording import count

FAMILIES: dict[str, type[Architecture]] = {GPT2Architecture.family: GPT2Architecture}
HUB = "hub:"  # before an address, owner/name or owner/name@revision
MOST = 1 << 20  # bytes of a config.json


class _Model(Protocol):
    @property
    def name(self) -> str: ...


class _Recipe(Protocol):
    @property
    def model(self) -> _Model: ...


def architecture_for(recipe: _Recipe) -> Architecture:
    """The architecture of the model that a recipe, of fine-tuning or of pretraining, names."""
    return MODELS[recipe.model.name].architecture


def preset_of(name: str, home: Path | None = None) -> ModelPreset:
    """A model by its name in a recipe. Raises BadModel where it is not known, or not on this machine."""
    if name in MODELS:
        return MODELS[name]
    folder = folder_of(name)
    kept = home is not None and (home / CONFIG).is_file()
    config = home / CONFIG if home is not None and kept else folder / CONFIG
    if not config.is_file():
        raise _unknown(name, folder)
    status = config.stat()
    arch = _architecture(config, status.st_mtime_ns, status.st_size)
    source = Source(*address(name)) if name.startswith(HUB) else OwnFolder(folder)
    parameters = sum(arch.parameters().values())
    short = name.removeprefix(HUB).partition("@")[0].rstrip("/").rpartition("/")[2]
    return ModelPreset(name, f"{short} {count(parameters)}", arch, source, tokenizer="", languages="", licence="")


def folder_of(name: str) -> Path:
    """The folder in which the files of a model lie, or would lie, that does not come with the program."""
    if name in MODELS:
        source = MODELS[name].source
        return model_folder(source.repo, source.revision) if isinstance(source, Source) else Path()
    return model_folder(*address(name)) if name.startswith(HUB) else files.absolute(name)


def model_folder(repo: str, revision: str = "") -> Path:
    """Where this program keeps a model that it fetched."""
    name = repo.replace("/", "--") + (f"@{revision}" if revision else "")
    return files.cache_root() / "models" / name


def address(name: str) -> tuple[str, str]:
    """Repository and revision of an address on the hub. Raises BadModel where it is none."""
    repo, _, revision = name.removeprefix(HUB).partition("@")
    parts = repo.split("/")
    if len(parts) != 2 or not all(part.strip(".") for part in parts) or set("\\:*?\0") & set(name[len(HUB) :]):
        raise BadModel(f"{name} is no address on the hub.", f"One reads {HUB}owner/name, or {HUB}owner/name@revision.")
    if "/" in revision or revision.startswith("."):
        raise BadModel(f"{revision} is no revision.", "Name a commit, a tag or a branch without a slash.")
    return repo, revision


def _unknown(name: str, folder: Path) -> BadModel:
    """Why a name stands for no model, and what may have been meant."""
    if name.startswith(HUB):
        return BadModel(f"{name} is not on this machine.", f"Bring it here: workbench fetch {name}")
    if folder.is_dir():
        return no_model_folder(folder)
    close = get_close_matches(name, MODELS, 1)
    if "/" in name or close:
        return BadModel(f"there is no folder {folder}.", f"Did you mean {close[0]}?" if close else "Check the path.")
    return BadModel(
        f"{name} is no model of this program, and no folder.",
        f"There are {', '.join(MODELS)}; {HUB}owner/name is one on the Hugging Face hub.",
    )


def no_model_folder(folder: Path) -> BadModel:
    """What is said of a folder that lacks what a model needs."""
    there = sorted(p.name for p in folder.glob("*"))[:5] if folder.is_dir() else []
    return BadModel(
        f"{folder} is not a model folder: " + (f"it holds {', '.join(there)}." if there else "there is nothing in it."),
        f"It needs {CONFIG} and {WEIGHTS}; pickled weights (.bin, .pt) are not read.",
    )


def read_config(file: Path) -> Architecture:
    """The architecture that a config.json describes. Raises BadModel for one that cannot be computed here."""
    try:
        with files.reading(file) as opened:
            config = json.loads(opened.read(MOST))
    except (OSError, ValueError, RecursionError) as error:
        raise BadModel(f"{file} is no readable config.json: {error}.") from error
    named = config.get("model_type") if isinstance(config, dict) else None
    family = FAMILIES.get(named) if isinstance(named, str) else None
    if family is None:
        what = f"of the family {named!r}" if named else "of a family that its config.json does not name"
        known = ", ".join(kind.title for kind in FAMILIES.values())
        raise BadModel(f"The model in {file.parent} is {what}.", f"This program computes {known}.")
    return family.from_config(config, file.parent)


@lru_cache(maxsize=32)
def _architecture(file: Path, modified: int, size: int) -> Architecture:
    """`read_config`, once for as long as the file stays as it is."""
    return read_config(file)


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
