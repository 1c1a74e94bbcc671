"""Which model a recipe means: one by name, an address on the hub, or a folder with a config.json. No torch."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from difflib import get_close_matches
from math import prod
from pathlib import Path
from typing import Any, Protocol

from safetensors import SafetensorError, safe_open

from core import files
from core.architectures.architecture import Architecture
from core.architectures.bert import (
    BertArchitecture,
    DistilBertArchitecture,
    RobertaArchitecture,
    XLMRobertaArchitecture,
)
from core.architectures.config_json import pad_beside
from core.architectures.counting import CountingArchitecture
from core.architectures.deberta import DebertaArchitecture
from core.architectures.file_names import CONFIG, SETTINGS, SHARDS, TOKENIZER, TOKENIZERS, WEIGHTS
from core.architectures.gpt2 import GPT2Architecture
from core.architectures.llama import LlamaArchitecture, Qwen2Architecture, Qwen3Architecture
from core.architectures.models import MODELS
from core.architectures.modernbert import ModernBertArchitecture
from core.architectures.preset import ModelPreset, OwnFolder, Source, is_folder
from core.architectures.t5 import T5Architecture
from core.errors import BadModel
from core.wording import count

FAMILIES: dict[str, type[Architecture]] = {
    kind.family: kind
    for kind in (
        GPT2Architecture,
        BertArchitecture,
        DistilBertArchitecture,
        RobertaArchitecture,
        XLMRobertaArchitecture,
        ModernBertArchitecture,
        T5Architecture,
        DebertaArchitecture,
        LlamaArchitecture,
        Qwen2Architecture,
        Qwen3Architecture,
    )
}
# files of which one set is wanted, the first that is whole; the empty one stands last where there may be none
Sets = tuple[tuple[str, ...], ...]
HUB = "hub:"  # before an address, owner/name or owner/name@revision
MOST = 1 << 20  # bytes of a config.json
FLOATS = ("F64", "F32", "F16", "BF16")  # numbers that weights may be, as safetensors names them
# what an encoder that is not known by name begins with: nothing is known of what its first token was taught to say
UNKNOWN_ENCODER: dict[str, Any] = {"batch": 16, "head_lr": 5e-4, "readout": "mean"}


class _Model(Protocol):
    @property
    def name(self) -> str: ...


class _Recipe(Protocol):
    @property
    def model(self) -> _Model: ...

    @property
    def home(self) -> Path | None:
        """The folder of the run that keeps it and a config.json, where there is one."""

    def kept(self, find: Callable[[], ModelPreset]) -> ModelPreset:
        """What was found for it once."""


def preset_for(recipe: _Recipe) -> ModelPreset:
    """The model that a recipe, of fine-tuning or of pretraining, starts from. Raises BadModel where there is none."""
    name = recipe.model.name
    # one that is named may be another in a test; one from outside stays what it was when the recipe was made
    return MODELS[name] if name in MODELS else recipe.kept(lambda: preset_of(name, recipe.home))


def architecture_for(recipe: _Recipe) -> Architecture:
    """The architecture of that model. Raises BadModel where there is none."""
    return preset_for(recipe).architecture


def preset_of(name: str, home: Path | None = None) -> ModelPreset:
    """A model by its name in a recipe. Raises BadModel where it is not known, or not on this machine.

    `home` is the folder of the run that keeps its config.json, where one does.
    """
    if name in MODELS:
        return MODELS[name]
    folder = folder_of(name)
    config = (home or folder) / CONFIG
    if not config.is_file():
        raise _unknown(name, folder)
    arch = read_config(config, home)
    source = Source(*address(name)) if name.startswith(HUB) else OwnFolder(folder)
    title = f"{short_name(name)} {count(sum(arch.parameters().values()))}"
    head = "linear" if arch.biased("own") else "own"  # so that transformers' classifier can say the same
    made = ModelPreset(name, title, arch, source, tokenizer="", head=head, languages="", licence="")
    return made if arch.causal else replace(made, **UNKNOWN_ENCODER)


def short_name(name: str) -> str:
    """What a model is called on a line with other things: its name, or the end of its address or path."""
    return name.removeprefix(HUB).partition("@")[0].rstrip("/").rpartition("/")[2] if name not in MODELS else name


def by_family(others: Iterable[ModelPreset] = ()) -> dict[str, list[ModelPreset]]:
    """The models by name, and `others`, under the names of their families."""
    titles = [kind.title for kind in FAMILIES.values()] + [CountingArchitecture.title]
    found: dict[str, list[ModelPreset]] = {title: [] for title in titles}
    for preset in (*MODELS.values(), *others):
        found[preset.architecture.title].append(preset)
    return {title: presets for title, presets in found.items() if presets}


def is_own_folder(name: str) -> bool:
    """Whether a model's name in a recipe is that of a folder."""
    return name not in MODELS and not name.startswith(HUB)


