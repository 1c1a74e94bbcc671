"""The encoder of a T5: dimensions, arithmetic and names.

Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer"; as of version
1.1 the MLP is gated (Shazeer 2020, "GLU Variants Improve Transformer").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from core.architectures.architecture import (
    BOOK_GATED_MATRICES,
    BOOK_MATRICES,
    Architecture,
    Book,
    Published,
    Rows,
    Scores,
)
from core.architectures.config_json import Otherwise, demand, demand_pad, fraction, given, numbers
from core.architectures.design import Activation, BlockDesign

DIMENSIONS = {
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
# what files say of the same besides, which transformers heeds before the former
SAME = {
    PLAIN: {"is_gated_act": False, "dense_act_fn": "relu"},
    GATED: {"is_gated_act": True, "dense_act_fn": "gelu_new"},
}
# FLOPs that take as long as looking up what a distance adds to a score; as on two cores of a server
BIASED = 350
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
    prefix = "transformer."
    causal = False
    aliases: ClassVar[Mapping[str, str]] = {
        "hidden_size": "d_model",
        "num_hidden_layers": "num_layers",
        "num_attention_heads": "num_heads",
        "head_dim": "d_kv",
    }
    biases = False
    position_table = False
    without_classifier = "transformers classifies with the decoder of a T5, too; here its encoder learns alone."

    @property
    def attended(self) -> int:
        """The width of all heads together, which need not be that of a hidden state."""
        return self.n_heads * self.head_dim

    @property
    def design(self) -> BlockDesign:
        mlp: Activation = "GeGLU" if self.gated else "ReLU"
        return BlockDesign("RMSNorm", True, "a bias by distance", "all of the text", mlp, "scores are not scaled")

    @property
    def book(self) -> Book:
        return Book("t5.py.jinja", ("tok_emb", "rel_bias"), BOOK_GATED_MATRICES if self.gated else BOOK_MATRICES)

    @cached_property
    def published(self) -> Mapping[str, Published]:
        block = BLOCK | ({"up": GATED_UP} if self.gated else {})
        bias = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias"
        return {
            "tokens.weight": Published(("shared.weight",), self.prefix, also=("encoder.embed_tokens.weight",)),
            "distances.weight": self.tensor((bias,), "weight"),
            "last.weight": self.tensor(("encoder.final_layer_norm",), "weight"),
            **{
                f"layers.{i}.{ours}.weight": self.tensor(tuple(f"encoder.block.{i}.{name}" for name in names), "weight")
                for i in range(self.n_blocks)
                for ours, names in block.items()
            },
        }

    @property
    def embedding_parameters(self) -> int:
        return self.vocab * self.width + self.buckets * self.n_heads

    def context_flops(self, n_tokens: float) -> float:
        return BIASED * self.n_heads * n_tokens**2

    def scores_kept(self, n_tokens: float, embeddings_learn: bool) -> Scores:
        # what distances add to them; where that learns, blocks hold what comes of the softmax, and gradients meet in it
        each = self.n_heads * n_tokens
        return Scores(each, 2 * each) if embeddings_learn else Scores(0.0, each)

    def values_kept(self, rows: Rows = "all") -> int:
        # the block's input and its norm, keys and values; then queries, what attention gives, the second half's input
        # and its norm, each norm before and after its scale, and the MLP's wide layer after its activation; with a
        # gate that before and after it, the wide layer, and what comes through the gate
        one = 2 * self.width + 2 * self.attended
        wide = (4 if self.gated else 1) * self.inner
        return one if rows == "one" else one + 4 * self.width + 2 * self.attended + wide

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        sizes = {"max_tokens": 512} | numbers(config, DIMENSIONS) | given(config, OTHERS)
        epsilon = fraction(config, "layer_norm_epsilon", cls.epsilon)
        demand(config, COMPUTED)
        if (kind := config.get(MLP, PLAIN)) not in (PLAIN, GATED):
            raise Otherwise(f"{MLP} is {kind!r}")
        try:
            demand(config, SAME[kind])
        except Otherwise as other:
            raise Otherwise(f"{MLP} is {kind!r}, but {other}") from other
        made = cls(**sizes, gated=kind == GATED, epsilon=epsilon)
        if made.buckets < 4 or made.distance <= made.buckets // 4:
            raise ValueError(f"{made.buckets} buckets do not hold distances up to {made.distance}")
        demand_pad(made.pad, made.vocab)
        if not made.max_tokens:
            raise ValueError("it reads no token")
        return made

    def to_config(self) -> dict[str, Any]:
        return {
            "model_type": self.family,
            **{theirs: getattr(self, ours) for ours, theirs in (DIMENSIONS | OTHERS).items()},
            MLP: GATED if self.gated else PLAIN,
            "layer_norm_epsilon": self.epsilon,
            **COMPUTED,
            "is_encoder_decoder": False,
            "dropout_rate": 0.0,
        }
