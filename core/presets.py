"""Recipes by name. Plain data; no torch."""

from typing import Any, NamedTuple

from core.options import merge

# The protocol of chapter 6, kept as it is there: every row pandas' default quoting yields, duplicates and
# all, undersampled and split with one seed, padded to the longest training text, read at the last position.
BOOK: dict[str, Any] = {
    "data": {
        "quoting": "csv",
        "duplicates": "keep",
        "balance": "undersample",
        "balance_first": True,
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
        "weight_decay": 0.1,
        "decay": "all",
        "schedule": "constant",
        "warmup": 0.0,
        "drop_last": True,
        "eval_every": 50,
        "eval_batches": 5,
        "keep": "last",
        "seed": 123,
    },
}


class Named(NamedTuple):
    """A recipe by name: what it changes, what it asks, and the test accuracy that the book has for it (%)."""

    layer: dict
    title: str
    figure: float | None = None
    note: str = ""  # where it is not what the book's script does, or what the script does by accident


def _row(title: str, figure: float, note: str = "", **parts: Any) -> Named:
    """A row of the book's table of further experiments, whose script shuffles once more before it splits."""
    return Named(merge(BOOK, {"data": {"shuffles": 2}}, parts), title, figure, note)


def _lora(**changes: object) -> dict:
    """The book's adapters: as wide as in its table, and scaled by alpha alone."""
    return {"freeze": {"trainable": "lora"}, "lora": {"rank": 16, "alpha": 16.0, "scaling": "alpha"} | changes}


_ALONE: dict[str, Any] = {"model": {"readout": "last_real"}, "train": {"padding": "none", "batch": 1}}

# the book's table of further experiments, row by row
_ROWS = (
    _row("the chapter's own choices, to compare with", 95.00),
    _row("read out at the first token", 75.00, model={"readout": "first"}),
    _row("only the head learns", 72.00, freeze={"trainable": "head"}),
    _row("the last two blocks learn", 98.33, freeze={"trainable": "last_two_blocks"}),
    _row("everything learns", 96.67, freeze={"trainable": "all"}),
    _row("three times as many parameters", 84.67, model={"name": "gpt2-medium"}),
    _row("six times as many parameters", 96.67, model={"name": "gpt2-large"}),
    _row("twelve times as many parameters", 98.33, model={"name": "gpt2-xl"}),
    _row("twelve times as many, and everything learns", 98.67, model={"name": "gpt2-xl"}, freeze={"trainable": "all"}),
    _row("random weights, everything learns", 93.67, model={"weights": "random"}, freeze={"trainable": "all"}),
    _row("LoRA", 96.67, "The book adds adapters to the head too; here the head learns whole.", **_lora()),
    _row(
        "LoRA, twelve times as many parameters",
        98.33,
        "The book adds adapters to the head too; here the head learns whole.",
        model={"name": "gpt2-xl"},
        **_lora(alpha=8.0),
    ),
    _row("padded to the model's context", 78.33, model={"context": "model"}),
    _row("no padding, one text a step", 98.00, **_ALONE),
    _row(
        "no padding, eight texts a step",
        98.33,
        "The book divides an epoch's last texts by eight, though they are fewer; here each counts alike.",
        **merge(_ALONE, {"train": {"accumulate": 8}}),
    ),
    _row("read out at the last real token", 98.33, model={"readout": "last_real"}),
    _row("no causal mask", 95.33, "Pads are seen like text, as in the book.", model={"causal": False}),
    _row(
        "labels of a number that no class has are ignored",
        95.00,
        "The book's script never uses its --ignore_index, so this is row 1; used, it is the same: no label is 50256.",
        train={"ignore_index": 50256},
    ),
    _row("read out at the mean of all positions", 96.33, "Pads count, as in the book.", model={"readout": "mean_pads"}),
)

# what the book's runs on IMDb have in common: all reviews, one epoch, and few evaluations
_IMDB: dict[str, Any] = {
    "data": {"path": "imdb", "balance": "none", "shuffles": 2, "baseline": "counts"},
    "model": {"context": 256},
    "freeze": {"trainable": "all"},
    "train": {"epochs": 1, "eval_batches": 20},
}
_DROPOUT = "The book's script leaves out a tenth of the hidden values at random while it learns; here nothing is."


