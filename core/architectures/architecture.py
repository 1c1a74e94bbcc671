"""What every family of models says of itself. Plain data; no torch."""

from abc import ABC, abstractmethod
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Self

from core.architectures.config_json import Otherwise, by_own_names, demand, demand_whole_weights
from core.architectures.design import BlockDesign
from core.architectures.file_names import CONFIG
from core.errors import BadModel
from core.freeze import parts_of

Rows = Literal["all", "one"]  # of the positions of a text, those that a block computes
# the matrices that a block may have, in the order that a text passes through them; a gated MLP has a gate
ADAPTED = ("query", "key", "value", "out", "gate", "up", "down")
# as Python takes them out of the book's, with a plain MLP and with a gated one
_BOOK_ATTENTION = {"query": "att.W_query", "key": "att.W_key", "value": "att.W_value", "out": "att.out_proj"}
BOOK_MATRICES = _BOOK_ATTENTION | {"up": "ff.layers[0]", "down": "ff.layers[2]"}
BOOK_GATED_MATRICES = _BOOK_ATTENTION | {"gate": "ff.fc1", "up": "ff.fc2", "down": "ff.fc3"}


class Published(NamedTuple):
    """Where a tensor stands in published files: its names, with or without `prefix`, and whether it is transposed.

    Of several names each is a part, one above the other. `also` are names that other files have in their place.
    """

    names: tuple[str, ...]
    prefix: str = ""  # of every name, where a file was saved with a head
    transposed: bool = False
    also: tuple[str, ...] = ()

    def among(self, names: Container[str]) -> tuple[str, ...] | None:
        """Those of its names that a file has, which may have been saved with a head or without; None without them."""
        known = [self.names, self.also] if self.also else [self.names]
        each = (tuple(prefix + name for name in some) for some in known for prefix in ("", self.prefix))
        return next((found for found in each if all(name in names for name in found)), None)


class Dense(NamedTuple):
    """The layer that a family's own classifiers have between readout and classes: (width, width), then `activation`.

    `pretrained` is its name in the files of a pretrained model, where it learned something before; `exported` its
    name in those of transformers' sequence classifier. `norm` is in both the name of a norm that follows, if any.
    """

    activation: Literal["tanh", "relu", "gelu"]
    exported: str = ""
    pretrained: str | None = None
    norm: str = ""
    bias: bool = True  # of the layer and of the norm

    def parameters(self, width: int) -> int:
        return width * width + self.bias * width + bool(self.norm) * (1 + self.bias) * width


MLP = Dense("tanh")  # of the head that every family can have


class SequenceClassifier(NamedTuple):
    """transformers' classifier of a family: the readouts that it has, and the name of its last layer.

    With each readout goes what its config.json says for it.
    """

    name: str
    readouts: Mapping[str, Mapping[str, Any]]
    last: str
    norm: str = ""  # where the last layer has no bias: our name of the final norm, which then carries it
    biased: bool = True  # whether one of the two can
    normalizer: str = ""  # that transformers puts before tokenizers of the family, whatever their file says


class MaskedHead(NamedTuple):
    """What guesses a masked word: a dense layer, GELU, a norm, then the table of tokens with a bias of its own.

    Names in published files, which stand beside the backbone's prefix. `table_bias` are names of the same bias, of
    which a file has one or more; `own_table` is in files of models whose head has a table of its own.
    """

    dense: str
    norm: str
    table_bias: tuple[str, ...]
    own_table: str
    bias: bool = True  # of the dense layer and of the norm


class Book(NamedTuple):
    """A family in a script in the manner of the book: its template in `core.assets`, and what that calls things.

    `embeddings` are the modules under the blocks, `matrices` those of a block, by the names of `ADAPTED`.
    """

    template: str
    embeddings: tuple[str, ...]
    matrices: Mapping[str, str] = BOOK_MATRICES


class Scores(NamedTuple):
    """Numbers for each position of texts of one length that scores of attention take."""

    block: float  # kept of each learning block
    once: float  # at one moment, however many blocks there are


