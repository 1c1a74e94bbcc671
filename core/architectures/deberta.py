"""DeBERTa of the second and third version: dimensions, arithmetic and names.

He et al. 2021, "DeBERTa: Decoding-enhanced BERT with Disentangled Attention"; He et al. 2023, "DeBERTaV3".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from core.architectures.architecture import Architecture, Book, Dense, Published, Rows, Scores, SequenceClassifier
from core.architectures.bert import PREDICTIONS
from core.architectures.config_json import SIZES, Otherwise, demand, demand_heads, demand_pad, fraction, numbers
from core.architectures.design import BlockDesign

DIMENSIONS = SIZES | {"buckets": "position_buckets"}
REACH, KINDS = "max_relative_positions", "pos_att_type"
# what changes what a model of these dimensions computes, with the choice of all that were published but the largest
COMPUTED = {
    "hidden_act": "gelu",
    "pooler_hidden_act": "gelu",
    "relative_attention": True,
    "share_att_key": True,
    "norm_rel_ebd": "layer_norm",
    "position_biased_input": False,
    "type_vocab_size": 0,
    "conv_kernel_size": 0,
}
# and what transformers takes for said where a file leaves it out
LEFT_OUT = {"relative_attention": False, "share_att_key": False, "norm_rel_ebd": "none", "position_biased_input": True}
BOTH = {"c2p", "p2c"}
# FLOPs that take as long as what is done to each score besides products: two are gathered by distance, added, scaled,
# masked, and normalized, each in a pass through memory; as on two cores of a server
SCORED = 1500
# our names of the parts of a block -> the published ones
BLOCK = {
    "query": "attention.self.query_proj",
    "key": "attention.self.key_proj",
    "value": "attention.self.value_proj",
    "out": "attention.output.dense",
    "norm_1": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm_2": "output.LayerNorm",
}


@dataclass(frozen=True)
class DebertaArchitecture(Architecture):
    """How far apart two tokens are has a vector of its own, one a bucket of distances to each side, in all blocks.

    Half of the `buckets` are for one distance each, the last for all from `reach` on.
    """

    inner: int = 3072
    buckets: int = 256
    reach: int = 512
    epsilon: float = 1e-7  # of the norms
    pad: int = 0

    family = "deberta-v2"
    title = "DeBERTa"
    prefix = "deberta."
    causal = False
    position_table = False
    final_norm = False  # a block ends in a norm
    own_dense = Dense("gelu", "pooler.dense", "pooler.dense")
    classifier = SequenceClassifier("DebertaV2ForSequenceClassification", {"first": {}}, "classifier")
    masked_head = PREDICTIONS

    @property
    def design(self) -> BlockDesign:
        return BlockDesign("LayerNorm", False, "vectors of distances", "all of the text", "GELU")

    @property
    def book(self) -> Book:
        return Book("deberta.py.jinja", ("tok_emb", "emb_norm", "rel_emb", "rel_norm"))

    @cached_property
    def published(self) -> Mapping[str, Published]:
        layers = {"norm_0": "embeddings.LayerNorm", "norm_distances": "encoder.LayerNorm"}
        layers |= {
            f"layers.{i}.{ours}": f"encoder.layer.{i}.{theirs}"
            for i in range(self.n_blocks)
            for ours, theirs in BLOCK.items()
        }
        return {
            "tokens.weight": self.tensor(("embeddings.word_embeddings",), "weight"),
            "distances.weight": self.tensor(("encoder.rel_embeddings",), "weight"),
            **{f"{ours}.{k}": self.tensor((theirs,), k) for ours, theirs in layers.items() for k in ("weight", "bias")},
        }

    @property
    def embedding_parameters(self) -> int:
        return (self.vocab + 2 * self.buckets + 2 * 2) * self.width

    def block_flops(self, n_tokens: float, rows: Rows = "all") -> float:
        # each query is asked of every distance, and so is each key; where one position is computed, of its own alone
        d, distances, here = self.width, 2 * self.buckets, n_tokens if rows == "all" else 1
        asked = 2 * distances * n_tokens if rows == "all" else distances + n_tokens
        return super().block_flops(n_tokens, rows) + 2 * d * asked + SCORED * self.n_heads * n_tokens * here

    def scores_kept(self, n_tokens: float, embeddings_learn: bool) -> Scores:
        # what comes of the softmax; and before it what two products gave, and their sum
        each = self.n_heads * n_tokens
        return Scores(each, 3 * each)

    def values_kept(self, rows: Rows = "all") -> int:
        # as BERT; and what each key says to all distances, and each query, with a copy of both
        asked = 2 * self.n_heads * self.buckets
        return 5 * self.width + asked if rows == "one" else 13 * self.width + 2 * self.inner + 2 * asked

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        config = LEFT_OUT | dict(config)
        demand(config, COMPUTED)
        said = config.get(KINDS)
        kinds = said.split("|") if isinstance(said, str) else said
        if not isinstance(kinds, list) or sorted(map(str, kinds)) != sorted(BOTH):
            raise Otherwise(f"{KINDS} is {said!r}")
        sizes = numbers(config, DIMENSIONS)
        others = {"pad_token_id": 0, REACH: -1} | {k: v for k, v in config.items() if v is not None}
        sizes |= numbers(others, {"pad": "pad_token_id"}, least=0)
        reach = numbers(others, {"reach": REACH}, least=-1)["reach"]
        epsilon = fraction(config, "layer_norm_eps", cls.epsilon)
        made = cls(**sizes, reach=reach if reach > 0 else sizes["max_tokens"], epsilon=epsilon)
        d = made.width
        demand_heads(d, made.n_heads)
        try:
            demand(config, {"embedding_size": d, "pooler_hidden_size": d, "attention_head_size": made.head_dim})
        except Otherwise as other:
            raise Otherwise(f"its width is {d}, {other}") from other
        if made.buckets < 2 or made.reach - 1 <= made.buckets // 2:
            raise ValueError(f"{made.buckets} buckets do not hold distances up to {made.reach}")
        demand_pad(made.pad, made.vocab)
        return made

    def to_config(self) -> dict[str, Any]:
        return {
            "model_type": self.family,
            **{theirs: getattr(self, ours) for ours, theirs in DIMENSIONS.items()},
            REACH: self.reach,
            KINDS: sorted(BOTH, reverse=True),
            "layer_norm_eps": self.epsilon,
            "pad_token_id": self.pad,
            **COMPUTED,
            **dict.fromkeys(("hidden_dropout_prob", "attention_probs_dropout_prob", "pooler_dropout"), 0.0),
        }
