"""A recipe: its parts together, what contradicts itself in them, and what a run makes of them."""

import codecs
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from core.architectures.lookup import architecture_for, preset_for
from core.errors import BadModel, Problem
from core.freeze import FreezePlan
from core.machine import Speed
from core.options import AUTO, MOST_EPOCHS, OneOf, Options, merge, opt
from core.presets import RECIPES, is_of_the_book
from core.readout import READOUTS, ClassifierKind, Readout
from core.recipe_data import Data
from core.recipe_parts import Freeze, Lora, Model, Train
from core.template import Template, columns_in

DECISIVE = ("model", "lora")  # the parts of a recipe that decide how its run answers
ASKED = 1000  # texts: by so many, the accuracy on training is known to about 3 %
FEWEST_ASKED = 300  # texts: about 5 %
MOST_REPEATED = 50  # epochs: a model's own default goes no higher for few texts


class Recipe(Options):
    """Everything that decides a run. Same recipe, same data, same machine: same result."""

    preset: Annotated[str, OneOf(tuple(RECIPES))] = opt(
        "default", "The preset; your other choices override it.", flag="--preset"
    )
    data: Data = Data()
    model: Model = Model()
    freeze: Freeze = Freeze()
    lora: Lora = Lora()
    train: Train = Train()
    speed: Speed = Speed()

    def contradictions(self) -> Iterator[Problem]:
        data, model, train = self.data, self.model, self.train
        if isinstance(train.epochs, int) and not 1 <= train.epochs <= MOST_EPOCHS:
            yield Problem("train.epochs", f"cannot be {train.epochs}.", f"They lie between 1 and {MOST_EPOCHS:,}.")
        if isinstance(train.warmup, float) and not 0 <= train.warmup < 1:
            yield Problem("train.warmup", f"cannot be {train.warmup:g}.", "It is a share of the steps, below 1.")
        if data.encoding != AUTO and not _spells_text(data.encoding):
            do = "It is auto, or a name that Python's codecs know, such as utf-8, cp1252, koi8-r or shift_jis."
            yield Problem("data.encoding", f"cannot be {data.encoding!r}.", do)
        try:
            arch = architecture_for(self)
        except BadModel as error:  # nothing else can be said of it then
            yield Problem("model.name", error.what, error.do)
            return
        yield from _shares(data)
        yield from _swaps(data)
        if (template := Template.parse(data.text)) and (what := template.bad_pair):
            yield Problem("data.text", what, "'{question} [SEP] {answer}' makes one.")
        if data.text == data.label != AUTO:
            yield Problem("data.label", f"is the text's own column, {data.text}.", "Name two different columns.")
        if data.split not in (AUTO, "none") and (data.validation_path or data.test_path):
            yield Problem(
                "data.split", "cannot be kept to beside files for validation or test.", "Name the one or the others."
            )
        if isinstance(model.context, int) and not 1 <= model.context <= arch.max_tokens:
            yield Problem("model.context", f"{model.name} reads 1 to {arch.max_tokens} tokens, not {model.context}.")
        if self.readout.reads_pads and train.padding != "fixed":
            yield Problem(
                "train.padding",
                f"must be fixed with the readout {model.readout}, whose answer depends on the padding.",
                f"Or read out at {self.readout.without_pads}.",
            )
        if train.padding == "none" and train.batch not in (AUTO, 1):
            yield Problem(
                "train.batch",
                f"cannot be {train.batch} without padding: texts differ in length.",
                "Make it 1, with --accumulate for as many texts a step.",
            )
        for name, rate in (("lr", train.lr), ("head_lr", train.head_lr)):
            if not isinstance(rate, str) and not 0 < rate < 1:
                yield Problem(
                    f"train.{name}", f"cannot be {rate:g}.", "A learning rate is above 0 and below 1; 5e-5 is common."
                )
        if isinstance(train.batch, int) and train.batch < 1:
            yield Problem("train.batch", "must be 1 or more.")
        if isinstance(self.speed.threads, int) and self.speed.threads < 1:
            yield Problem("speed.threads", "must be 1 or more.")
        if isinstance(self.speed.cache_memory, float) and not 0 <= self.speed.cache_memory < 1e6:
            yield Problem("speed.cache_memory", f"cannot be {self.speed.cache_memory:g}.", "It is a number of GB.")
        try:
            plan = self.plan
        except ValueError as error:
            yield Problem("freeze.trainable", str(error))
        else:
            if not plan.parts:
                yield Problem("freeze.trainable", "nothing learns.", "head is the least.")
        try:
            adapted = self.lora.adapted(arch.matrices)
        except ValueError as error:
            yield Problem("lora.layers", str(error), f"They are {', '.join(arch.matrices)}; or say all.")
        else:
            if not adapted:
                yield Problem("lora.layers", "is empty.", "all is every matrix of a block.")

    def defaults(self, rows: int | None = None) -> dict[str, Any]:
        """What the model makes of options that are left open, by their dotted names, beside the other options as set.

        `rows` is how many texts there are to learn from; where that is not known, as if there were many.
        """
        preset = preset_for(self)
        alone = preset.head_alone if self.plan.parts == {"head"} and not self.freeze.thaw_every else None
        epochs = alone.epochs if alone else preset.epochs
        if rows:
            epochs = max(epochs, min(MOST_REPEATED, -(-preset.least_steps // self._steps(rows))))
        return {
            "model.readout": preset.readout,
            "model.head": preset.head,
            "model.context": preset.architecture.max_tokens,
            "freeze.trainable": preset.trainable,
            "train.epochs": epochs,
            "train.batch": 1 if self.train.padding == "none" else preset.batch,
            "train.lr": preset.lr,
            "train.head_lr": alone.lr if alone else preset.head_lr,
            "train.schedule": preset.schedule,
            "train.warmup": preset.warmup,
            "train.keep": preset.keep,
        }

    def _steps(self, rows: int) -> int:
        """How many steps it takes to see so many texts once, 1 at least."""
        texts = self.batch * self.train.accumulate
        whole = self.train.drop_last and self.train.padding != "none"
        return max(1, rows // texts if whole else -(-rows // texts))

    @property
    def readout(self) -> Readout:
        """Where the classifier looks, by the model's own default where that is left open."""
        named = self.model.readout
        return READOUTS[preset_for(self).readout if named == AUTO else named]

    @property
    def head(self) -> str:
        """What leads from there to the classes, likewise: linear, mlp or own."""
        return preset_for(self).head if self.model.head == AUTO else self.model.head

    @property
    def trainable(self) -> str:
        """What learns, as `freeze.trainable` names it, likewise; in a model that counts, always the head."""
        preset = preset_for(self)
        return preset.trainable if preset.counts or self.freeze.trainable == AUTO else self.freeze.trainable

    def epochs(self, rows: int | None = None) -> int:
        """How often every one of `rows` training texts is seen, likewise; where their number is not known, of many."""
        epochs = self.train.epochs
        return epochs if isinstance(epochs, int) else self.defaults(rows)["train.epochs"]

    @property
    def rates(self) -> tuple[float, float]:
        """The full learning rates, of the head last, likewise."""
        lr, head, usual = self.train.lr, self.train.head_lr, self.defaults()
        both = (usual["train.lr"], usual["train.head_lr"]) if isinstance(lr, str) else (lr, lr)
        return both if isinstance(head, str) else (both[0], head)

    @property
    def schedule(self) -> str:
        """How the learning rate falls over the run, likewise: constant, linear or cosine."""
        return preset_for(self).schedule if self.train.schedule == AUTO else self.train.schedule

    @property
    def warmup(self) -> float:
        """The share of the steps over which it rises first, likewise."""
        return preset_for(self).warmup if isinstance(self.train.warmup, str) else self.train.warmup

    @property
    def keep(self) -> str:
        """Which weights are tested and used, likewise: best or last."""
        return preset_for(self).keep if self.train.keep == AUTO else self.train.keep

    @property
    def kind(self) -> ClassifierKind:
        """What it builds on the backbone."""
        return ClassifierKind(self.readout, self.head, self.model.causal, self.model.outputs)

    @property
    def plan(self) -> FreezePlan:
        arch = architecture_for(self)
        if not arch.n_blocks:
            return FreezePlan.parse("head", 0)
        plan = FreezePlan.parse(self.trainable, arch.n_blocks)
        return plan if arch.final_norm else plan.without_norm()

    def plan_after(self, step: int) -> FreezePlan:
        """What learns after so many steps, unless the run is told otherwise."""
        every = self.freeze.thaw_every
        return self.plan.thawed(max(0, step) // every) if every else self.plan

    def with_plan(self, plan: FreezePlan, thaw_every: int = 0) -> "Recipe":
        """This recipe with another freeze plan, and another schedule of unfreezing."""
        changed = {"trainable": str(plan), "thaw_every": thaw_every}
        return self.model_copy(update={"freeze": self.freeze.model_copy(update=changed)})

    def encodes(self, rows: int) -> bool:
        """Whether what is frozen below is computed once for all of `rows` texts to learn from, and kept."""
        return self.speed.cache != "off" and self.earns_cache(rows)

    def earns_cache(self, rows: int) -> bool:
        """Whether that would be earned back: not where a schedule thaws the next block before each has been read."""
        read = self.freeze.thaw_every * self.batch * self.train.accumulate
        return bool(self.plan.depth) and (not read or read >= rows or self.plan.thawed(1) == self.plan)

    def asked_at_the_end(self, rows: int, cached: bool) -> int:
        """Of how many of `rows` training texts the final accuracy on training is taken.

        Where nothing is cached, each of them passes through all layers, which takes a third of what it takes to learn
        from it once. They may take a tenth of the time that learning takes; 300 are asked where that would be fewer.
        """
        if cached or is_of_the_book(self.preset):
            return rows
        return min(rows, ASKED, max(FEWEST_ASKED, rows * self.epochs(rows) * 3 // 10))

    @property
    def batch(self) -> int:
        """How many texts make one batch, the model's own default where that is left open."""
        if isinstance(self.train.batch, int):
            return self.train.batch
        return 1 if self.train.padding == "none" else preset_for(self).batch


def _shares(data: Data) -> Iterator[Problem]:
    """What is wrong with how the rows are to be split."""
    says = {"split": data.split not in (AUTO, "none"), "validation_path": data.validation_path}
    given = [f"data.{name}" for name, said in (says | {"test_path": data.test_path}).items() if said]
    for name, column in (("group", data.group), ("time", data.time)):
        if column and given:
            what = "cannot be kept to where the data says itself what is for testing."
            yield Problem(f"data.{name}", what, f"Leave it out, or {' and '.join(given)}.")
    if data.balance_first and data.balance == "oversample":
        what = "would put copies of a row into training and test, with oversample."
        yield Problem("data.balance_first", what, "Balance after the split, or undersample.")
    if data.time and (data.group or data.fold != "none"):
        yield Problem("data.time", "goes neither with data.group nor with data.fold.", "Leave out one of the two.")
    if data.train + data.validation >= 1:
        what = "leaves no row for the test set."
        yield Problem("data.validation", what, "train and validation together stay below 1.")
    try:
        fold = data.fold_of
    except ValueError as error:
        yield Problem("data.fold", str(error), "1/5 is the first of five parts; none makes no parts.")
        return
    if fold and (data.test_path or data.split not in (AUTO, "none")):
        yield Problem("data.fold", "cannot be had where the test rows are given.", "Leave out one of the two.")
    if fold and data.validation_path:
        what = "cannot be had beside a file for validation, which every part would share."
        yield Problem("data.fold", what, "Leave out one of the two.")
    if fold and data.validation >= 1 - 1 / fold[1]:
        what = f"leaves no row to learn from beside a test set of one in {fold[1]}."
        yield Problem("data.validation", what, "Make it smaller, or the parts more.")


def _swaps(data: Data) -> Iterator[Problem]:
    """What is wrong with the columns that may stand in either order."""
    for name, example in (("swap", "answer_a,answer_b names two columns"), ("swap_labels", "a,b names two labels")):
        try:
            found = data.swapped if name == "swap" else data.swapped_labels
        except ValueError as error:
            yield Problem(f"data.{name}", str(error), f"{example}.")
            return
        named = [column.strip() for column in columns_in(data.text)]
        if name == "swap" and found and not set(found) <= set(named):
            lacks = next(column for column in found if column not in named)
            what = f"names {lacks}, which is no column of the text."
            do = "Make the text of both, as '{answer_a} or {answer_b}', or exchange none: --swap ''."
            yield Problem("data.swap", what, do)


def _spells_text(codec: str) -> bool:
    """Whether a codec of that name is known here, and makes text of the bytes of any file."""
    try:
        return isinstance(b"a".decode(codec, "replace"), str) and codecs.lookup(codec).name not in ("idna", "punycode")
    except (LookupError, UnicodeError, ValueError):
        return False


def model_named(*layers: Mapping) -> str:
    """The model that these layers give, before anything else is known of it."""
    model = _over_preset(*layers).get("model")
    name = model.get("name") if isinstance(model, Mapping) else None
    return name if isinstance(name, str) else Model().name


def _over_preset(*layers: Mapping) -> dict:
    merged = merge(*layers)
    preset = merged.get("preset", "default")
    return merge(RECIPES[preset] if isinstance(preset, str) and preset in RECIPES else {}, merged)


def load(*layers: Mapping, home: Path | None = None) -> Recipe:
    """The recipe that these layers give, over the preset that they name; later ones win.

    `home` is the folder of the run that keeps it. Raises BadRecipe with every problem found.
    """
    return Recipe.of(_over_preset(*layers), home)


def load_known(raw: Mapping, home: Path | None = None) -> tuple[Recipe, list[Problem]]:
    """The recipe of a run that a later version may have made, as far as this version knows it, and what it does not
    know. Raises BadRecipe where the rest cannot be read, or does not say how the run answers.
    """
    return Recipe.as_known(_over_preset(raw), home, DECISIVE)
