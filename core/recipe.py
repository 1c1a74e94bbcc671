"""Every option, declared once: validation, TOML, command-line flags, form fields and help all come from here."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from core.errors import BadRecipe, Problem
from core.model.freeze import FreezePlan
from core.presets import MODELS, RECIPES

AUTO = "auto"


def opt(default: Any, help: str, *, flag: str | None = None, unit: str | None = None, first: bool = False, **limits):
    """Declare one option.

    `flag` is its short name on the command line beside the dotted one, `unit` what a number counts, `first`
    whether it stands in the short form of the recipe. `limits` are pydantic's (`ge`, `lt`, ...).
    """
    return Field(default, description=help, json_schema_extra={"flag": flag, "unit": unit, "first": first}, **limits)


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(Part):
    path: str = opt("", "The file of labelled texts: CSV, TSV, JSONL, or lines of label, tab, text.", flag="--data")
    text: str = opt(AUTO, "The column that holds the text: its name, or its number from 0.", flag="--text")
    label: str = opt(AUTO, "The column that holds the label: its name, or its number from 0.", flag="--label")
    quoting: Literal["auto", "csv", "none"] = opt(
        AUTO,
        "Whether double quotes in the file enclose fields (csv) or are part of the text (none). "
        "auto finds out and says so.",
    )
    duplicates: Literal["drop", "keep"] = opt(
        "drop",
        "drop removes exact copies of a text before the split, and texts that occur with different labels; "
        "keep leaves them in, and copies of training texts then stand in the test set.",
    )
    balance: Literal["none", "undersample"] = opt(
        "none", "undersample keeps as many rows of every label as the rarest one has.", flag="--balance", first=True
    )
    train: float = opt(0.7, "Share of the rows to learn from.", gt=0, lt=1)
    validation: float = opt(0.1, "Share of the rows to check on while learning; the rest is the test set.", gt=0, lt=1)
    stratify: bool = opt(True, "Keep each label's share equal in the three splits.")
    seed: int = opt(123, "Decides which rows are sampled and which split each falls into.", ge=0, lt=2**32)


class Model(Part):
    name: Literal[tuple(MODELS)] = opt("nano", "Which model to start from.", flag="--model")
    weights: str = opt(
        AUTO,
        "pretrained (from the Hugging Face hub or its cache), random, or a folder with config.json and "
        "model.safetensors. auto is pretrained where the model has published weights.",
        flag="--weights",
    )
    readout: Literal["last_real", "last_pad", "first", "mean"] = opt(
        "last_real",
        "Where the classifier looks: at the last real token, at the last position after padding (the book's), "
        "at the first token, or at the mean of the real tokens.",
        flag="--readout",
        first=True,
    )
    context: Literal["model", "longest"] | int = opt(
        "model",
        "Longer texts are cut to this many tokens: as many as the model can read, as the longest training text "
        "has, or a number.",
        flag="--context",
        unit="tokens",
        first=True,
    )


class Freeze(Part):
    trainable: str = opt(
        "last_block",
        "What learns: head, last_block (with final norm and head), last_two_blocks, all, or a list such as "
        "blocks.3,blocks.5,norm,head.",
        flag="--trainable",
    )


class Train(Part):
    epochs: int = opt(5, "How often every training text is seen.", flag="--epochs", first=True, ge=1)
    batch: Literal["auto"] | int = opt(
        AUTO, "How many texts make one step. auto is the model's own default.", flag="--batch", unit="texts", first=True
    )
    lr: Literal["auto"] | float = opt(
        AUTO, "Learning rate of AdamW. auto is the model's own default.", flag="--lr", first=True
    )
    weight_decay: float = opt(0.1, "How strongly AdamW pulls every learning weight towards zero.", ge=0, lt=1)
    padding: Literal["bucketed", "dynamic", "fixed"] = opt(
        "bucketed",
        "bucketed makes batches of texts of similar length, dynamic pads each random batch to its longest text, "
        "fixed pads every text to the context.",
        first=True,
    )
    drop_last: bool = opt(False, "Leave out an epoch's last batch where it is smaller than the others.")
    eval_every: int = opt(50, "Look at loss and accuracy every so many steps.", unit="steps", ge=1)
    eval_batches: int = opt(5, "How many batches of each split such a look takes.", unit="batches", ge=1)
    keep: Literal["best", "last"] = opt(
        "best",
        "Which weights are tested and used: those with the lowest validation loss at the end of an epoch, or the last.",
    )
    checkpoint_seconds: float = opt(
        60, "Save a checkpoint at least this often; also at the end of every epoch.", unit="s", gt=0, lt=1e6
    )
    seed: int = opt(123, "Decides random weights, the new head and the order of batches.", flag="--seed", first=True, ge=0, lt=2**32)


class Speed(Part):
    device: Literal["auto", "cpu", "cuda", "mps"] = opt(AUTO, "Where to compute.", flag="--device")
    threads: Literal["auto"] | int = opt(AUTO, "CPU threads for the engine.", flag="--threads", unit="threads")
    precision: Literal["auto", "fp32", "bf16"] = opt(
        AUTO,
        "In which numbers training multiplies its matrices; weights, and everything reported as final, stay fp32. "
        "auto is bf16 where this machine turns out to be fast at it.",
        flag="--precision",
    )
    cache: Literal["keep", "run", "off"] = opt(
        "keep",
        "What the frozen layers below the lowest learning one make of each text never changes: keep computes it once "
        "and leaves it on disk for the next run, run computes it once for this run, off computes it at every step.",
        flag="--cache",
    )
    cache_memory: Literal["auto"] | float = opt(
        AUTO,
        "The cache is held in memory, in fp32, up to this size; a larger one is a bf16 file. "
        "auto is a quarter of the free memory.",
        unit="GB",
    )
    cache_disk: float = opt(
        10, "Caches that are kept may take this much disk together; those not used for longest go first.", unit="GB", ge=0
    )
    rows: Literal["needed", "all"] = opt(
        "needed",
        "In the last block, compute only the position that is read out (needed), or every one; the result is the same.",
    )
    compile: bool = opt(
        False, "Compile the learning blocks; needs a C++ compiler, and pays off in long runs of many learning layers."
    )


class Recipe(BaseModel):
    """Everything that decides a run. Same recipe, same data, same machine: same result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: Literal[tuple(RECIPES)] = opt("default", "The named recipe that everything else changes.", flag="--preset")
    data: Data = Data()
    model: Model = Model()
    freeze: Freeze = Freeze()
    train: Train = Train()
    speed: Speed = Speed()

    @property
    def plan(self) -> FreezePlan:
        return FreezePlan.parse(self.freeze.trainable, MODELS[self.model.name].shape.n_blocks)

    @property
    def batch(self) -> int:
        """How many texts make one step, the model's own default where that is left open."""
        return MODELS[self.model.name].batch if self.train.batch == AUTO else self.train.batch


