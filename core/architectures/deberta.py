"""DeBERTa of the second and third version: dimensions, arithmetic and names.

He et al. 2021, "DeBERTa: Decoding-enhanced BERT with Disentangled Attention"; He et al. 2023, "DeBERTaV3".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from core.architectures.architecture import (
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
    "buckets": "position_buckets",
}
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
    masked_head = MaskedHead(
        "cls.predictions.transform.dense",
        "cls.predictions.transform.LayerNorm",
        ("cls.predictions.bias", "cls.predictions.decoder.bias"),
        "cls.predictions.decoder.weight",
    )

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

    def parameters(self) -> dict[str, int]:
        d, inner = self.width, self.inner
        block = 4 * (d * d + d) + (d * inner + inner) + (inner * d + d) + 2 * 2 * d
        sizes = {part: block for part in parts_of(self.n_blocks) if part != "head"}
        return sizes | {"embeddings": (self.vocab + 2 * self.buckets) * d + 2 * 2 * d, "norm": 0}

    def block_flops(self, n_tokens: float, rows: Rows = "all") -> float:
        d, mlp, far = self.width, 2 * self.width * self.inner, 2 * self.buckets * self.width
        if rows == "one":  # keys are asked of every distance, and so are made for all positions
            return 2 * ((2 * d**2 + far) * n_tokens + 2 * d**2 + mlp + far + 2 * n_tokens * d)
        return 2 * (4 * d**2 + mlp + 2 * far) * n_tokens + 2 * 2 * n_tokens**2 * d

    def values_kept(self, rows: Rows = "all") -> int:
        # as BERT; and what each key says to all distances, and each query, with a copy of both
        asked = 2 * self.n_heads * self.buckets
        return 5 * self.width + asked if rows == "one" else 13 * self.width + 2 * self.inner + 2 * asked

    @classmethod
    def from_config(cls, config: Mapping[str, Any], folder: Path) -> Self:
        where = f"{folder / 'config.json'} does not describe a {cls.title}"
        config = LEFT_OUT | dict(config)
        said = config.get(KINDS)
        kinds = said.split("|") if isinstance(said, str) else said
        try:
            other = departures(config, COMPUTED)
            if not other and not (isinstance(kinds, list) and sorted(map(str, kinds)) == sorted(BOTH)):
                other = f"{KINDS} is {said!r}"
            if other:
                what = f"The model in {folder} computes otherwise than {cls.title}: {other}."
                raise BadModel(what, "It cannot be used here.")
            sizes = numbers(config, SIZES, where)
            others = {"pad_token_id": 0, REACH: -1} | {k: v for k, v in config.items() if v is not None}
            sizes |= numbers(others, {"pad": "pad_token_id"}, where, least=0)
            reach = numbers(others, {"reach": REACH}, where, least=-1)["reach"]
            epsilon = fraction(config, "layer_norm_eps", cls.epsilon, where)
        except ValueError as error:
            raise BadModel(str(error)) from error
        made = cls(**sizes, reach=reach if reach > 0 else sizes["max_tokens"], epsilon=epsilon)
        d = made.width
        if d % made.n_heads:
            raise BadModel(f"{where}: its width is no multiple of its heads.")
        widths = {"embedding_size": d, "pooler_hidden_size": d, "attention_head_size": d // made.n_heads}
        if other := departures(config, widths):
            what = f"The model in {folder} computes otherwise than {cls.title}: its width is {d}, {other}."
            raise BadModel(what, "It cannot be used here.")
        if made.buckets < 2 or made.reach - 1 <= made.buckets // 2:
            raise BadModel(f"{where}: {made.buckets} buckets do not hold distances up to {made.reach}.")
        if made.pad >= made.vocab:
            raise BadModel(f"{where}: pad_token_id {made.pad} is none of its ids.")
        return made

    def to_config(self) -> dict[str, Any]:
        return {
            "model_type": self.family,
            **{theirs: getattr(self, ours) for ours, theirs in SIZES.items()},
            REACH: self.reach,
            KINDS: sorted(BOTH, reverse=True),
            "layer_norm_eps": self.epsilon,
            "pad_token_id": self.pad,
            **COMPUTED,
            **dict.fromkeys(("hidden_dropout_prob", "attention_probs_dropout_prob", "pooler_dropout"), 0.0),
        }
