"""Reading Hugging Face's config.json: what every family asks of it. No torch.

All raise ValueError with what is wrong, as the end of a sentence.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import files
from core.architectures.file_names import SETTINGS, TOKENIZER

# what is larger in a config.json belongs to no model, and would only take time and memory
MOST_BLOCKS, MOST = 1_000, 1 << 24
MOST_TOKENIZER = 1 << 28  # bytes of a tokenizer.json
PADS = ("[PAD]", "<pad>")  # what a pad is called where nothing says which token is it
# our names of a model's dimensions -> those of most families
SIZES = {
    "n_blocks": "num_hidden_layers",
    "width": "hidden_size",
    "n_heads": "num_attention_heads",
    "max_tokens": "max_position_embeddings",
    "vocab": "vocab_size",
    "inner": "intermediate_size",
}


EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")  # above 1, a block has several MLPs


class Otherwise(ValueError):
    """What a config.json says that a family does not compute."""


def numbers(config: Mapping[str, Any], keys: Mapping[str, str], least: int = 1) -> dict[str, int]:
    """Whole numbers, `least` or more: by our names for them, which `keys` maps to those of the file."""
    found = {}
    for ours, theirs in keys.items():
        value, most = config.get(theirs), MOST_BLOCKS if ours == "n_blocks" else MOST
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            no = f"is {repr(value)[:40]}, no whole number from {least} to {most:,}"
            raise ValueError(f"{theirs} {no if theirs in config else 'is missing'}")
        found[ours] = value
    return found


def given(config: Mapping[str, Any], keys: Mapping[str, str], least: int = 0) -> dict[str, int]:
    """Those of such numbers that the file says."""
    return numbers(config, {ours: theirs for ours, theirs in keys.items() if config.get(theirs) is not None}, least)


def number(config: Mapping[str, Any], key: str, usual: float | None = None, least: float = 0.0) -> float:
    """A number above `least`; where the file does not say it, the `usual` one."""
    value = usual if config.get(key) is None else config[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least < value < MOST**2:
        raise ValueError(f"{key} is {repr(value)[:40]}, no number above {least:g}")
    return float(value)


def fraction(config: Mapping[str, Any], key: str, usual: float) -> float:
    """A number between 0 and 1; where the file does not say it, the `usual` one."""
    value = config.get(key)
    if value is None:
        return usual
    if not isinstance(value, float) or not 0 < value < 1:
        raise ValueError(f"{key} is no number between 0 and 1")
    return value


def flag(config: Mapping[str, Any], key: str) -> bool:
    """True or false; the latter where the file does not say it."""
    value = config.get(key) or False
    if not isinstance(value, bool):
        raise ValueError(f"{key} is {repr(value)[:40]}, neither true nor false")
    return value


def by_own_names(config: Mapping[str, Any], aliases: Mapping[str, str]) -> Mapping[str, Any]:
    """The same file, in which what it says by one of the `aliases` stands by the family's own name.

    Raises ValueError where both names are there and do not say the same: transformers would read the alias.
    """
    said = {own: (alias, config[alias]) for alias, own in aliases.items() if config.get(alias) is not None}
    for own, (alias, value) in said.items():
        if config.get(own) not in (None, value):
            raise ValueError(f"{own} and {alias} are the same, but are {config[own]!r} and {repr(value)[:40]}")
    return {**config, **{own: value for own, (_, value) in said.items()}}


def demand_whole_weights(config: Mapping[str, Any]) -> None:
    """Raises Otherwise for what no family here has: several MLPs in a block, weights of few bits, unequal blocks."""
    if config.get("per_layer_config"):
        raise Otherwise("its blocks have dimensions of their own (per_layer_config)")
    if experts := [f"{key} is {repr(config[key])[:40]}" for key in EXPERTS if config.get(key) not in (None, 0, 1)]:
        raise Otherwise(f"its blocks have several MLPs, so-called experts ({experts[0]})")
    if config.get("quantization_config"):
        raise Otherwise("its weights are quantized (quantization_config)")


def demand(config: Mapping[str, Any], computed: Mapping[str, Any]) -> None:
    """Raises Otherwise where the file says something else than what is `computed`."""
    other = [f"{key} is {config[key]!r}" for key, value in computed.items() if config.get(key, value) != value]
    if other:
        raise Otherwise(", ".join(other))


def demand_heads(width: int, n_heads: int, pairs: bool = False) -> None:
    """Raises ValueError where heads cannot share a width, or where they are turned, `pairs` of it."""
    if width % (n_heads * (2 if pairs else 1)):
        raise ValueError(f"its width is no multiple of {'twice ' if pairs else ''}its heads")


def demand_pad(pad: int, vocab: int) -> None:
    """Raises ValueError where a batch would be filled with no token."""
    if pad >= vocab:
        raise ValueError(f"pad_token_id {pad} is none of its ids")


def pad_beside(folder: Path) -> int | None:
    """The id that fills a batch by a folder's tokenizer; None where it says none, or cannot be read, which is said
    where it is used.
    """
    try:
        file = json.loads(files.content(folder / TOKENIZER, most=MOST_TOKENIZER))
        settings = json.loads(files.content(folder / SETTINGS, most=MOST)) if (folder / SETTINGS).is_file() else {}
        added = {token["content"]: token["id"] for token in file.get("added_tokens") or []}
        named = settings.get("pad_token") or (file.get("padding") or {}).get("pad_token")
        named = named["content"] if isinstance(named, dict) else named
        names = [named] if named else PADS
        return next((id for name, id in {**file["model"]["vocab"], **added}.items() if name in names), None)
    except (OSError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def is_id(value: object, vocab: int) -> bool:
    """Whether it is the number of a token."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < vocab