class Option(NamedTuple):
    """One field of the recipe, as flags, forms and help see it."""

    name: str  # dotted: train.lr
    info: FieldInfo

    @property
    def help(self) -> str:
        return self.info.description or ""

    @property
    def flags(self) -> list[str]:
        short = self.info.json_schema_extra["flag"]
        return [f"--{self.name}"] + ([short] if short and short != f"--{self.name}" else [])

    @property
    def unit(self) -> str | None:
        return self.info.json_schema_extra["unit"]

    @property
    def first(self) -> bool:
        return self.info.json_schema_extra["first"]

    @property
    def choices(self) -> list[str] | None:
        """The words this option may be, or None where it takes free text or a number."""
        if self.info.annotation is bool:
            return ["true", "false"]
        return list(get_args(self.info.annotation)) if get_origin(self.info.annotation) is Literal else None

    @property
    def default(self) -> Any:
        return self.info.default

    def of(self, recipe: Recipe) -> Any:
        value = recipe
        for name in self.name.split("."):
            value = getattr(value, name)
        return value


def options() -> Iterator[Option]:
    """Every option of the recipe, in the order of declaration."""
    for name, info in Recipe.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Part):
            for inner, inner_info in info.annotation.model_fields.items():
                yield Option(f"{name}.{inner}", inner_info)
        else:
            yield Option(name, info)


def layer(name: str, value: Any) -> dict:
    """A dotted name and its value as a layer for `load`: ("train.lr", 1) -> {"train": {"lr": 1}}."""
    for key in reversed(name.split(".")):
        value = {key: value}
    return value


def merge(*layers: Mapping) -> dict:
    """Nested mappings into one; later ones win. Later parts that are not tables replace what was there."""
    merged: dict = {}
    for one in layers:
        for key, value in one.items():
            both = isinstance(value, Mapping) and isinstance(merged.get(key, {}), Mapping)
            merged[key] = merge(merged.get(key, {}), value) if both else value
    return merged


def load(*layers: Mapping) -> Recipe:
    """The recipe that these layers give, over the preset that they name; later ones win.

    Raises BadRecipe with every problem found.
    """
    raw = _over_preset(layers)
    problems = check(raw)
    if problems:
        raise BadRecipe(problems)
    return Recipe.model_validate(raw)