def folder_of(name: str) -> Path:
    """The folder in which the files of a model lie, or would lie, that does not come with the program."""
    if name in MODELS:
        source = MODELS[name].source
        return model_folder(source.repo, source.revision) if isinstance(source, Source) else Path()
    return model_folder(*address(name)) if name.startswith(HUB) else files.absolute(name)


def small_files(name: str) -> tuple[Sets, ...]:
    """The files that say what a model is and how it reads a text, where they are fetched and do not come along.

    The tokenizer comes last: where it is, the settings beside it have been asked for.
    """
    if name.startswith(HUB):
        return ((CONFIG,),), ((SETTINGS,), ()), TOKENIZERS
    return (((TOKENIZER,),),) if name in MODELS and not MODELS[name].tokenizer else ()


def are_there(wanted: Iterable[Sets], has: Callable[[str], bool]) -> bool:
    """Whether a set of each is whole, where `has` says which files there are."""
    return all(any(all(map(has, files)) for files in sets) for sets in wanted)


def lacks_small_files(name: str) -> bool:
    """Whether one of them is not on this machine yet. Raises BadModel for what is no address on the hub."""
    return not are_there(small_files(name), lambda file: (folder_of(name) / file).is_file())


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
    if "/" in name:
        return BadModel(f"There is no folder {folder}.", "Check the path.")
    return BadModel(f"{name} is no model of this program, and no folder.", _meant(name))


def _meant(name: str) -> str:
    """What to do about a name that nothing has. One that names a family is not taken for a model of another."""
    titles = {kind.title.lower().replace("-", ""): kind.title for kind in FAMILIES.values()}
    # deberta-v3-base, flan-t5 and distilroberta name theirs, gpt5 names no T5
    named = [key for key in titles if re.search(rf"(?<![a-z])(distil)?{'-?'.join(key)}", name.lower())]
    title = titles.get(max(named, key=len, default=""))
    known = [other for other, preset in MODELS.items() if title in (None, preset.architecture.title)]
    if close := get_close_matches(name, known, 1):
        return f"Did you mean {close[0]}?"
    there = f"there are {', '.join(known)}" if known else "there is none by name"
    any_other = f"a folder with a model, or {HUB}owner/name on the Hugging Face hub, is another."
    return f"Of {title}'s family {there}; {any_other}" if title else f"T{there[1:]}; {any_other}"


def no_model_folder(folder: Path) -> BadModel:
    """What is said of a folder that lacks what a model needs."""
    there = sorted(p.name for p in folder.glob("*"))[:5] if folder.is_dir() else []
    if (folder / SHARDS).is_file():
        return BadModel(
            f"The weights in {folder} are cut into several files ({SHARDS}), which is not read here.",
            "Save them in one: AutoModel.from_pretrained(FOLDER).save_pretrained(OTHER, max_shard_size='100GB'), "
            "and put the tokenizer's files there, too.",
        )
    return BadModel(
        f"{folder} is not a model folder: " + (f"it holds {', '.join(there)}." if there else "there is nothing in it."),
        f"It needs {CONFIG} and {WEIGHTS}; pickled weights (.bin, .pt) are not read.",
    )


def read_config(file: Path, home: Path | None = None) -> Architecture:
    """The architecture that a config.json describes, which may lie in the folder `home` of a run.

    Raises BadModel for one that cannot be computed here.
    """
    config = whole_config(file, home)
    return family_of(config, file.parent).from_config(config, file.parent)


