"""The decoders that came after GPT-2, in Llama's shape: dimensions, arithmetic and names.

Touvron et al. 2023, "LLaMA: Open and Efficient Foundation Language Models"; Allal et al. 2025, "SmolLM2", which is a
Llama by its config.json; Qwen Team 2024, "Qwen2.5 Technical Report"; Yang et al. 2025, "Qwen3 Technical Report".
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

from core.architectures.architecture import (
    MOST,
    Architecture,
    Book,
    Published,
    Rows,
    SequenceClassifier,
    departures,
    numbers,
)
from core.errors import BadModel
from core.freeze import parts_of

# our names of the parts of a block -> the published ones; what has equal height and the same input is one matrix here
BLOCK = {
    "norm_1": ("input_layernorm",),
    "query": ("self_attn.q_proj",),
    "key_value": ("self_attn.k_proj", "self_attn.v_proj"),
    "query_norm": ("self_attn.q_norm",),
    "key_norm": ("self_attn.k_norm",),
    "out": ("self_attn.o_proj",),
    "norm_2": ("post_attention_layernorm",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
QK_NORMS = ("query_norm", "key_norm")
# as Python takes them out of the book's
MATRICES = {
    **{"query": "att.W_query", "key": "att.W_key", "value": "att.W_value", "out": "att.out_proj"},
    **{"gate": "ff.fc1", "up": "ff.fc2", "down": "ff.fc3"},
}
SIZES = {
    "n_blocks": "num_hidden_layers",
    "width": "hidden_size",
    "n_heads": "num_attention_heads",
    "max_tokens": "max_position_embeddings",
    "vocab": "vocab_size",
    "inner": "intermediate_size",
}
# what changes what a model of these dimensions computes, with the shape's own choice
COMPUTED = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "quantization_config": None}
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")  # above 1, a block has several MLPs


class Llama3Scaling(NamedTuple):
    """How Llama 3 stretches its rotary positions beyond the `context` that it was pretrained with.

    Wavelengths longer than context / low become `factor` times as long, those shorter than context / high stay, and
    between the two it goes from one to the other (Grattafiori et al. 2024, "The Llama 3 Herd of Models").
    """

    factor: float
    low: float
    high: float
    context: int

    def to_config(self) -> dict[str, Any]:
        return {
            "rope_type": "llama3",
            "factor": self.factor,
            "low_freq_factor": self.low,
            "high_freq_factor": self.high,
            "original_max_position_embeddings": self.context,
        }


@dataclass(frozen=True)
class LlamaArchitecture(Architecture):
    """`n_kv_heads` are the heads of keys and values, each shared by several of the queries' (Ainslie et al. 2023)."""

    inner: int = 1536
    n_kv_heads: int = 3
    head_dim: int = 64
    epsilon: float = 1e-5  # of the norms
    theta: float = 10_000.0  # of the rotary positions
    scaling: Llama3Scaling | None = None
    tied: bool = True  # whether its output layer is the table of tokens once more
    end_of_text: int = 0  # the id that ends a document, and fills a batch

    family = "llama"
    title = "Llama"
    prefix = "model."
    causal = True
    position_table = False
    classifier = SequenceClassifier("LlamaForSequenceClassification", {"last_real": {}}, "score", biased=False)
    biased_qkv: ClassVar[bool] = False  # whether queries, keys and values have a bias
    normed_qk: ClassVar[bool] = False  # whether queries and keys are normalized, each head by itself
    usual_head_dim: ClassVar[int] = 0  # where config.json does not say it; 0: the width in equal parts

    @property
    def book(self) -> Book:
        return Book("llama.py.jinja", ("tok_emb",), MATRICES)

    @property
    def pad(self) -> int:
        return self.end_of_text

    @property
    def own_output(self) -> Published | None:
        return None if self.tied else Published(("lm_head.weight",))

    @property
    def matrices(self) -> Mapping[str, tuple[int, int]]:
        d, q, kv = self.width, self.n_heads * self.head_dim, self.n_kv_heads * self.head_dim
        attention = {"query": (q, d), "key": (kv, d), "value": (kv, d), "out": (d, q)}
        return attention | {"gate": (self.inner, d), "up": (self.inner, d), "down": (d, self.inner)}

    @cached_property
    def published(self) -> Mapping[str, Published]:
        parts = {name: theirs for name, theirs in BLOCK.items() if self.normed_qk or name not in QK_NORMS}
        found = {"tokens.weight": self.tensor(("embed_tokens",), "weight")}
        for i in range(self.n_blocks):
            for ours, theirs in parts.items():
                names = tuple(f"layers.{i}.{name}" for name in theirs)
                biased = self.biased_qkv and ours in ("query", "key_value")
                for kind in ("weight", "bias") if biased else ("weight",):
                    found[f"layers.{i}.{ours}.{kind}"] = self.tensor(names, kind)
        return found | {"final_norm.weight": self.tensor(("norm",), "weight")}

    def parameters(self) -> dict[str, int]:
        shapes = self.matrices
        block = sum(n_out * n_in for n_out, n_in in shapes.values()) + 2 * self.width
        block += self.biased_qkv * sum(shapes[name][0] for name in ("query", "key", "value"))
        block += self.normed_qk * 2 * self.head_dim
        sizes = {part: block for part in parts_of(self.n_blocks) if part != "head"}
        return sizes | {"embeddings": self.vocab * self.width, "norm": self.width}

    def block_flops(self, n_tokens: float, rows: Rows = "all") -> float:
        # where one position is computed, keys and values are made for all that it sees
        sizes = {name: n_out * n_in for name, (n_out, n_in) in self.matrices.items()}
        both = sizes.pop("key") + sizes.pop("value")
        here = n_tokens if rows == "all" else 1
        seen = 2 * n_tokens * self.n_heads * self.head_dim
        return 2 * (both * n_tokens + here * (sum(sizes.values()) + seen))

    def values_kept(self, rows: Rows = "all") -> int:
        q, kv = self.n_heads * self.head_dim, self.n_kv_heads * self.head_dim
        if rows == "one":  # a norm's input and output, keys and values, and what turns keys
            return 3 * self.width + 4 * kv
        # both norms, each with what is before and after its gain; queries, keys and values; attention's output; and of
        # the MLP gate, up, the gate's activation and the product
        return 6 * self.width + (2 + 3 * self.normed_qk) * q + (2 + 2 * self.normed_qk) * kv + 4 * self.inner

    @classmethod
    def from_config(cls, config: Mapping[str, Any], folder: Path) -> Self:
        where = f"{folder / 'config.json'} does not describe a {cls.title}"
        try:
            sizes = numbers(config, SIZES, where)
            given = {"n_kv_heads": "num_key_value_heads", "head_dim": "head_dim"}
            others = numbers(config, {ours: key for ours, key in given.items() if config.get(key) is not None}, where)
            epsilon = _number(config, "rms_norm_eps", where, 1e-6)
            theta, scaling = _rotary(config, where)
        except ValueError as error:
            raise BadModel(str(error)) from error
        if other := departures(config, COMPUTED) or _beyond(config, sizes["n_blocks"], sizes["max_tokens"]):
            raise BadModel(
                f"The model in {folder} computes otherwise than {cls.title}: {other}.", "It cannot be used here."
            )
        heads = sizes["n_heads"]
        others = {"n_kv_heads": heads, "head_dim": cls.usual_head_dim or sizes["width"] // heads} | others
        if heads % others["n_kv_heads"]:
            raise BadModel(
                f"{where}: its {heads} heads are no multiple of its {others['n_kv_heads']} of keys and values."
            )
        if others["head_dim"] % 2 or not others["head_dim"]:
            raise BadModel(
                f"{where}: a head of {others['head_dim']} cannot be turned in pairs, as rotary positions do."
            )
        ends = config.get("eos_token_id")
        ends = [end for end in (ends if isinstance(ends, list) else [ends]) if _is_id(end, sizes["vocab"])]
        return cls(
            **sizes,
            **others,
            epsilon=epsilon,
            theta=theta,
            scaling=scaling,
            tied=config.get("tie_word_embeddings", False) is True,
            end_of_text=ends[0] if ends else sizes["vocab"] - 1,
        )

    def to_config(self) -> dict[str, Any]:
        ours = asdict(self)
        return {
            "model_type": self.family,
            **{theirs: ours[name] for name, theirs in SIZES.items()},
            "num_key_value_heads": self.n_kv_heads,
            "head_dim": self.head_dim,
            "rms_norm_eps": self.epsilon,
            "rope_theta": self.theta,
            "rope_scaling": self.scaling.to_config() if self.scaling else None,
            "hidden_act": COMPUTED["hidden_act"],
            "tie_word_embeddings": self.tied,
            "bos_token_id": None,
            "eos_token_id": self.end_of_text,
            "attention_dropout": 0.0,
        }


@dataclass(frozen=True)
class Qwen2Architecture(LlamaArchitecture):
    """Qwen2 and Qwen2.5: queries, keys and values have a bias."""

    family = "qwen2"
    title = "Qwen2"
    classifier = SequenceClassifier(
        "Qwen2ForSequenceClassification", {"last_real": {}}, "score", biased=False, normalizer="NFC"
    )
    biased_qkv = True


@dataclass(frozen=True)
class Qwen3Architecture(LlamaArchitecture):
    """Queries and keys are normalized, and all heads together need not be as wide as a hidden state."""

    family = "qwen3"
    title = "Qwen3"
    classifier = SequenceClassifier("Qwen3ForSequenceClassification", {"last_real": {}}, "score", biased=False)
    normed_qk = True
    usual_head_dim = 128


def _rotary(config: Mapping[str, Any], where: str) -> tuple[float, Llama3Scaling | None]:
    """Base and scaling of the rotary positions, which older and newer versions of transformers say in their own places.

    Raises ValueError for another scaling than Llama 3's, `where` being said first.
    """
    given = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if not isinstance(given, Mapping) or any(isinstance(value, Mapping) for value in given.values()):
        raise ValueError(f"{where} that can be computed here: its rotary positions differ from block to block.")
    kind = given.get("rope_type", given.get("type", "default"))
    if kind not in ("default", "llama3"):
        what = f"its rotary positions are scaled by {repr(kind)[:40]}, where only llama3 is computed"
        raise ValueError(f"{where} that can be computed here: {what}.")
    part = given.get("partial_rotary_factor", config.get("partial_rotary_factor"))
    if part not in (None, 1, 1.0):
        raise ValueError(f"{where} that can be computed here: partial_rotary_factor is {repr(part)[:40]}.")
    theta = _number(config if given.get("rope_theta") is None else given, "rope_theta", where, 10_000.0, least=1.0)
    if kind == "default":
        return theta, None
    given = {"original_max_position_embeddings": config["max_position_embeddings"], **given}
    factor, low, high = (
        _number(given, key, where, least=0.0) for key in ("factor", "low_freq_factor", "high_freq_factor")
    )
    context = numbers(given, {"context": "original_max_position_embeddings"}, where)["context"]
    if low >= high:
        raise ValueError(f"{where}: low_freq_factor {low:g} is not below high_freq_factor {high:g}.")
    return theta, Llama3Scaling(factor, low, high, context)


def _beyond(config: Mapping[str, Any], n_blocks: int, max_tokens: int) -> str:
    """What is not computed here though the dimensions allow it, in words: experts, and windows within the context."""
    experts = [f"{key} is {config[key]!r}" for key in EXPERTS if config.get(key) not in (None, 0, 1)]
    if experts:
        return f"its blocks have several MLPs, so-called experts ({experts[0]})"
    window, layers = config.get("sliding_window"), config.get("layer_types")
    slides = config.get("use_sliding_window", False) and window is not None
    within = not isinstance(window, int) or window < max_tokens
    if isinstance(layers, list):
        slides = slides and "sliding_attention" in layers
        if other := sorted({str(kind)[:40] for kind in layers} - {"full_attention", "sliding_attention"}):
            return f"its layer_types have {other[0]}"
    elif isinstance(first := config.get("max_window_layers"), int):
        slides = slides and first < n_blocks
    return f"a token sees only a window of {window!r} tokens (use_sliding_window)" if slides and within else ""


def _number(config: Mapping[str, Any], key: str, where: str, usual: float | None = None, least: float = 0.0) -> float:
    """A number of a config.json above `least`; raises ValueError with what is wrong, `where` being said first."""
    value = usual if config.get(key) is None else config[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not least < value < MOST**2:
        raise ValueError(f"{where}: {key} is {repr(value)[:40]}, no number above {least:g}.")
    return float(value)


def _is_id(value: object, vocab: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < vocab
