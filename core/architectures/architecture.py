"""What every family of models says of itself. Plain data; no torch."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

Rows = Literal["all", "one"]  # of the positions of a text, those that a block computes


class Published(NamedTuple):
    """Where a tensor stands in published files: its name, with or without `prefix`, and whether it is transposed."""

    name: str
    prefix: str = ""  # of every name, where a file was saved with a language-model head
    transposed: bool = False


@dataclass(frozen=True)
class Architecture(ABC):
    """The dimensions of a model, and by arithmetic what it costs. Each family has one, and a backbone of that name."""

    n_blocks: int
    width: int  # of a hidden state
    n_heads: int
    max_tokens: int  # that it can read
    vocab: int

    family: ClassVar[str]  # the model_type of config.json
    title: ClassVar[str]  # the family's name, for a person
    causal: ClassVar[bool]  # whether it was pretrained with each token seeing only those before it
    transformers_class: ClassVar[str | None] = None  # that reads a text out at its last real token, where there is one
    norm_bias: ClassVar[str] = ""  # our name of the final norm's, into which the head's is folded for that class

    @property
    def n_kv_heads(self) -> int:
        return self.n_heads

    @property
    def head_dim(self) -> int:
        return self.width // self.n_heads

    @property
    @abstractmethod
    def published(self) -> Mapping[str, Published]:
        """Every tensor of the backbone, by its name in ours."""

    @property
    @abstractmethod
    def matrices(self) -> Mapping[str, tuple[int, int]]:
        """The matrices of a block, (out, in), by the names of `ADAPTED`."""

    @abstractmethod
    def parameters(self) -> dict[str, int]:
        """Parameters of every part of the freeze plan but the head, from the text upwards."""

    @abstractmethod
    def block_flops(self, n_tokens: float, rows: Rows = "all") -> float:
        """FLOPs of one text through one block, all of its positions or only one."""

    @abstractmethod
    def values_kept(self, rows: Rows = "all") -> int:
        """Numbers for each position of a text that autograd keeps of one learning block."""

    @classmethod
    @abstractmethod
    def from_config(cls, config: Mapping[str, Any], folder: Path) -> Self:
        """Read Hugging Face's config.json. Raises BadModel, naming the folder, for what the family does not compute."""

    @abstractmethod
    def to_config(self) -> dict[str, Any]:
        """The config.json that other software reads."""
