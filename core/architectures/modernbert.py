"""ModernBERT: dimensions, arithmetic and names.

Warner et al. 2024, "Smarter, Better, Faster, Longer: A Modern Bidirectional Encoder for Fast, Memory Efficient, and
Long Context Finetuning and Inference".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from core.architectures.architecture import (
    BOOK_GATED_MATRICES,
    Architecture,
    Book,
    Dense,
    MaskedHead,
    Published,
    Rows,
    Scores,
    SequenceClassifier,
)
from core.architectures.config_json import (
    SIZES,
    Otherwise,
    demand,
    demand_heads,
    demand_pad,
    fraction,
    given,
    number,
    numbers,
)
from core.architectures.design import BlockDesign, Sight

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
    biases = False
    gated = True
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
    def design(self) -> BlockDesign:
        sees: Sight = "what is near" if self.every > 1 and self.n_blocks > 1 else "all of the text"
        return BlockDesign("LayerNorm", True, "rotary", sees, "GeGLU", whole_every=min(self.every, self.n_blocks))

    @property
    def book(self) -> Book:
        return Book("modernbert.py.jinja", ("tok_emb", "emb_norm"), BOOK_GATED_MATRICES)

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

    def parameters(self) -> dict[str, int]:
        return super().parameters() | {"blocks.0": self.block_parameters - self.width}  # which has one norm

    @property
    def embedding_parameters(self) -> int:
        return (self.vocab + 1) * self.width

    def values_kept(self, rows: Rows = "all") -> int:
        # the block's input and its norm, qkv, both turned, attention's output, the second half's input and its norm;
        # the MLP's gate before and after its activation, the wide layer, and what comes through the gate
        return 7 * self.width if rows == "one" else 10 * self.width + 4 * self.inner

    def scores_kept(self, n_tokens: float, embeddings_learn: bool) -> Scores:
        # none of them, but a mask of what is near, as numbers in each local block, and once as bits
        return Scores(n_tokens * (1 - 1 / self.every), n_tokens / 2)

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        sizes = numbers(config, SIZES)
        others: dict[str, Any] = dict(given(config, OTHERS))
        others["every"] = _every(config, sizes["n_blocks"])
        _demand_positions(config)
        others["theta"], others["local_theta"] = _thetas(config)
        others["epsilon"] = fraction(config, "norm_eps", cls.epsilon)
        demand(config, COMPUTED)
        demand_heads(sizes["width"], sizes["n_heads"], pairs=True)
        if "pad" not in others and sizes["vocab"] <= cls.pad:
            no = f"and neither ModernBERT's, {cls.pad}, nor a pad of a tokenizer beside it is one of its ids"
            raise ValueError(f"it names no pad_token_id, {no}")
        made = cls(**sizes, **others)
        half = config.get("sliding_window")  # transformers heeds this one first
        if half not in (None, made.window // 2):
            raise ValueError(f"sliding_window is {repr(half)[:40]}, and not half of local_attention, {made.window}")
        demand_pad(made.pad, made.vocab)
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


def _every(config: Mapping[str, Any], n_blocks: int) -> int:
    """How many blocks there are to one that sees the whole text. Raises ValueError where it is not the first of each.

    Newer files list the kinds of all blocks.
    """
    kinds = config.get("layer_types")
    if kinds is None:
        return numbers({EVERY: 3, **config}, {"every": EVERY})["every"]
    for every in range(1, n_blocks + 1):
        if kinds == [LOCAL if i % every else GLOBAL for i in range(n_blocks)]:
            return every
    raise ValueError(f"layer_types are not {n_blocks} kinds of blocks with {GLOBAL} at equal distances")


def _thetas(config: Mapping[str, Any]) -> tuple[float, float]:
    """The bases of rotary positions, where all is seen and where little is. Raises ValueError for what is none."""
    newer = config.get("rope_parameters") or {}
    both = config.get("rope_scaling") or {}  # comes before what is said of each
    usual = ModernBertArchitecture.theta, ModernBertArchitecture.local_theta
    found: list[float] = []
    for kind, older, theta in zip((GLOBAL, LOCAL), (THETA, LOCAL_THETA), usual, strict=True):
        said = both.get("rope_theta", (newer.get(kind) or {}).get("rope_theta"))
        if said is None and config.get(older) is None and older in config and found:
            theta = found[0]  # where an older file says null of the near ones, it means the other
        found.append(number(config if said is None else {older: said}, older, theta, least=1.0))
    return found[0], found[1]


def _demand_positions(config: Mapping[str, Any]) -> None:
    """Raises Otherwise where rotary positions are not turned by their number, ValueError where they are not told."""
    newer = config.get("rope_parameters") or {}
    if not isinstance(newer, dict) or not newer.keys() <= {GLOBAL, LOCAL}:
        raise ValueError(f"rope_parameters are not those of {GLOBAL} and {LOCAL}")
    for one in (config.get("rope_scaling"), *newer.values()):
        if not isinstance(one or {}, dict):
            raise ValueError(f"its rotary positions are {repr(one)[:40]}, no table")
        kind = one.get("rope_type", one.get("type", "default")) if one else "default"
        if kind != "default":
            raise Otherwise(f"its rotary positions are scaled ({repr(kind)[:40]})")
