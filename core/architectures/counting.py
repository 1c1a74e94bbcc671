"""Counting n-grams: a model without a network, whose only part that learns is the head. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from core.architectures.architecture import Architecture, Published, Rows

LONGEST = 1 << 30  # words: any text is read whole


@dataclass(frozen=True)
class CountingArchitecture(Architecture):
    """`width` is how many n-grams are counted at most; there are no blocks."""

    n_blocks: int = 0
    width: int = 100_000
    n_heads: int = 1
    max_tokens: int = LONGEST
    vocab: int = 0

    family: ClassVar[str] = "tfidf"
    title: ClassVar[str] = "Counting"
    prefix: ClassVar[str] = ""
    causal: ClassVar[bool] = False
    final_norm: ClassVar[bool] = False
    without_classifier: ClassVar[str] = "A model that counts has no network that transformers could open."

    @property
    def pad(self) -> int:
        return 0

    @property
    def inner(self) -> int:
        return 0

    @property
    def published(self) -> Mapping[str, Published]:
        return {}

    @property
    def embedding_parameters(self) -> int:
        return 0

    def values_kept(self, rows: Rows = "all") -> int:
        return 0

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        raise ValueError("one that counts has none; train one with --model tfidf")

    def to_config(self) -> dict[str, Any]:
        return {"model_type": self.family}
