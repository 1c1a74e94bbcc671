"""A recipe: its parts together, what contradicts itself in them, and what a run makes of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from core.architectures.lookup import architecture_for, preset_for
from core.architectures.models import ADAPTED
from core.errors import BadModel, Problem
from core.freeze import FreezePlan
from core.machine import Speed
from core.options import AUTO, OneOf, Options, merge, opt
from core.presets import RECIPES
from core.readout import READOUTS, ClassifierKind, Readout
from core.recipe_parts import Data, Freeze, Lora, Model, Train


class Recipe(Options):
    """Everything that decides a run. Same recipe, same data, same machine: same result."""

    preset: Annotated[str, OneOf(tuple(RECIPES))] = opt(
        "default", "The named recipe that everything else changes.", flag="--preset"
    )
    data: Data = Data()
    model: Model = Model()
    freeze: Freeze = Freeze()
    lora: Lora = Lora()
    train: Train = Train()
    speed: Speed = Speed()

    def contradictions(self) -> Iterator[Problem]:
        data, model, train = self.data, self.model, self.train
        try:
            most = architecture_for(self).max_tokens
        except BadModel as error:  # nothing else can be said of it then
            yield Problem("model.name", error.what, error.do)
            return
        if data.train + data.validation >= 1:
            yield Problem(
                "data.validation", "leaves no row for the test set.", "train and validation together stay below 1."
            )
        if data.text == data.label != AUTO:
            yield Problem("data.label", f"is the text's own column, {data.text}.", "Name two different columns.")
        if isinstance(model.context, int) and not 1 <= model.context <= most:
            yield Problem("model.context", f"{model.name} reads 1 to {most} tokens, not {model.context}.")
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
                    f"train.{name}", f"cannot be {rate:g}.", "A learning rate lies between 0 and 1; 5e-5 is common."
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
            adapted = self.lora.adapted
        except ValueError as error:
            yield Problem("lora.layers", str(error), f"They are {', '.join(ADAPTED)}; or say all.")
        else:
            if not adapted:
                yield Problem("lora.layers", "is empty.", "all is every matrix of a block.")

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
    def kind(self) -> ClassifierKind:
        """What it builds on the backbone."""
        return ClassifierKind(self.readout, self.head, self.model.causal, self.model.outputs)

    @property
    def plan(self) -> FreezePlan:
        arch = architecture_for(self)
        if not arch.n_blocks:
            return FreezePlan.parse("head", 0)
        plan = FreezePlan.parse(self.freeze.trainable, arch.n_blocks)
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

    @property
    def batch(self) -> int:
        """How many texts make one batch, the model's own default where that is left open."""
        if isinstance(self.train.batch, int):
            return self.train.batch
        return 1 if self.train.padding == "none" else preset_for(self).batch


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
