"""BERT and what has its shape: dimensions, arithmetic and names. MiniLM, BGE and E5 are BERTs by their config.json.

Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers"; Liu et al. 2019, "RoBERTa"; Sanh et al.
2019, "DistilBERT"; Conneau et al. 2020, "Unsupervised Cross-lingual Representation Learning at Scale" (XLM-RoBERTa).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

from core.architectures.architecture import (
    Architecture,
    Book,
    Dense,
    MaskedHead,
    Published,
    Rows,
    SequenceClassifier,
)
from core.architectures.config_json import SIZES, demand, demand_heads, demand_pad, fraction, given, numbers
from core.architectures.design import BlockDesign

# our names of the parts of a block -> BERT's; query, key and value are one matrix here
BLOCK = {
    "qkv": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "out": ("attention.output.dense",),
    "norm_1": ("attention.output.LayerNorm",),
    "up": ("intermediate.dense",),
    "down": ("output.dense",),
    "norm_2": ("output.LayerNorm",),
}
DISTILLED_BLOCK = {
    "qkv": ("attention.q_lin", "attention.k_lin", "attention.v_lin"),
    "out": ("attention.out_lin",),
    "norm_1": ("sa_layer_norm",),
    "up": ("ffn.lin1",),
    "down": ("ffn.lin2",),
    "norm_2": ("output_layer_norm",),
}
# the first checkpoints called a norm's weight and bias so
OLDER = {"weight": "gamma", "bias": "beta"}

PREDICTIONS = MaskedHead(
    "cls.predictions.transform.dense",
    "cls.predictions.transform.LayerNorm",
    ("cls.predictions.bias", "cls.predictions.decoder.bias"),
    "cls.predictions.decoder.weight",
)


@dataclass(frozen=True)
class BertArchitecture(Architecture):
    """`n_segments` is how many parts of a text have an embedding of their own; 0 where there is no such table."""

    inner: int = 3072
    n_segments: int = 2
    epsilon: float = 1e-12  # of the norms
    pad: int = 0

    family = "bert"
    title = "BERT"
    prefix = "bert."
    causal = False
    absorbs = True
    final_norm = False  # a block ends in a norm
    own_dense = Dense("tanh", "bert.pooler.dense", "pooler.dense")
    classifier = SequenceClassifier("BertForSequenceClassification", {"first": {}}, "classifier")
    masked_head = PREDICTIONS
    layers: ClassVar[tuple[str, Mapping[str, tuple[str, ...]]]] = ("encoder.layer", BLOCK)
    sizes: ClassVar[Mapping[str, str]] = SIZES
    # with defaults where a config does not say them
    others: ClassVar[Mapping[str, str]] = {
        "n_segments": "type_vocab_size",
        "epsilon": "layer_norm_eps",
        "pad": "pad_token_id",
    }
    # what changes what a model of these dimensions computes, with the family's own choice
    computed: ClassVar[Mapping[str, Any]] = {
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
        "is_decoder": False,
        "add_cross_attention": False,
    }
    left_out: ClassVar[Mapping[str, Any]] = {}  # what transformers takes for said where a file leaves it out
    dropouts: ClassVar[tuple[str, ...]] = ("hidden_dropout_prob", "attention_probs_dropout_prob")

    @property
    def first_position(self) -> int:
        """The row of the table of positions that a text's first token has."""
        return 0

    @property
    def design(self) -> BlockDesign:
        return BlockDesign("LayerNorm", False, "a table", "all of the text", "GELU")

    @property
    def tells_parts(self) -> bool:
        return self.n_segments > 1

    @property
    def book(self) -> Book:
        segments = ("seg_emb",) if self.n_segments else ()
        return Book("bert.py.jinja", ("tok_emb", "pos_emb", *segments, "emb_norm"))

    @cached_property
    def published(self) -> Mapping[str, Published]:
        stem, layers = self.layers
        tables = {"tokens": "word", "positions": "position"} | ({"segments": "token_type"} if self.n_segments else {})
        found = {
            f"{ours}.weight": Published((f"embeddings.{theirs}_embeddings.weight",), self.prefix)
            for ours, theirs in tables.items()
        }
        for kind in ("weight", "bias"):
            found[f"norm_0.{kind}"] = self.tensor(("embeddings.LayerNorm",), kind)
            for i in range(self.n_blocks):
                for ours, theirs in layers.items():
                    names = tuple(f"{stem}.{i}.{name}" for name in theirs)
                    found[f"layers.{i}.{ours}.{kind}"] = self.tensor(names, kind)
        return found

    def tensor(self, layers: tuple[str, ...], kind: str) -> Published:
        older = tuple(f"{layer}.{OLDER[kind]}" for layer in layers if layer.endswith("LayerNorm"))
        return super().tensor(layers, kind)._replace(also=older)

    @property
    def embedding_parameters(self) -> int:
        return (self.vocab + self.first_position + self.max_tokens + self.n_segments + 2) * self.width

    def values_kept(self, rows: Rows = "all") -> int:
        # the block's input, qkv, attention's output, both norms' inputs and outputs, the MLP's two wide layers
        return self.width if rows == "one" else 9 * self.width + 2 * self.inner

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        config = {**cls.left_out, **config}
        sizes = numbers(config, cls.sizes)
        whole = {ours: theirs for ours, theirs in cls.others.items() if ours != "epsilon"}
        others: dict[str, Any] = dict(given(config, whole))
        if "epsilon" in cls.others:
            others["epsilon"] = fraction(config, cls.others["epsilon"], cls.epsilon)
        demand(config, cls.computed)
        demand_heads(sizes["width"], sizes["n_heads"])
        made = cls(**sizes, **others)
        demand_pad(made.pad, made.vocab)
        if made.first_position >= made.max_tokens:
            raise ValueError(f"pad_token_id {made.pad} leaves no position for a text")
        # the table of positions has rows that no text uses
        return replace(made, max_tokens=made.max_tokens - made.first_position)

    def to_config(self) -> dict[str, Any]:
        return {
            "model_type": self.family,
            **{theirs: getattr(self, ours) for ours, theirs in self.sizes.items()},
            self.sizes["max_tokens"]: self.first_position + self.max_tokens,
            **self.computed,
            **{theirs: getattr(self, ours) for ours, theirs in self.others.items()},
            **dict.fromkeys(self.dropouts, 0.0),
        }


