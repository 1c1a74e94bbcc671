"""The freeze plan: which parts of the model learn. No torch."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


def parts_of(n_blocks: int) -> list[str]:
    """Every part of a model, from the text upwards."""
    return ["embeddings", *(f"blocks.{i}" for i in range(n_blocks)), "norm", "head"]


@dataclass(frozen=True)
class FreezePlan:
    """Any pattern of learning and frozen parts over `parts_of(n_blocks)`.

    A block may learn (`blocks.3`), stay frozen, or stay frozen under adapters that learn (`lora.3`).
    """

    n_blocks: int
    parts: frozenset[str]

    @classmethod
    def of(cls, n_blocks: int, parts: Iterable[str]) -> "FreezePlan":
        """Raises ValueError for a part that the model does not have."""
        parts, blocks = frozenset(parts), [f"blocks.{i}" for i in range(n_blocks)]
        for part in sorted(parts - set(parts_of(n_blocks)) - {adapted(block) for block in blocks}):
            raise ValueError(
                f"{part!r} is no part of this model. Parts are embeddings, blocks.0 to blocks.{n_blocks - 1} "
                f"(or lora.0 to lora.{n_blocks - 1}), norm, head; or say head, last_block, "
                "last_two_blocks, last_three_blocks, all, lora."
            )
        for block in blocks:
            if {block, adapted(block)} <= parts:
                raise ValueError(f"{block} learns already: {adapted(block)} is for a frozen one.")
        return cls(n_blocks, parts)

    @classmethod
    def from_boundary(cls, n_blocks: int, boundary: int) -> "FreezePlan":
        """Everything at and above a place in `parts_of` learns."""
        return cls(n_blocks, frozenset(parts_of(n_blocks)[boundary:]))

    @classmethod
    @lru_cache(maxsize=256)  # a run that is told what learns looks at every step
    def parse(cls, text: str, n_blocks: int) -> "FreezePlan":
        """Read `head`, `last_block`, `last_two_blocks`, `last_three_blocks`, `all`, `lora`, or a list of parts.

        Such a list reads `lora.2,blocks.3,norm,head`.

        Raises ValueError with a sentence for a part that the model does not have.
        """
        from_the_top = {"all": n_blocks + 3, "last_three_blocks": 5, "last_two_blocks": 4, "last_block": 3, "head": 1}
        if text in from_the_top:
            return cls.from_boundary(n_blocks, max(0, n_blocks + 3 - from_the_top[text]))
        if text == "lora":
            return cls.of(n_blocks, ["head", *(f"lora.{i}" for i in range(n_blocks))])
        return cls.of(n_blocks, [part for part in re.split(r"[,\s]+", text) if part])

    @property
    def named(self) -> str | None:
        """The word for this plan, where there is one."""
        words = ("head", "last_block", "last_two_blocks", "all", "lora", "last_three_blocks")
        return next((word for word in words if FreezePlan.parse(word, self.n_blocks).parts == self.parts), None)

    def without_norm(self) -> "FreezePlan":
        """This plan for a model that has no final norm: it is named only where a word for the plan includes it."""
        with_it = FreezePlan(self.n_blocks, self.parts | {"norm"})
        return with_it if with_it.named else FreezePlan(self.n_blocks, self.parts - {"norm"})

    def __str__(self) -> str:
        if name := self.named:
            return name
        each = (self.of_part(part) for part in parts_of(self.n_blocks))
        return ",".join(part for part in each if part)

    @property
    def in_words(self) -> str:
        """For a person: 'last block', 'all layers', '3 of 12 blocks and head'."""
        if not self.n_blocks:
            return "n-grams"  # what a model that counts gives weights to: it has no layers
        named = {
            "head": "head only",
            "last_block": "last block",
            "last_two_blocks": "last two",
            "last_three_blocks": "last three",
            "all": "all layers",
            "lora": "LoRA",
        }
        if str(self) in named:
            return named[str(self)]
        blocks, adapters = (sum(part.startswith(kind) for part in self.parts) for kind in ("blocks.", "lora."))
        words = [f"{blocks} of {self.n_blocks} blocks"] if blocks else []
        words += [f"LoRA in {adapters}"] if adapters else []
        return ", ".join(words + [part for part in ("embeddings", "norm", "head") if part in self.parts])

    @property
    def depth(self) -> int | None:
        """How many leading blocks are frozen together with the embeddings; None when the embeddings train."""
        if "embeddings" in self.parts:
            return None
        moving = (i for i in range(self.n_blocks) if self.of_part(f"blocks.{i}"))
        return next(moving, self.n_blocks)

    @property
    def head_alone(self) -> bool:
        """Whether nothing else learns, so that all up to what is read out of a text can be computed once."""
        return self.parts == {"head"}

    def thawed(self, n: int) -> "FreezePlan":
        """This plan with `n` more blocks learning, the uppermost of those that are frozen."""
        frozen = [f"blocks.{i}" for i in reversed(range(self.n_blocks)) if not self.of_part(f"blocks.{i}")]
        return self.with_parts(frozen[:n])

    def with_parts(self, parts: Iterable[str]) -> "FreezePlan":
        """This plan with more parts learning; a block learns whole or by adapters, as it is named here."""
        parts = frozenset(parts)
        return FreezePlan.of(self.n_blocks, self.without(parts).parts | parts)

    def without(self, parts: Iterable[str]) -> "FreezePlan":
        """This plan with some parts frozen; a block is named here by itself or by its adapters."""
        blocks = {part.replace("lora.", "blocks.") for part in parts}
        return FreezePlan.of(self.n_blocks, self.parts - blocks - set(map(adapted, blocks)))

    def of_part(self, part: str) -> str | None:
        """What learns at a place in `parts_of`: the part itself, its adapters, or None."""
        return next((each for each in (part, adapted(part)) if each in self.parts), None)


def role(plan: FreezePlan, part: str) -> str:
    """What a place in `parts_of` does under a plan: train, lora (frozen under adapters that learn) or frozen."""
    learns = plan.of_part(part)
    return "frozen" if learns is None else "train" if learns == part else "lora"


def lowest(plan: FreezePlan) -> int:
    """The place in `parts_of` of the lowest part that learns or is adapted; the head's where there is none."""
    parts = parts_of(plan.n_blocks)
    return next((i for i, part in enumerate(parts) if plan.of_part(part)), len(parts) - 1)


def adapted(part: str) -> str:
    """A block's name where only its adapters learn: lora.3 for blocks.3. Other parts have none and keep theirs."""
    return part.replace("blocks.", "lora.")
