"""ModernBERT: dimensions, arithmetic and names.

Warner et al. 2024, "Smarter, Better, Faster, Longer: A Modern Bidirectional Encoder for Fast, Memory Efficient, and
Long Context Finetuning and Inference".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from core.architectures.architecture import (
    BOOK_MATRICES,
    Architecture,
    Book,
    Dense,
    MaskedHead,
    Published,
    Rows,
    SequenceClassifier,
    departures,
    fraction,
    numbers,
)
from core.errors import BadModel
from core.freeze import parts_of

SIZES = {
    "n_blocks": "num_hidden_layers",
    "width": "hidden_size",
    "n_heads": "num_attention_heads",
    "max_tokens": "max_position_embeddings",
    "vocab": "vocab_size",
    "inner": "intermediate_size",
}
# with defaults where a config does not say them
OTHERS = {"window": "local_attention", "pad": "pad_token_id"}
# what changes what a model of these dimensions computes, with the family's own choice
COMPUTED = {
    "hidden_activation": "gelu",
    "norm_bias": False,
    "attention_bias": False,
    "mlp_bias": False,
    "decoder_bias": True,
    "classifier_bias": False,
    "classifier_activation": "gelu",
}
# our names of the parts of a block -> the published ones
BLOCK = {
    "norm_1": "attn_norm",
    "qkv": "attn.Wqkv",
    "out": "attn.Wo",
    "norm_2": "mlp_norm",
    "up": "mlp.Wi",
    "down": "mlp.Wo",
}
ATTENTION = ("query", "key", "value", "out")
GATED = {name: BOOK_MATRICES[name] for name in ATTENTION} | {"gate": "ff.fc1", "up": "ff.fc2", "down": "ff.fc3"}
EVERY, THETA, LOCAL_THETA = "global_attn_every_n_layers", "global_rope_theta", "local_rope_theta"
GLOBAL, LOCAL = "full_attention", "sliding_attention"  # kinds of blocks, as newer files name them


@dataclass(frozen=True)
class ModernBertArchitecture(Architecture):
    """A token of a block sees the whole text in every `every`th block, and `window` / 2 tokens to each side elsewhere.

    `theta` and `local_theta` are the bases of rotary positions in the two kinds of blocks.
    """

    inner: int = 1152
    every: int = 3
    window: int = 128
    theta: float = 160_000.0
    local_theta: float = 10_000.0
    epsilon: float = 1e-5  # of the norms
    pad: int = 50283

    family = "modernbert"
    title = "ModernBERT"
    prefix = "model."
    causal = False
    position_table = False
    own_dense = Dense("gelu", "head.dense", "head.dense", norm="head.norm", bias=False)
    classifier = SequenceClassifier(
        "ModernBertForSequenceClassification",
        {"first": {"classifier_pooling": "cls"}, "mean": {"classifier_pooling": "mean"}},
        "classifier",
    )
    masked_head = MaskedHead("head.dense", "head.norm", ("decoder.bias",), "decoder.weight", bias=False)

    def is_local(self, block: int) -> bool:
        """Whether a token of a block sees only those near it."""
        return block % self.every > 0

    @property
    def book(self) -> Book:
        return Book("modernbert.py.jinja", ("tok_emb", "emb_norm"), GATED)

    @cached_property
    def published(self) -> Mapping[str, Published]:
        found = {
            "tokens.weight": self.tensor(("embeddings.tok_embeddings",), "weight"),
            "norm_0.weight": self.tensor(("embeddings.norm",), "weight"),
            "last.weight": self.tensor(("final_norm",), "weight"),
        }
        for i in range(self.n_blocks):
            for ours, theirs in BLOCK.items():
                if i or ours != "norm_1":  # what the first block is given was normalized before
                    found[f"layers.{i}.{ours}.weight"] = self.tensor((f"layers.{i}.{theirs}",), "weight")
        return found

    @property
    def matrices(self) -> Mapping[str, tuple[int, int]]:
        attention, wide = dict.fromkeys(ATTENTION, (self.width, self.width)), self.inner
        return attention | {"gate": (wide, self.width), "up": (wide, self.width), "down": (self.width, wide)}

    def parameters(self) -> dict[str, int]:
        d = self.width
        block = 4 * d * d + 3 * d * self.inner + 2 * d
        sizes = {part: block for part in parts_of(self.n_blocks) if part != "head"}
        return sizes | {"embeddings": self.vocab * d + d, "blocks.0": block - d, "norm": d}

    def block_flops(self, n_tokens: float, rows: Rows = "all") -> float:
        d, mlp = self.width, 3 * self.width * self.inner
        if rows == "one":  # keys are turned by their positions, and so are made for all of them
            return 2 * (3 * d**2 * n_tokens + d**2 + mlp + 2 * n_tokens * d)
        return 2 * (4 * d**2 + mlp) * n_tokens + 2 * 2 * n_tokens**2 * d

    def values_kept(self, rows: Rows = "all") -> int:
        # the block's input and its norm, qkv, both turned, attention's output, the second half's input and its norm;
        # the MLP's gate before and after its activation, the wide layer, and what comes through the gate
        return 7 * self.width if rows == "one" else 10 * self.width + 4 * self.inner

    @classmethod
    def from_config(cls, config: Mapping[str, Any], folder: Path) -> Self:
        where = f"{folder / 'config.json'} does not describe a {cls.title}"
        given = {ours: theirs for ours, theirs in OTHERS.items() if config.get(theirs) is not None}
        try:
            sizes = numbers(config, SIZES, where)
            others: dict[str, Any] = dict(numbers(config, given, where, least=0))
            others["every"] = _every(config, sizes["n_blocks"], where)
            others["theta"], others["local_theta"] = _thetas(config, where)
            others["epsilon"] = fraction(config, "norm_eps", cls.epsilon, where)
        except ValueError as error:
            raise BadModel(str(error)) from error
        if other := departures(config, COMPUTED) or _other_positions(config):
            what = f"The model in {folder} computes otherwise than {cls.title}: {other}."
            raise BadModel(what, "It cannot be used here.")
        if sizes["width"] % (2 * sizes["n_heads"]):
            raise BadModel(f"{where}: its width is no multiple of twice its heads.")
        made = cls(**sizes, **others)
        if made.pad >= made.vocab:
            raise BadModel(f"{where}: pad_token_id {made.pad} is none of its ids.")
        return made

    def to_config(self) -> dict[str, Any]:
        return {
            "model_type": self.family,
            **{theirs: getattr(self, ours) for ours, theirs in (SIZES | OTHERS).items()},
            "norm_eps": self.epsilon,
            EVERY: self.every,
            THETA: self.theta,
            LOCAL_THETA: self.local_theta,
            **COMPUTED,
            **dict.fromkeys(("embedding_dropout", "attention_dropout", "mlp_dropout", "classifier_dropout"), 0.0),
            # of these the family's defaults may be ids that a smaller vocabulary does not have
            **dict.fromkeys(("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")),
        }


def _every(config: Mapping[str, Any], n_blocks: int, where: str) -> int:
    """How many blocks there are to one that sees the whole text. Raises ValueError where it is not the first of each.

    Newer files list the kinds of all blocks.
    """
    kinds = config.get("layer_types")
    if kinds is None:
        return numbers({EVERY: 3, **config}, {"every": EVERY}, where)["every"]
    for every in range(1, n_blocks + 1):
        if kinds == [LOCAL if i % every else GLOBAL for i in range(n_blocks)]:
            return every
    raise ValueError(f"{where}: layer_types are not {n_blocks} kinds of blocks with {GLOBAL} at equal distances.")


def _thetas(config: Mapping[str, Any], where: str) -> tuple[float, float]:
    """The bases of rotary positions, where all is seen and where little is. Raises ValueError for what is none."""
    newer = config.get("rope_parameters") or {}
    defaults = ModernBertArchitecture.theta, ModernBertArchitecture.local_theta
    found: list[float] = []
    for kind, older, default in zip((GLOBAL, LOCAL), (THETA, LOCAL_THETA), defaults, strict=True):
        said = newer.get(kind) if isinstance(newer, dict) else None
        theta = said.get("rope_theta") if isinstance(said, dict) else None
        theta = config.get(older) if theta is None else theta
        if theta is None:  # where an older file says so of the near ones, it means the other
            theta = found[0] if found and older in config else default
        if isinstance(theta, bool) or not isinstance(theta, int | float) or not 1 < theta < float("inf"):
            raise ValueError(f"{where}: {older} is {repr(theta)[:40]}, no number above 1.")
        found.append(float(theta))
    return found[0], found[1]


def _other_positions(config: Mapping[str, Any]) -> str:
    """What is said of rotary positions otherwise than that they are turned by their number; empty where nothing is."""
    newer = config.get("rope_parameters") or {}
    said = [config.get("rope_scaling"), *(newer.values() if isinstance(newer, dict) else [newer])]
    for one in said:
        kind = one.get("rope_type", one.get("type", "default")) if isinstance(one, dict) else one
        if kind not in (None, "default"):
            return f"its rotary positions are scaled ({kind!r})"
    return ""
