"""The draft of the next run: the recipe being edited, and what is known about its data, its model and this machine."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from textual.app import App
from textual.signal import Signal

from core.architectures.file_names import CONFIG
from core.architectures.lookup import folder_of, preset_for, preset_of
from core.architectures.models import MODELS
from core.architectures.preset import ModelPreset
from core.datasets import NAMED, dataset_named, fetched
from core.errors import BadData, BadRecipe, Problem, WorkbenchError
from core.freeze import FreezePlan
from core.options import AUTO, layer
from core.presets import RECIPES
from core.recipe import Recipe, load
from core.recipe_data import READING, Data
from core.recipe_parts import MOST_FOLLOWED
from core.rows import Glimpse, Profile
from core.runs import queue
from core.runs.folder import RunFolder
from workbench.session.complain import complain
from workbench.session.helper import Helper, Progress, Superseded

if TYPE_CHECKING:
    from core.estimate.speeds import Speeds

# what is said of one file, and of no other
OF_A_FILE = (*READING, "swap_labels", "validation_path", "test_path", "edits")
# what a preset leaves as it is
KEPT_BY_PRESETS = (
    *("data.path", *(f"data.{name}" for name in OF_A_FILE)),
    *("train.follow", "speed.device", "speed.threads"),
)
OF_ANOTHER_FILE = {f"data.{name}": getattr(Data(), name) for name in OF_A_FILE}


class Draft:
    """Widgets subscribe to its signals in `on_mount` and are called with the draft."""

    def __init__(
        self, app: App, recipe: Recipe, root: Path, data_helper: Helper, glimpse_helper: Helper, model_helper: Helper
    ):
        self._app, self._root = app, root
        self._data_helper, self._glimpse_helper, self._model_helper = data_helper, glimpse_helper, model_helper
        self.recipe = recipe
        self.refused: list[Problem] = []  # what is wrong with values that were asked for and the recipe does not take
        self.profile: Profile | None = None
        self.glimpse: Glimpse | None = None  # what the file is taken for, while it is being read
        self.profiling: Progress | None = None  # while the file is being read
        self.problem: WorkbenchError | None = None  # why the latest profile failed
        self._profiled: Recipe | None = None  # what the latest profile was asked for
        self.models: dict[str, str] = {}  # name -> where its weights are, or why no run can start from it
        self.others: dict[str, ModelPreset] = {}  # folders and addresses that were chosen, by name
        self._keep_model()
        self.speeds: Speeds | None = None  # of this machine with the recipe's model, where they were measured
        self.measuring: Progress | None = None  # while speeds are measured
        self._recalls = False  # whether a screen wants the speeds of every model that is chosen
        self.recipe_changed: Signal[Draft] = Signal(app, "recipe changed")
        # published for a profile's progress and problem too, and when it is known where weights are
        self.profile_changed: Signal[Draft] = Signal(app, "profile changed")
        self.speeds_changed: Signal[Draft] = Signal(app, "speeds changed")

    def change(self, name: str, value: Any) -> None:
        """Change one option by its dotted name. Raises BadRecipe, and then nothing has changed."""
        self.change_all({name: value})

    def changed(self, values: Mapping[str, Any]) -> Recipe:
        """The recipe with several options changed. Raises BadRecipe where there is none such."""
        kept = self.recipe.model_dump()
        if "preset" in values:
            kept = {}
            own = RECIPES.get(values["preset"], {})
            for name in KEPT_BY_PRESETS:
                part, option = name.split(".")
                if name != "data.path" and option in own.get(part, {}):
                    continue  # it says how its table is read, such as what the text is made of
                kept.setdefault(part, {})[option] = getattr(getattr(self.recipe, part), option)
        return load(kept, *(layer(name, value) for name, value in values.items()))

    def change_all(self, values: Mapping[str, Any]) -> None:
        """Change several options at once. Raises BadRecipe, and then nothing has changed."""
        before, self.recipe = self.recipe, self.changed(values)
        if self.recipe == before:
            return
        if self.recipe.model.name not in (*MODELS, *self.others):
            self._keep_model()
            self.find_models()
        if _speed_inputs(before) != _speed_inputs(self.recipe):
            self.speeds = self.measuring = None
            if self._recalls:
                self.recall()
        self.recipe_changed.publish(self)
        if _profile_inputs(before) != _profile_inputs(self.recipe):
            if before.data.path != self.recipe.data.path:
                self.profile = None
            self.read_profile()

    @property
    def lacks_tokenizer(self) -> bool:
        """Whether the file could not be profiled because the model's own tokenizer is not here, and can be fetched."""
        missing = self.models.get(self.recipe.model.name) == "download"
        return bool(self.problem) and missing and not preset_for(self.recipe).tokenizer

    def _keep_model(self) -> None:
        """Keep a model that has no name here among those that can be chosen again, also where its folder vanishes."""
        if self.recipe.model.name not in MODELS:
            self.others[self.recipe.model.name] = preset_for(self.recipe)

    def start_from(self, model: str) -> None:
        """Start from another model, with as much of the freeze plan as it has a place for. Raises WorkbenchError."""
        trainable = self.recipe.freeze.trainable
        # blocks are counted from the top: the last stays the last
        plan = FreezePlan.parse(self.recipe.trainable, self.recipe.plan.n_blocks)
        offset = (self.others.get(model) or preset_of(model)).architecture.n_blocks - plan.n_blocks
        trainable = AUTO if trainable == AUTO else str(plan)
        if "." in trainable:
            places = [part.split(".") for part in trainable.split(",")]
            moved = [(kind, int(index[0]) + offset) if index else (kind, 0) for kind, *index in places]
            trainable = ",".join(f"{kind}.{i}" if kind in ("blocks", "lora") else kind for kind, i in moved if i >= 0)
        try:
            self.change_all({"model.name": model, "freeze.trainable": trainable})
        except BadRecipe:
            if not (folder_of(model) / CONFIG).is_file():  # gone: there is nothing to choose any more
                self.others.pop(model, None)
            raise

    def keep_sentence(self, text: str) -> None:
        """Have the next run follow this sentence; where that makes too many, the oldest is let go."""
        others = [other for other in self.recipe.train.follow if other != text]
        self.change("train.follow", [*others, text][-MOST_FOLLOWED:])

    def continue_with_data_of(self, run: RunFolder) -> None:
        """Where nobody has named data, go on with that of a run. Raises BadRun."""
        if "path" not in self.recipe.data.model_fields_set:
            self.recipe = load(self.recipe.model_dump(), {"data": run.recipe_as_known()[0].data.model_dump()})
            self.recipe_changed.publish(self)

    def read_profile(self) -> None:
        """Profile the recipe's file in the background; `profile_changed` tells of everything that comes of it."""
        self._profiled = self.recipe
        self.glimpse = None
        self._app.run_worker(self._read_profile(self.recipe), group="profile")
        self._app.run_worker(self._read_glimpse(self.recipe), group="glimpse")

    async def _read_glimpse(self, recipe: Recipe) -> None:
        try:
            found = await self.look_at(recipe.data)
        except WorkbenchError:  # the profile says what is wrong with a file
            return
        if recipe is self._profiled and self.profiling:
            self.glimpse = found
            self.profile_changed.publish(self)

    async def look_at(self, data: Data) -> Glimpse | None:
        """What a file is taken for, from its beginning.

        None where a newer question has come, or where the data has to be fetched first. Raises WorkbenchError where it
        cannot be read.
        """
        if data.path in NAMED and dataset_named(data.path) and not fetched(data.path):
            return None
        try:
            answer = await self._glimpse_helper.ask("glimpse", data=data.model_dump())
        except Superseded:
            return None
        return msgspec.convert(answer, Glimpse)

    async def _read_profile(self, recipe: Recipe) -> None:
        self.problem = self.profiling = None

        def progressed(progress: Progress) -> None:
            if recipe is self._profiled:
                self.profiling = progress
                self.profile_changed.publish(self)

        progressed(Progress("read", 0, 0))
        profile: Profile | None = None
        problem: WorkbenchError | None = None
        try:
            answer = await self._data_helper.ask(
                "profile", progressed, recipe=recipe.model_dump(), root=str(self._root)
            )
        except Superseded:
            return
        except WorkbenchError as error:
            problem = error
        else:
            profile = msgspec.convert(answer, Profile, strict=False)
        if recipe is not self._profiled:
            return
        self.profile, self.problem, self.profiling = profile, problem, None
        self.profile_changed.publish(self)

    async def demand_folds(self, folds: int) -> None:
        """Raises WorkbenchError where the rows of the recipe's file cannot be cut into so many parts."""
        if self.profile is None:
            raise BadData("How many rows there are is known once the file has been read.", "1 leads to Data.")
        await self._data_helper.ask("demand_folds", folds=folds)

    def find_models(self) -> None:
        """Ask in the background where each model's weights are."""
        self._app.run_worker(self._find_models(), group="models")

    async def _find_models(self) -> None:
        try:
            self.models = await self._data_helper.ask("models", others=[*self.others])
        except Superseded:
            return
        except WorkbenchError as error:
            complain(self._app, error)
        self.profile_changed.publish(self)

    def recall(self) -> None:
        """Find in the background what was measured here before, now and for every other model that is chosen."""
        self._recalls = True
        self._app.run_worker(self._recall(self.recipe), group="speeds")

    async def _recall(self, recipe: Recipe) -> None:
        from core.estimate.speeds import recall

        self._set_speeds(recipe, await asyncio.to_thread(recall, recipe))

    async def measure(self) -> None:
        """Measure how fast this machine is with the recipe's model; `speeds_changed` tells of it on the way."""
        live = await asyncio.to_thread(queue.alive, self._root)
        if live:
            what = f"{live.name} is running, and nothing beside it is fast."
            complain(self._app, WorkbenchError(what, "Measure when it is done."))
            return
        from core.estimate.speeds import busy

        if found := busy():
            words = "What is measured now holds for a machine as busy as this. P measures again."
            self._app.notify(words, title=f"▲ This machine is busy: {found}", severity="warning")
        self._app.run_worker(self._measure(self.recipe), group="measure")

    async def _measure(self, recipe: Recipe) -> None:
        from core.estimate.speeds import Speeds

        def progressed(progress: Progress) -> None:
            if _speed_inputs(recipe) == _speed_inputs(self.recipe):
                self.measuring = progress
                self.speeds_changed.publish(self)

        progressed(Progress("measure", 0, 0))
        try:
            answer = await self._model_helper.ask("measure", progressed, recipe=recipe.model_dump())
        except Superseded:
            return
        except WorkbenchError as error:
            complain(self._app, error)
            self._set_speeds(recipe, self.speeds)
        else:
            self._set_speeds(recipe, msgspec.convert(answer, Speeds))

    def _set_speeds(self, recipe: Recipe, speeds: "Speeds | None") -> None:
        if _speed_inputs(recipe) == _speed_inputs(self.recipe):
            self.speeds, self.measuring = speeds, None
            self.speeds_changed.publish(self)


def _profile_inputs(recipe: Recipe) -> tuple:
    return recipe.data, recipe.model.name, recipe.model.weights, recipe.model.context


def _speed_inputs(recipe: Recipe) -> tuple:
    return recipe.model.name, recipe.speed.device, recipe.speed.threads, recipe.speed.precision
