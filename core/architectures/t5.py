"""The encoder of a T5: dimensions, arithmetic and names.

Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer"; as of version
1.1 the MLP is gated (Shazeer 2020, "GLU Variants Improve Transformer").
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
    Published,
    Rows,
    departures,
    fraction,
    numbers,
)
from core.errors import BadModel
from core.freeze import parts_of

SIZES = {
    "n_blocks": "num_layers",
    "width": "d_model",
    "n_heads": "num_heads",
    "vocab": "vocab_size",
    "inner": "d_ff",
    "head_dim": "d_kv",
}
# with defaults where a config does not say them
OTHERS = {
    "max_tokens": "n_positions",
    "buckets": "relative_attention_num_buckets",
    "distance": "relative_attention_max_distance",
    "pad": "pad_token_id",
}
# what changes what a model of these dimensions computes, with the family's own choice
COMPUTED = {"is_decoder": False}
MLP, PLAIN, GATED = "feed_forward_proj", "relu", "gated-gelu"
# our names of the parts of a block -> the published ones; where the MLP is gated, gate and wide layer are one matrix
BLOCK = {
    "norm_1": ("layer.0.layer_norm",),
    "query": ("layer.0.SelfAttention.q",),
    "key": ("layer.0.SelfAttention.k",),
    "value": ("layer.0.SelfAttention.v",),
    "out": ("layer.0.SelfAttention.o",),
    "norm_2": ("layer.1.layer_norm",),
    "up": ("layer.1.DenseReluDense.wi",),
    "down": ("layer.1.DenseReluDense.wo",),
}
GATED_UP = ("layer.1.DenseReluDense.wi_0", "layer.1.DenseReluDense.wi_1")


@dataclass(frozen=True)
class T5Architecture(Architecture):
    """How far apart two tokens are adds to their score: one number a head and bucket of distances, in all blocks.

    Half of the `buckets` are for what comes before; those of the farthest hold all from `distance` on.
    """

    inner: int = 2048
    head_dim: int = 64
    gated: bool = False  # whether the MLP's wide layer has a gate
    buckets: int = 32
    distance: int = 128
    epsilon: float = 1e-6  # of the norms
    pad: int = 0

    family = "t5"
    title = "T5"
    prefix = ""
    causal = False
    position_table = False
    without_classifier = "transformers classifies with the decoder of a T5, too; here its encoder learns alone."

    @property
    def attended(self) -> int:
        """The width of all heads together, which need not be that of a hidden state."""
        return self.n_heads * self.head_dim

    @property
    def book(self) -> Book:
        mlp = {"gate": "ff.fc1", "up": "ff.fc2", "down": "ff.fc3"} if self.gated else BOOK_MATRICES
        matrices = {name: (BOOK_MATRICES | mlp)[name] for name in self.matrices}
        return Book("t5.py.jinja", ("tok_emb", "rel_bias"), matrices)

    @cached_property
    def published(self) -> Mapping[str, Published]:
        block = BLOCK | ({"up": GATED_UP} if self.gated else {})
        bias = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias"
        return {
            "tokens.weight": Published(("shared.weight",), also=("encoder.embed_tokens.weight",)),
            "distances.weight": self.tensor((bias,), "weight"),
            "last.weight": self.tensor(("encoder.final_layer_norm",), "weight"),
            **{
                f"layers.{i}.{ours}.weight": self.tensor(tuple(f"encoder.block.{i}.{name}" for name in names), "weight")
                for i in range(self.n_blocks)
                for ours, names in block.items()
            },
        }

    @property
    def matrices(self) -> Mapping[str, tuple[int, int]]:
        d, wide = self.width, self.inner
        attention = dict.fromkeys(("query", "key", "value"), (self.attended, d)) | {"out": (d, self.attended)}
        return attention | ({"gate": (wide, d)} if self.gated else {}) | {"up": (wide, d), "down": (d, wide)}

    def parameters(self) -> dict[str, int]:
        block = sum(n_out * n_in for n_out, n_in in self.matrices.values()) + 2 * self.width
        sizes = {part: block for part in parts_of(self.n_blocks) if part != "head"}
        embeddings = self.vocab * self.width + self.buckets * self.n_heads
        return sizes | {"embeddings": embeddings, "norm": self.width}

    def block_flops(self, n_tokens: float, rows: Rows = "all") -> float:
        pair, mlp = self.width * self.attended, (2 + self.gated) * self.width * self.inner
        if rows == "one":
            return 2 * (2 * pair * n_tokens + 2 * pair + mlp + 2 * n_tokens * self.attended)
        return 2 * (4 * pair + mlp) * n_tokens + 2 * 2 * n_tokens**2 * self.attended

    def values_kept(self, rows: Rows = "all") -> int:
        # the block's input and its norm, keys and values; then queries, what attention gives, the second half's input
        # and its norm, each norm before and after its scale, and the MLP's wide layer after its activation; with a
        # gate that before and after it, the wide layer, and what comes through the gate
        one = 2 * self.width + 2 * self.attended
        wide = (4 if self.gated else 1) * self.inner
        return one if rows == "one" else one + 4 * self.width + 2 * self.attended + wide

    @classmethod
    def from_config(cls, config: Mapping[str, Any], folder: Path) -> Self:
        where = f"{folder / 'config.json'} does not describe a {cls.title}"
        given = {ours: theirs for ours, theirs in OTHERS.items() if config.get(theirs) is not None}
        kind = config.get(MLP, PLAIN)
        try:
            sizes = {"max_tokens": 512} | numbers(config, SIZES, where) | numbers(config, given, where, least=0)
            epsilon = fraction(config, "layer_norm_epsilon", cls.epsilon, where)
        except ValueError as error:
            raise BadModel(str(error)) from error
        other = departures(config, COMPUTED) or ("" if kind in (PLAIN, GATED) else f"{MLP} is {kind!r}")
        if other:
            what = f"The model in {folder} computes otherwise than {cls.title}: {other}."
            raise BadModel(what, "It cannot be used here.")
        made = cls(**sizes, gated=kind == GATED, epsilon=epsilon)
        if made.buckets < 4 or made.distance <= made.buckets // 4:
            raise BadModel(f"{where}: {made.buckets} buckets do not hold distances up to {made.distance}.")
        if made.pad >= made.vocab or not made.max_tokens:
            raise BadModel(f"{where}: pad_token_id {made.pad} is none of its ids, or it reads no token.")
        return made

    def to_config(self) -> dict[str, Any]:
        return {
            "model_type": self.family,
            **{theirs: getattr(self, ours) for ours, theirs in (SIZES | OTHERS).items()},
            MLP: GATED if self.gated else PLAIN,
            "layer_norm_epsilon": self.epsilon,
            **COMPUTED,
            "is_encoder_decoder": False,
            "dropout_rate": 0.0,
        }