@dataclass(frozen=True)
class RobertaArchitecture(BertArchitecture):
    """Positions begin after the pad's id: of 514 rows of their table 512 are used."""

    n_segments: int = 1
    epsilon: float = 1e-5
    pad: int = 1
    skips_pads: ClassVar[bool] = True

    family = "roberta"
    title = "RoBERTa"
    own_dense = Dense("tanh", "classifier.dense")
    classifier = SequenceClassifier("RobertaForSequenceClassification", {"first": {}}, "classifier.out_proj")
    masked_head = MaskedHead(
        "lm_head.dense", "lm_head.layer_norm", ("lm_head.bias", "lm_head.decoder.bias"), "lm_head.decoder.weight"
    )
    prefix = "roberta."
    left_out: ClassVar[Mapping[str, Any]] = {"layer_norm_eps": 1e-12, "type_vocab_size": 2}

    @property
    def first_position(self) -> int:
        return self.pad + 1


@dataclass(frozen=True)
class XLMRobertaArchitecture(RobertaArchitecture):
    """RoBERTa's shape, pretrained on a hundred languages."""

    family = "xlm-roberta"
    title = "XLM-RoBERTa"
    classifier = SequenceClassifier("XLMRobertaForSequenceClassification", {"first": {}}, "classifier.out_proj")


@dataclass(frozen=True)
class DistilBertArchitecture(BertArchitecture):
    """Every other block of a BERT, taught to say what the whole one says; no segments, no pooler."""

    n_segments: int = 0

    family = "distilbert"
    title = "DistilBERT"
    own_dense = Dense("relu", "pre_classifier")
    classifier = SequenceClassifier("DistilBertForSequenceClassification", {"first": {}}, "classifier")
    masked_head = MaskedHead("vocab_transform", "vocab_layer_norm", ("vocab_projector.bias",), "vocab_projector.weight")
    prefix = "distilbert."
    aliases: ClassVar[Mapping[str, str]] = {
        "hidden_size": "dim",
        "num_hidden_layers": "n_layers",
        "num_attention_heads": "n_heads",
    }
    layers = ("transformer.layer", DISTILLED_BLOCK)
    sizes = SIZES | {"n_blocks": "n_layers", "width": "dim", "n_heads": "n_heads", "inner": "hidden_dim"}
    others: ClassVar[Mapping[str, str]] = {"pad": "pad_token_id"}
    computed: ClassVar[Mapping[str, Any]] = {"activation": "gelu"}
    dropouts = ("dropout", "attention_dropout", "seq_classif_dropout")