def _encoder(model: str, title: str, figure: float | None = None, note: str = "", **parts: Any) -> Named:
    """A run of the book's second script on IMDb, with a classifier as transformers has it and a lower rate."""
    # no pad is seen: padded to the longest of a batch, a text says what it says at full width
    kind = {"model": {"name": model, "readout": "first", "head": "own"}, "train": {"lr": 5e-6, "padding": "dynamic"}}
    return Named(merge(BOOK, _IMDB, kind, parts), title, figure, f"{note} {_DROPOUT}".lstrip())


_MUSHROOM = (
    *("cap-shape", "cap-surface", "cap-color", "bruises", "odor", "gill-attachment", "gill-spacing", "gill-size"),
    *("gill-color", "stalk-shape", "stalk-root", "stalk-surface-above-ring", "stalk-surface-below-ring"),
    *("stalk-color-above-ring", "stalk-color-below-ring", "veil-type", "veil-color", "ring-number", "ring-type"),
    *("spore-print-color", "population", "habitat"),
)
# two of Kaggle's tables that the book's readers try: several columns make one text
_MUSHROOMS: dict[str, Any] = {
    "data": {"text": ", ".join(f"{name.replace('-', ' ')} {{{name}}}" for name in _MUSHROOM), "label": "class"}
}
_ARENA: dict[str, Any] = {
    "data": {
        "text": "Question: {prompt:.300}\n\nFirst answer: {response_a:.500}\n\nSecond answer: {response_b:.500}",
        "label": "winner_model_a,winner_model_b,winner_tie",
        "swap": "response_a,response_b",
        "swap_labels": "winner_model_a,winner_model_b",
    }
}

NAMED_RECIPES: dict[str, Named] = {
    "default": Named({}, "what this workbench suggests"),
    "book": Named(BOOK, "chapter 6 of the book", 95.67),
    **{f"book/{i}": row for i, row in enumerate(_ROWS, 1)},
    "imdb/gpt2": Named(
        merge(BOOK, _IMDB),
        "the book's run on 50,000 IMDb reviews",
        91.88,
    ),
    "imdb/distilbert": _encoder("distilbert", "the same reviews, read by DistilBERT", 91.40),
    "imdb/bert": _encoder("bert", "the same reviews, read by BERT", 90.89),
    "imdb/roberta": _encoder("roberta", "the same reviews, read by RoBERTa", None, "The book runs the large one."),
    "imdb/roberta-large": _encoder(
        "roberta-large",
        "the same reviews, the last block of a large RoBERTa learning",
        92.95,
        "The book's table and its text disagree on whether this is RoBERTa's figure or DeBERTa's, the other being "
        "94.69; its text as it was before DeBERTa came has 92.95.",
        freeze={"trainable": "last_block"},
    ),
    "imdb/modernbert": _encoder("modernbert", "the same reviews, read by ModernBERT", 93.79),
    "imdb/modernbert-large": _encoder("modernbert-large", "the same reviews, read by the large ModernBERT", 95.07),
    "mushrooms": Named(
        _MUSHROOMS,
        "Kaggle's mushrooms.csv: what its 22 columns say, as one sentence",
        note="A decision tree is always right here, in a second: codes in columns are what trees are for.",
    ),
    "arena": Named(
        _ARENA,
        "Kaggle's train.csv of the chatbot arena: which of two answers people preferred, or neither",
        note="Question and answers get a share of the context each, and every training row is learned from in both "
        "orders of the answers.",
    ),
}

RECIPES: dict[str, dict] = {name: named.layer for name, named in NAMED_RECIPES.items()}


def is_of_the_book(name: str) -> bool:
    """Whether a recipe by this name follows the protocol of the book."""
    return RECIPES[name].get("train", {}).keys() >= BOOK["train"].keys()


def standing_for(model: str) -> dict[str, list[str]]:
    """The named recipes that differ for one model, each with those that differ from it only in the model."""
    found: dict[str, list[str]] = {}
    of_model = {name: merge(layer, {"model": {"name": model}}) for name, layer in RECIPES.items()}
    for name, layer in of_model.items():
        same = (other for other in found if of_model[other] == layer)
        found.setdefault(next(same, name), []).append(name)
    return found