def family_of(config: dict[str, Any], folder: Path) -> type[Architecture]:
    """The family of a config.json. Raises BadModel, naming the folder, for one that is not computed here."""
    named = config.get("model_type")
    family = FAMILIES.get(named) if isinstance(named, str) else None
    if family is None:
        what = f"of the family {named!r}" if named else "of a family that its config.json does not name"
        known = ", ".join(kind.title for kind in FAMILIES.values())
        raise BadModel(f"The model in {folder} is {what}.", f"This program computes {known}.")
    return family


def whole_config(file: Path, home: Path | None = None) -> dict[str, Any]:
    """What a config.json says of a model, and where it names no pad, and ModernBERT's is none of its ids, which one the
    tokenizer beside it has. Raises BadModel where it cannot be read.
    """
    try:
        with files.reading(file, home) as opened:
            config = json.loads(opened.read(MOST))
        if not isinstance(config, dict):
            raise ValueError("it is no table")
    except (OSError, ValueError, RecursionError) as error:
        what = f"{file} is no readable config.json: {error}."
        raise BadModel(what, "Take the one that came with the model.") from error
    # other families' usual pad is an id that every vocabulary has
    lacks = config.get("model_type") == ModernBertArchitecture.family and config.get("pad_token_id") is None
    vocab = config.get("vocab_size")
    if lacks and isinstance(vocab, int) and vocab <= ModernBertArchitecture.pad:
        config["pad_token_id"] = pad_beside(file.parent)
    return config


def demand_weights(preset: ModelPreset, weights: str) -> None:
    """Raises BadModel where a recipe names weights that the model cannot have, or that are not there.

    Those of an address that are not here yet are asked about when they are.
    """
    if preset.counts and weights != "pretrained":
        what = f"{preset.name} counts words: it has no weights, so {weights} cannot be used."
        raise BadModel(what, "Leave --weights out, or choose another --model.")
    if is_folder(weights):
        check_folder(files.absolute(weights), preset.architecture)
    elif weights == "pretrained" and isinstance(preset.source, OwnFolder):
        check_folder(preset.source.folder, preset.architecture)
    elif weights == "pretrained" and preset.name.startswith(HUB) and (folder_of(preset.name) / WEIGHTS).is_file():
        check_weights(folder_of(preset.name) / WEIGHTS, preset.architecture)


def check_folder(folder: Path, expected: Architecture) -> None:
    """Raises BadModel where a folder holds no model in safetensors, or one that is not of the expected architecture."""
    if not (folder / CONFIG).is_file() or not (folder / WEIGHTS).is_file():
        raise no_model_folder(folder)
    found = read_config(folder / CONFIG)
    if found != expected:
        raise BadModel(
            f"The model in {folder} is a {found.title} of {found.n_blocks} blocks of width {found.width}, "
            f"{found.n_heads} heads, context {found.max_tokens:,}; another was chosen.",
            f"Choose it by its folder: --model {folder}",
        )
    check_weights(folder / WEIGHTS, expected)


def check_weights(file: Path, arch: Architecture) -> None:
    """Raises BadModel where a file is no whole one of safetensors, or its tensors are not those of the architecture."""
    do = "Take the config.json and the weights of one model, from one place."
    try:
        with safe_open(file, framework="np") as opened:  # its head alone is read, which says how long it must be
            there = frozenset(opened.keys())
            found = 0
            for published in arch.published.values():
                names = published.among(there)
                if names is None:
                    what = f"{file} holds no {published.names[0]}: it is not the {arch.title} of its config.json."
                    raise BadModel(what, do)
                parts = [opened.get_slice(each) for each in names]
                if whole := [part.get_dtype() for part in parts if part.get_dtype() not in FLOATS]:
                    what = f"{file} holds {names[0]} in {whole[0]}: its weights are quantized, which is not read here."
                    raise BadModel(what, "Take the model as it was before that, in F32, F16 or BF16.")
                found += sum(prod(part.get_shape()) for part in parts)
    except (SafetensorError, OSError) as error:
        what = f"{file} is not a whole safetensors file: {error}."
        raise BadModel(what, "Download or copy it again.") from error
    expected = sum(arch.parameters().values())
    if found != expected:
        raise BadModel(f"{file} holds {found:,} numbers where its config.json says {expected:,}.", do)
    larger = replace(arch, n_blocks=arch.n_blocks + 1).published
    if all(one.among(there) for name, one in larger.items() if name not in arch.published):
        raise BadModel(f"{file} holds more blocks than the {arch.n_blocks} that its config.json says.", do)
