"""The freeze plan: which parts of the model learn. No torch."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


def parts_of(n_blocks: int) -> list[str]:
    """Every part of a model, from the text upwards."""
    return ["embeddings", *(f"blocks.{i}" for i in range(n_blocks)), "norm", "head"]


@dataclass(frozen=True)
class FreezePlan:
    """Any pattern of learning and frozen parts over `parts_of(n_blocks)`."""

    n_blocks: int
    parts: frozenset[str]

    @classmethod
    def of(cls, n_blocks: int, parts: Iterable[str]) -> "FreezePlan":
        """Raises ValueError for a part that the model does not have."""
        parts, known = frozenset(parts), parts_of(n_blocks)
        for part in sorted(parts - set(known)):
            raise ValueError(
                f"{part!r} is no part of this model. Parts are embeddings, blocks.0 to blocks.{n_blocks - 1}, "
                "norm, head; or say head, last_block, last_two_blocks, all."
            )
        return cls(n_blocks, parts)

    @classmethod
    def from_boundary(cls, n_blocks: int, boundary: int) -> "FreezePlan":
        """Everything at and above a place in `parts_of` learns."""
        return cls(n_blocks, frozenset(parts_of(n_blocks)[boundary:]))

    @classmethod
    def parse(cls, text: str, n_blocks: int) -> "FreezePlan":
        """Read `head`, `last_block`, `last_two_blocks`, `all`, or a list such as `blocks.3,norm,head`.

        Raises ValueError with a sentence for a part that the model does not have.
        """
        from_the_top = {"all": n_blocks + 3, "last_two_blocks": 4, "last_block": 3, "head": 1}
        if text in from_the_top:
            return cls.from_boundary(n_blocks, max(0, n_blocks + 3 - from_the_top[text]))
        return cls.of(n_blocks, [part for part in re.split(r"[,\s]+", text) if part])

    def __str__(self) -> str:
        for name in ("head", "last_block", "last_two_blocks", "all"):
            if FreezePlan.parse(name, self.n_blocks).parts == self.parts:
                return name
        return ",".join(part for part in parts_of(self.n_blocks) if part in self.parts)

    @property
    def in_words(self) -> str:
        """For a person: 'last block', 'all layers', '3 of 12 blocks and head'."""
        named = {"head": "head only", "last_block": "last block", "last_two_blocks": "last two", "all": "all layers"}
        if str(self) in named:
            return named[str(self)]
        blocks = [part for part in self.parts if part.startswith("blocks.")]
        words = [f"{len(blocks)} of {self.n_blocks} blocks"] if blocks else []
        return ", ".join(words + [part for part in ("embeddings", "norm", "head") if part in self.parts])

    @property
    def depth(self) -> int | None:
        """How many leading blocks are frozen together with the embeddings; None when the embeddings train."""
        if "embeddings" in self.parts:
            return None
        frozen = (i for i in range(self.n_blocks) if f"blocks.{i}" in self.parts)
        return next(frozen, self.n_blocks)

    def toggled(self, part: str) -> "FreezePlan":
        return FreezePlan.of(self.n_blocks, self.parts ^ {part})
