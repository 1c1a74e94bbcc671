"""GPT-2: dimensions, arithmetic and names.

Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from core.architectures.architecture import Architecture, Book, Published, Rows, SequenceClassifier
from core.architectures.config_json import Otherwise, demand, demand_heads, is_id, numbers
from core.architectures.design import GPT2, BlockDesign

SIZES = {
    "n_blocks": "n_layer",
    "width": "n_embd",
    "n_heads": "n_head",
    "max_tokens": "n_positions",
    "vocab": "vocab_size",
}
# what changes what a model of the same dimensions computes, with GPT-2's own choice
COMPUTED = {
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
}
# the published checkpoints keep these matrices as (in, out), PyTorch's Linear as (out, in)
TRANSPOSED = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")
# the tensors of a block -> the layers of the book's, which keeps query, key and value apart
BOOK_BLOCK = {
    "ln_1.weight": ["norm1.scale"],
    "ln_1.bias": ["norm1.shift"],
    **{
        f"{name}.{kind}": [f"{layer}.{kind}" for layer in layers]
        for name, layers in {
            "attn.c_attn": ["att.W_query", "att.W_key", "att.W_value"],
            "attn.c_proj": ["att.out_proj"],
            "mlp.c_fc": ["ff.layers.0"],
            "mlp.c_proj": ["ff.layers.2"],
        }.items()
        for kind in ("weight", "bias")
    },
    "ln_2.weight": ["norm2.scale"],
    "ln_2.bias": ["norm2.shift"],
}
BOOK_REST = {
    "wte.weight": ["tok_emb.weight"],
    "wpe.weight": ["pos_emb.weight"],
    "ln_f.weight": ["final_norm.scale"],
    "ln_f.bias": ["final_norm.shift"],
}


@dataclass(frozen=True)
class GPT2Architecture(Architecture):
    vocab: int = 50257
    end_of_text: int = -1  # the id that ends a document, counted from the end of the vocabulary where it is below 0

    family = "gpt2"
    title = "GPT-2"
    prefix = "transformer."
    causal = True
    aliases: ClassVar[Mapping[str, str]] = {
        "hidden_size": "n_embd",
        "num_hidden_layers": "n_layer",
        "num_attention_heads": "n_head",
        "max_position_embeddings": "n_positions",
    }
    absorbs = True
    classifier = SequenceClassifier("GPT2ForSequenceClassification", {"last_real": {}}, "score", norm="ln_f")

    @property
    def design(self) -> BlockDesign:
        return GPT2

    @property
    def book(self) -> Book:
        return Book("gpt2.py.jinja", ("tok_emb", "pos_emb"))

    @property
    def pad(self) -> int:
        return self.end_of_text % self.vocab

    @property
    def inner(self) -> int:
        return 4 * self.width

    @cached_property
    def book_names(self) -> dict[str, list[str]]:
        """Every tensor of the backbone -> those of the book's GPTModel that it is stacked from."""
        return BOOK_REST | {
            f"h.{i}.{name}": [f"trf_blocks.{i}.{theirs}" for theirs in layers]
            for i in range(self.n_blocks)
            for name, layers in BOOK_BLOCK.items()
        }

    @cached_property
    def published(self) -> Mapping[str, Published]:
        return {name: Published((name,), self.prefix, name.endswith(TRANSPOSED)) for name in self.book_names}

    @property
    def embedding_parameters(self) -> int:
        return (self.vocab + self.max_tokens) * self.width

    def values_kept(self, rows: Rows = "all") -> int:
        # two norms' inputs, qkv, attention's output, the MLP's two wide layers; where one row is computed, a norm's
        return (2 if rows == "one" else 16) * self.width

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        sizes = numbers(config, SIZES)
        demand(config, COMPUTED)
        if config.get("n_inner") not in (None, 4 * sizes["width"]):
            raise Otherwise(f"n_inner is {repr(config['n_inner'])[:40]}, and not four times its width")
        demand_heads(sizes["width"], sizes["n_heads"])
        end = config.get("eos_token_id")
        last = not is_id(end, sizes["vocab"]) or end == sizes["vocab"] - 1
        return cls(**sizes, end_of_text=-1 if last else config["eos_token_id"])

    def to_config(self) -> dict[str, Any]:
        return {
            "model_type": self.family,
            **{theirs: getattr(self, ours) for ours, theirs in SIZES.items()},
            **COMPUTED,
            "bos_token_id": self.pad,
            "eos_token_id": self.pad,
            "resid_pdrop": 0.0,
            "embd_pdrop": 0.0,
            "attn_pdrop": 0.0,
        }