@dataclass(frozen=True)
class Architecture(ABC):
    """The dimensions of a model, and by arithmetic what it costs. Each family has one, and a backbone of that name."""

    n_blocks: int
    width: int  # of a hidden state
    n_heads: int
    max_tokens: int  # that it can read
    vocab: int

    family: ClassVar[str]  # the model_type of config.json
    title: ClassVar[str]  # the family's name, for a person
    prefix: ClassVar[str]  # of its names in files that were saved with a head
    causal: ClassVar[bool]  # whether it was pretrained with each token seeing only those before it
    aliases: ClassVar[Mapping[str, str]] = {}  # other names in config.json for the family's own
    biases: ClassVar[bool] = True  # whether the matrices and norms of a block have them
    absorbs: ClassVar[bool] = False  # whether one position is computed without keys and values (attention.attend_from)
    final_norm: ClassVar[bool] = True  # whether a norm stands between the last block and the head
    skips_pads: ClassVar[bool] = False  # whether positions are counted without tokens of the pad's id, in a text too
    position_table: ClassVar[bool] = True  # whether positions have a table, at whose end no longer text can be read
    own_dense: ClassVar[Dense | None] = None  # of the head that its own classifiers have; None where that is one layer
    classifier: ClassVar[SequenceClassifier | None] = None  # of transformers, where there is one
    without_classifier: ClassVar[str] = ""  # why there is none
    masked_head: ClassVar[MaskedHead | None] = None  # that it was pretrained with

    @property
    def n_kv_heads(self) -> int:
        return self.n_heads

    @property
    def head_dim(self) -> int:
        return self.width // self.n_heads

    @property
    def design(self) -> BlockDesign | None:
        """What a block is; None where there is no block."""
        return None

    @property
    def book(self) -> Book | None:
        """How its script is written; None where the family has none."""
        return None

    @property
    def tells_parts(self) -> bool:
        """Whether it is told which part of a pair each token belongs to; others see that by the tokens between."""
        return False

    @property
    @abstractmethod
    def pad(self) -> int:
        """The id that fills a batch."""

    @property
    def own_output(self) -> Published | None:
        """The layer from hidden states to tokens, (vocab, width), where that is not the table of tokens once more."""
        return None

    @property
    @abstractmethod
    def inner(self) -> int:
        """The width of the MLP between its two matrices."""

    @property
    def gated(self) -> bool:
        """Whether the wide layer of an MLP has a gate."""
        return False

    @property
    def epsilon(self) -> float:
        """Of the norms."""
        return 1e-5

    def dense_of(self, head: str) -> Dense | None:
        """What is before the last layer of a head, by its name in a recipe; None where it has one layer."""
        return {"linear": None, "mlp": MLP, "own": self.own_dense}[head]

    def biased(self, head: str) -> bool:
        """Whether the last layer of a head, by its name in a recipe, has a bias."""
        return head != "own" or self.classifier is None or self.classifier.biased

    @property
    @abstractmethod
    def published(self) -> Mapping[str, Published]:
        """Every tensor of the backbone, by its name in ours."""

    @cached_property
    def published_masked_head(self) -> Mapping[str, Published]:
        """Every tensor of the head that guesses masked words, by its name in ours. Not of a family without one."""
        head = self.masked_head
        assert head is not None
        first, *others = head.table_bias
        found = {"bias": Published((first,), also=tuple(others))}
        for kind in ("weight", "bias") if head.bias else ("weight",):
            found[f"dense.{kind}"] = self.tensor((head.dense,), kind)
            found[f"norm.{kind}"] = self.tensor((head.norm,), kind)
        return found

    def tensor(self, layers: tuple[str, ...], kind: str) -> Published:
        """The `kind` (weight or bias) of a layer, by the published names of the layers that are stacked in it."""
        return Published(tuple(f"{layer}.{kind}" for layer in layers), self.prefix)

    @property
    def matrices(self) -> Mapping[str, tuple[int, int]]:
        """The matrices of a block, (out, in), by the names of `ADAPTED`."""
        d, wide = self.width, self.inner
        q, kv = self.n_heads * self.head_dim, self.n_kv_heads * self.head_dim
        attention = {"query": (q, d), "key": (kv, d), "value": (kv, d), "out": (d, q)}
        return attention | ({"gate": (wide, d)} if self.gated else {}) | {"up": (wide, d), "down": (d, wide)}

    def parameters(self) -> dict[str, int]:
        """Parameters of every part of the freeze plan but the head, from the text upwards."""
        parts = {part: self.block_parameters for part in parts_of(self.n_blocks) if part != "head"}
        norm = self.final_norm * (1 + self.biases) * self.width
        return parts | {"embeddings": self.embedding_parameters, "norm": norm}

    @property
    @abstractmethod
    def embedding_parameters(self) -> int:
        """Of all that is under the blocks."""

    @property
    def block_parameters(self) -> int:
        """Of a block: its matrices and two norms."""
        matrices = sum(n_out * (n_in + self.biases) for n_out, n_in in self.matrices.values())
        return matrices + 2 * (1 + self.biases) * self.width

    def block_flops(self, n_tokens: float, rows: Rows = "all") -> float:
        """FLOPs of one text through one block, all of its positions or only one."""
        sizes = {name: n_out * n_in for name, (n_out, n_in) in self.matrices.items()}
        here, attended = n_tokens if rows == "all" else 1, self.n_heads * self.head_dim
        if rows == "one" and self.absorbs:  # query and output are twice as much, and heads see what is as wide as all
            return 2 * (sum(sizes.values()) + 2 * n_tokens * self.width * self.n_heads)
        both = sizes.pop("key") + sizes.pop("value")  # which are made for all that one position sees
        return 2 * (both * n_tokens + here * (sum(sizes.values()) + 2 * n_tokens * attended))

    def context_flops(self, n_tokens: float) -> float:
        """FLOPs that take as long as what is made of one text once for all blocks: masks and the like."""
        return 0.0

    @abstractmethod
    def values_kept(self, rows: Rows = "all") -> int:
        """Numbers for each position of a text that autograd keeps of one learning block, but for its scores."""

    def scores_kept(self, n_tokens: float, embeddings_learn: bool) -> Scores:
        """The same of scores, where a family's attention holds them whole, and not in pieces (Dao et al. 2022)."""
        return Scores(0.0, 0.0)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], folder: Path) -> Self:
        """Read Hugging Face's config.json. Raises BadModel, naming the folder, for what the family does not compute."""
        try:
            config = by_own_names(config, cls.aliases)
            demand_whole_weights(config)
            if cls.causal:
                demand(config, {"is_causal": True})
            return cls.read(config)
        except Otherwise as other:
            what = f"The model in {folder} computes otherwise than {cls.title}: {other}."
            raise BadModel(
                what, "It cannot be used here. Choose another model: workbench models names some."
            ) from other
        except ValueError as error:
            what = f"{folder / CONFIG} does not describe a {cls.title}: {error}."
            raise BadModel(what, "Take the one that came with the model.") from error

    @classmethod
    @abstractmethod
    def read(cls, config: Mapping[str, Any]) -> Self:
        """The same; raises Otherwise with what the family does not compute, and ValueError with what is wrong."""

    @abstractmethod
    def to_config(self) -> dict[str, Any]:
        """The config.json that other software reads."""
