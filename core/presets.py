"""Model sizes, and recipes by name. Plain data; no torch."""

from dataclasses import dataclass

# in the folder of a model
WEIGHTS = "model.safetensors"
TOKENS = "tokens.tiktoken.xz"  # a tokenizer that was made for it


@dataclass(frozen=True)
class Shape:
    """The dimensions that decide a GPT-2-shaped model."""

    n_blocks: int
    width: int
    n_heads: int
    context: int
    vocab: int = 50257


@dataclass(frozen=True)
class Source:
    """Where pretrained weights come from: a repository on the Hugging Face hub, pinned to a commit."""

    repo: str
    revision: str
    size: int  # bytes of model.safetensors
    sha256: str | None = None  # where None, the hub's own record of the file's hash is checked instead


@dataclass(frozen=True)
class BuiltIn:
    """Pretrained weights that come with the program: a folder of its assets."""

    folder: str
    sha256: str


@dataclass(frozen=True)
class ModelPreset:
    """A model by name, with what belongs to it: tokenizer, pad id, default batch and learning rate."""

    name: str
    title: str
    shape: Shape
    source: Source | BuiltIn
    batch: int = 8
    lr: float = 5e-5
    tokenizer: str = "gpt2"
    pad: int = 50256


def is_folder(weights: str) -> bool:
    """Whether a recipe's weights are a folder, and not one of the words for something else."""
    return weights not in ("pretrained", "random")


MODELS: dict[str, ModelPreset] = {
    preset.name: preset
    for preset in [
        ModelPreset("nano", "nano 7M", Shape(6, 256, 4, 512, 8192), BuiltIn("nano", "c2ce83b3f4beaf0e9750dcb614f3080b214a4925add21c2d805918c4eb15b11e"), batch=16, lr=5e-4, tokenizer="nano", pad=8191),
        ModelPreset(
            "gpt2",
            "gpt2 124M",
            Shape(12, 768, 12, 1024),
            Source(
                "openai-community/gpt2",
                "607a30d783dfa663caf39e06633721c8d4cfcd7e",
                548_105_171,
                "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707",
            ),
        ),
        ModelPreset(
            "gpt2-medium",
            "gpt2-medium 355M",
            Shape(24, 1024, 16, 1024),
            Source("openai-community/gpt2-medium", "6dcaa7a952f72f9298047fd5137cd6e4f05f41da", 1_519_984_962),
        ),
        ModelPreset(
            "gpt2-large",
            "gpt2-large 774M",
            Shape(36, 1280, 20, 1024),
            Source("openai-community/gpt2-large", "32b71b12589c2f8d625668d2335a01cac3249519", 3_247_159_078),
        ),
        ModelPreset(
            "gpt2-xl",
            "gpt2-xl 1558M",
            Shape(48, 1600, 25, 1024),
            Source(
                "openai-community/gpt2-xl",
                "15ea56dee5df4983c59b2538573817e1667135e2",
                6_431_829_964,
                "0f8b28eb05a8075f48b61b6f35332978c74fc7763fa9fb4051a1c30511736a6a",
            ),
        ),
    ]
}

# The protocol of chapter 6, kept as it is there: every row pandas' default quoting yields, duplicates and
# all, undersampled and split with one seed, padded to the longest training text, read at the last position.
BOOK = {
    "data": {
        "quoting": "csv",
        "duplicates": "keep",
        "balance": "undersample",
        "stratify": False,
        "seed": 123,
        "train": 0.7,
        "validation": 0.1,
    },
    "model": {"name": "gpt2", "readout": "last_pad", "context": "longest"},
    "freeze": {"trainable": "last_block"},
    "train": {
        "epochs": 5,
        "batch": 8,
        "padding": "fixed",
        "lr": 5e-5,
        "weight_decay": 0.1,
        "drop_last": True,
        "eval_every": 50,
        "eval_batches": 5,
        "keep": "last",
        "seed": 123,
    },
}

RECIPES: dict[str, dict] = {"default": {}, "book": BOOK}
