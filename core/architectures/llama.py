"""The decoders that came after GPT-2, in Llama's shape: dimensions, arithmetic and names.

Touvron et al. 2023, "LLaMA: Open and Efficient Foundation Language Models"; Allal et al. 2025, "SmolLM2", which is a
Llama by its config.json; Qwen Team 2024, "Qwen2.5 Technical Report"; Yang et al. 2025, "Qwen3 Technical Report".
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

from core.architectures.architecture import BOOK_GATED_MATRICES, Architecture, Book, Published, Rows, SequenceClassifier
from core.architectures.config_json import SIZES, Otherwise, demand, flag, given, is_id, number, numbers
from core.architectures.design import BlockDesign

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
# what changes what a model of these dimensions computes, with the shape's own choice
COMPUTED = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
USUAL_WINDOW, USUAL_WHOLE = 4096, 28  # tokens that are seen, and blocks below that see all, where a file only says so
ORIGINAL = "original_max_position_embeddings"
ROTARY = ("rope_scaling", "rope_parameters")  # of older files, and of newer ones


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
            ORIGINAL: self.context,
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
    biases = False
    gated = True
    position_table = False
    classifier = SequenceClassifier("LlamaForSequenceClassification", {"last_real": {}}, "score", biased=False)
    biased_qkv: ClassVar[bool] = False  # whether queries, keys and values have a bias
    normed_qk: ClassVar[bool] = False  # whether queries and keys are normalized, each head by itself
    usual_head_dim: ClassVar[int] = 0  # where config.json does not say it; 0: the width in equal parts

    @property
    def design(self) -> BlockDesign:
        besides = "biases on q, k, v" * self.biased_qkv + "norms on q and k" * self.normed_qk
        return BlockDesign("RMSNorm", True, "rotary", "what is before", "SwiGLU", besides)

    @property
    def book(self) -> Book:
        return Book("llama.py.jinja", ("tok_emb",), BOOK_GATED_MATRICES)

    @property
    def pad(self) -> int:
        return self.end_of_text

    @property
    def own_output(self) -> Published | None:
        return None if self.tied else Published(("lm_head.weight",))

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

    def tensor(self, layers: tuple[str, ...], kind: str) -> Published:
        # what transformers calls the backbone of a LlamaForQuestionAnswering
        also = tuple(f"transformer.{layer}.{kind}" for layer in layers)
        return super().tensor(layers, kind)._replace(also=also)

    @property
    def embedding_parameters(self) -> int:
        return self.vocab * self.width

    @property
    def block_parameters(self) -> int:
        biases = self.biased_qkv * sum(self.matrices[name][0] for name in ("query", "key", "value"))
        return super().block_parameters + biases + self.normed_qk * 2 * self.head_dim

    def values_kept(self, rows: Rows = "all") -> int:
        q, kv = self.n_heads * self.head_dim, self.n_kv_heads * self.head_dim
        if rows == "one":  # a norm's input and output, keys and values, and what turns keys
            return 3 * self.width + 4 * kv
        # both norms, each with what is before and after its gain; queries, keys and values; attention's output; and of
        # the MLP gate, up, the gate's activation and the product
        return 6 * self.width + (2 + 3 * self.normed_qk) * q + (2 + 2 * self.normed_qk) * kv + 4 * self.inner

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        sizes = numbers(config, SIZES)
        heads, width = sizes["n_heads"], sizes["width"]
        others = given(config, {"n_kv_heads": "num_key_value_heads", "head_dim": "head_dim"}, least=1)
        others = {"n_kv_heads": heads, "head_dim": cls.usual_head_dim or width // heads} | others
        epsilon = number(config, "rms_norm_eps", 1e-6)
        theta, scaling = _rotary(config)
        demand(config, COMPUTED)
        _demand_whole_sight(config, sizes["n_blocks"], sizes["max_tokens"])
        if heads % others["n_kv_heads"]:
            raise ValueError(f"its {heads} heads are no multiple of its {others['n_kv_heads']} of keys and values")
        if others["head_dim"] % 2 or not others["head_dim"]:
            raise ValueError(f"a head of {others['head_dim']} cannot be turned in pairs, as rotary positions do")
        ends = config.get("eos_token_id")
        ends = [end for end in (ends if isinstance(ends, list) else [ends]) if is_id(end, sizes["vocab"])]
        return cls(
            **sizes,
            **others,
            epsilon=epsilon,
            theta=theta,
            scaling=scaling,
            tied=flag(config, "tie_word_embeddings"),
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


def _rotary(config: Mapping[str, Any]) -> tuple[float, Llama3Scaling | None]:
    """Base and scaling of the rotary positions, which older and newer versions of transformers say in their own places.

    Raises Otherwise for another scaling than Llama 3's, and ValueError for numbers that are none.
    """
    tables: list[dict[str, Any]] = []
    for key in ROTARY:
        one = config.get(key) or {}
        if not isinstance(one, Mapping):
            raise ValueError(f"{key} is {repr(one)[:40]}, no table")
        if any(isinstance(value, Mapping) for value in one.values()):
            raise Otherwise("its rotary positions differ from block to block")
        kind = one.get("rope_type", one.get("type", "default"))
        if kind not in ("default", "llama3"):
            raise Otherwise(f"its rotary positions are scaled by {repr(kind)[:40]}, where only llama3 is computed")
        tables.append(dict(one))
    older, newer = tables
    if older and newer and older != newer:
        raise ValueError(f"{' and '.join(ROTARY)} do not say the same")
    said = older or newer
    kind = said.get("rope_type", said.get("type", "default"))
    part = said.get("partial_rotary_factor", config.get("partial_rotary_factor"))
    if part not in (None, 1, 1.0):
        raise Otherwise(f"partial_rotary_factor is {repr(part)[:40]}")
    theta = number(config if said.get("rope_theta") is None else said, "rope_theta", 10_000.0, least=1.0)
    if kind == "default":
        return theta, None
    said = {ORIGINAL: config["max_position_embeddings"], **said}
    if config.get(ORIGINAL) is not None:  # outside the table it comes first, as in transformers
        said[ORIGINAL] = config[ORIGINAL]
    factor, low, high = (number(said, key) for key in ("factor", "low_freq_factor", "high_freq_factor"))
    context = numbers(said, {"context": ORIGINAL})["context"]
    if low >= high:
        raise ValueError(f"low_freq_factor {low:g} is not below high_freq_factor {high:g}")
    return theta, Llama3Scaling(factor, low, high, context)


def _demand_whole_sight(config: Mapping[str, Any], n_blocks: int, max_tokens: int) -> None:
    """Raises Otherwise where a token sees less than all that stands before it."""
    window, layers = config.get("sliding_window", USUAL_WINDOW), config.get("layer_types")
    slides = config.get("use_sliding_window", False) and window is not None
    within = not isinstance(window, int) or window < max_tokens
    if isinstance(layers, list):
        slides = slides and "sliding_attention" in layers
        if other := sorted({str(kind)[:40] for kind in layers} - {"full_attention", "sliding_attention"}):
            raise Otherwise(f"its layer_types have {other[0]}")
    elif isinstance(first := config.get("max_window_layers", USUAL_WHOLE), int):
        slides = slides and first < n_blocks
    if slides and within:
        raise Otherwise(f"a token sees only a window of {window!r} tokens (use_sliding_window)")