def _over_preset(layers) -> dict:
    merged = merge(*layers)
    preset = merged.get("preset", "default")
    return merge(RECIPES[preset] if isinstance(preset, str) and preset in RECIPES else {}, merged)


def check(raw: Mapping) -> list[Problem]:
    """Everything wrong with a recipe in one list: unknown keys, wrong values, and values that do not go together."""
    try:
        return [*_contradictions(Recipe.model_validate(raw))]
    except ValidationError as error:
        found = _by_field(error)
    try:
        # what is wrong by itself aside, the rest may still contradict itself
        return found + [*_contradictions(Recipe.model_validate(_without(raw, [p.field for p in found])))]
    except ValidationError:
        return found


def _without(raw: Mapping, fields: list[str]) -> dict:
    """A raw recipe less some dotted fields."""
    kept = merge(raw)
    for field in fields:
        part, _, name = field.partition(".")
        if name and isinstance(kept.get(part), dict):
            kept[part].pop(name, None)
        else:
            kept.pop(part, None)
    return kept


def _by_field(error: ValidationError) -> list[Problem]:
    known = {option.name: option for option in options()}
    found: dict[str, Problem] = {}
    for item in error.errors(include_url=False):
        path = [str(part) for part in item["loc"]]
        # pydantic reports each member of a union on its own, below the field; the field is what the person knows
        name = next((".".join(path[:n]) for n in (2, 1) if ".".join(path[:n]) in known), ".".join(path))
        if item["type"] == "extra_forbidden":
            found[name] = Problem(name, "is not an option.", _nearest(name, known))
        elif name in known:
            found[name] = Problem(name, f"cannot be {item['input']!r}.", _allowed(known[name], item))
        else:
            found[name] = Problem(name, "must be a table of options.")
    return list(found.values())


def _nearest(name: str, known: Mapping[str, Option]) -> str:
    from difflib import get_close_matches

    names = {key.rsplit(".", 1)[-1]: key for key in known} | {key: key for key in known}
    close = get_close_matches(name, known, 1, 0.8) or get_close_matches(name.rsplit(".", 1)[-1], names, 1, 0.7)
    return f"Did you mean {names[close[0]]}?" if close else "See workbench train --help."


def _allowed(option: Option, item: Mapping) -> str:
    if option.choices:
        return f"It is one of: {', '.join(option.choices)}."
    union = [get_args(arm) for arm in get_args(option.info.annotation) if get_origin(arm) is Literal]
    words = f"{', '.join(union[0])}, or a number" if union else ""
    plain = {"int_parsing": "It is a whole number.", "int_from_float": "It is a whole number.", "float_parsing": "It is a number."}
    return f"It is {words}." if words else plain.get(item["type"], f"{item['msg'].replace('Input', 'It')}.")


def _contradictions(recipe: Recipe) -> Iterator[Problem]:
    data, model, train = recipe.data, recipe.model, recipe.train
    shape = MODELS[model.name].shape
    if data.train + data.validation >= 1:
        yield Problem("data.validation", "leaves no row for the test set.", "train and validation together stay below 1.")
    if data.text == data.label != AUTO:
        yield Problem("data.label", f"is the text's own column, {data.text}.", "Name two different columns.")
    if model.weights == "pretrained" and MODELS[model.name].source is None:
        yield Problem("model.weights", f"{model.name} has no pretrained weights.", "Use random, or choose gpt2.")
    if isinstance(model.context, int) and not 1 <= model.context <= shape.context:
        yield Problem("model.context", f"{model.name} reads 1 to {shape.context} tokens, not {model.context}.")
    if model.readout == "last_pad" and train.padding != "fixed":
        yield Problem(
            "train.padding",
            "must be fixed with the readout last_pad, whose answer depends on the padding.",
            "Or read out at last_real.",
        )
    if isinstance(train.lr, float) and not 0 < train.lr < 1:
        yield Problem("train.lr", f"cannot be {train.lr:g}.", "A learning rate lies between 0 and 1; 5e-5 is common.")
    if isinstance(train.batch, int) and train.batch < 1:
        yield Problem("train.batch", "must be 1 or more.")
    if isinstance(recipe.speed.threads, int) and recipe.speed.threads < 1:
        yield Problem("speed.threads", "must be 1 or more.")
    if isinstance(recipe.speed.cache_memory, float) and not 0 <= recipe.speed.cache_memory < 1e6:
        yield Problem("speed.cache_memory", f"cannot be {recipe.speed.cache_memory:g}.", "It is a number of GB.")
    try:
        plan = recipe.plan
    except ValueError as error:
        yield Problem("freeze.trainable", str(error))
    else:
        if not plan.parts:
            yield Problem("freeze.trainable", "nothing learns.", "head is the least.")
