"""What is on the desk: the recipe, what its data looks like, the run that is being followed. All screens share it."""

import asyncio
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from textual.signal import Signal

from core.errors import BadRecipe, BadRun, Problem, SmallerBatch, WorkbenchError
from core.freeze import FreezePlan
from core.options import layer
from core.recipe import MOST_FOLLOWED, Recipe, load
from core.rows import Profile
from core.runs import launch, queue, turns
from core.runs.control import Control, Stop
from core.runs.describe import describe
from core.runs.events import Applied, Event, Started
from core.runs.folder import RunFolder, Status
from core.runs.history import History
from core.runs.root import create_run
from workbench.session.helper import Helper, Progress, Superseded

if TYPE_CHECKING:
    from core.estimate.speeds import Speeds
    from workbench.app import WorkbenchApp

TICK = 0.25  # seconds between two looks at a live run
REST = 1.0  # and at one that has ended, which another terminal may resume
# what a preset leaves as it is
OF_THE_PERSON = ("data.path", "data.text", "data.label", "train.follow", "speed.device", "speed.threads")


class Desk:
    """One per app. Widgets subscribe to its signals in `on_mount` and are called with the desk."""

    def __init__(self, app: "WorkbenchApp", recipe: Recipe, root: Path):
        self.app, self.root = app, root
        self.recipe = recipe
        self.refused: list[Problem] = []  # what is wrong with values that were asked for and the recipe does not take
        self.profile: Profile | None = None
        self.profiling: Progress | None = None  # while the file is being read
        self.problem: WorkbenchError | None = None  # why the latest profile failed
        self._looking: Recipe | None = None  # what the latest profile was asked for
        self.models: dict[str, str] = {}  # name -> where its weights are: built in, on disk, download
        self.speeds: Speeds | None = None  # of this machine with the recipe's model, where they were measured
        self.measuring: Progress | None = None  # while they are
        self._recalls = False  # whether anybody wants to know them
        self.run: RunFolder | None = None
        self.run_recipe: Recipe | None = None  # the run's own, where it fine-tunes and can be read
        self.status: Status | None = None
        self.history = History()
        self.recipe_changed: Signal[Desk] = Signal(app, "recipe changed")
        # published for a profile's progress and problem too, and when it is known where weights are
        self.profile_changed: Signal[Desk] = Signal(app, "profile changed")
        self.speeds_changed: Signal[Desk] = Signal(app, "speeds changed")
        self.run_changed: Signal[Desk] = Signal(app, "run changed")
        self._helpers: dict[str, Helper] = {}
        self._worker: subprocess.Popen | None = None
        self._started: tuple[RunFolder, Recipe] | None = None  # the latest run that was started from here
        self._sent: set[str] = set()  # ids of what was sent to runs from here

    @property
    def plan(self) -> FreezePlan:
        return self.recipe.plan

    def change(self, name: str, value: Any) -> None:
        """Change one option by its dotted name. Raises BadRecipe, and then nothing has changed."""
        self.change_all({name: value})

    def change_all(self, values: Mapping[str, Any]) -> None:
        """Change several options at once. Raises BadRecipe, and then nothing has changed."""
        kept = self.recipe.model_dump()
        if "preset" in values:
            kept = {}
            for name in OF_THE_PERSON:
                part, option = name.split(".")
                kept.setdefault(part, {})[option] = getattr(getattr(self.recipe, part), option)
        before, self.recipe = self.recipe, load(kept, *(layer(name, value) for name, value in values.items()))
        if self.recipe == before:
            return
        if _of_the_machine(before) != _of_the_machine(self.recipe):
            self.speeds = self.measuring = None
            if self._recalls:
                self.recall()
        self.recipe_changed.publish(self)
        if _of_the_profile(before) != _of_the_profile(self.recipe):
            if before.data.path != self.recipe.data.path:
                self.profile = None
            self.look()

    def keep_sentence(self, text: str) -> None:
        """Have the next run follow this sentence; where that makes too many, the oldest is let go."""
        others = [other for other in self.recipe.train.follow if other != text]
        self.change("train.follow", [*others, text][-MOST_FOLLOWED:])

    def take_up(self, run: RunFolder) -> None:
        """Where nobody has named data, go on with a run's: who comes back finds it on the desk. Raises BadRun."""
        if "path" not in self.recipe.data.model_fields_set:
            self.recipe = load(self.recipe.model_dump(), {"data": run.recipe().data.model_dump()})
            self.recipe_changed.publish(self)

    def helper(self, kind: str) -> Helper:
        """The helper process for `data` or `model`; it starts with the first question."""
        return self._helpers.setdefault(kind, Helper(kind))

    def look(self) -> None:
        """Profile the recipe's file in the background; `profile_changed` tells of everything that comes of it."""
        self._looking = self.recipe
        self.app.run_worker(self._look(self.recipe), group="profile")

    async def _look(self, recipe: Recipe) -> None:
        self.problem = self.profiling = None

        def progressed(progress: Progress) -> None:
            if recipe is self._looking:
                self.profiling = progress
                self.profile_changed.publish(self)

        progressed(Progress("read", 0, 0))
        try:
            answer = await self.helper("data").ask("profile", progressed, recipe=recipe.model_dump())
        except Superseded:
            return
        except WorkbenchError as error:
            profile, problem = None, error
        else:
            profile, problem = msgspec.convert(answer, Profile, strict=False), None
        if recipe is not self._looking:
            return
        self.profile, self.problem, self.profiling = profile, problem, None
        self.profile_changed.publish(self)

    def find_models(self) -> None:
        """Ask in the background where each model's weights are."""
        self.app.run_worker(self._find_models(), group="models")

    async def _find_models(self) -> None:
        try:
            self.models = await self.helper("data").ask("models")
        except Superseded:
            return
        except WorkbenchError as error:
            self.complain(error)
        self.profile_changed.publish(self)

    def recall(self) -> None:
        """Find in the background what was measured here before, now and for every other model that is chosen."""
        self._recalls = True
        self.app.run_worker(self._recall(self.recipe), group="speeds")

    async def _recall(self, recipe: Recipe) -> None:
        from core.estimate.speeds import recall

        self._know(recipe, await asyncio.to_thread(recall, recipe))

    async def measure(self) -> None:
        """Measure how fast this machine is with the recipe's model; `speeds_changed` tells of it on the way."""
        live = await asyncio.to_thread(self.live_run)
        if live:
            self.complain(
                WorkbenchError(f"{live.name} is running, and nothing beside it is fast.", "Measure when it is done.")
            )
            return
        self.app.run_worker(self._measure(self.recipe), group="measure")

    async def _measure(self, recipe: Recipe) -> None:
        from core.estimate.speeds import Speeds

        def progressed(progress: Progress) -> None:
            if _of_the_machine(recipe) == _of_the_machine(self.recipe):
                self.measuring = progress
                self.speeds_changed.publish(self)

        progressed(Progress("measure", 0, 0))
        try:
            answer = await self.helper("model").ask("measure", progressed, recipe=recipe.model_dump())
        except Superseded:
            return
        except WorkbenchError as error:
            self.complain(error)
            self._know(recipe, self.speeds)
        else:
            self._know(recipe, msgspec.convert(answer, Speeds))

    def _know(self, recipe: Recipe, speeds: "Speeds | None") -> None:
        if _of_the_machine(recipe) == _of_the_machine(self.recipe):
            self.speeds, self.measuring = speeds, None
            self.speeds_changed.publish(self)

    def live_run(self) -> RunFolder | None:
        """The newest run that a worker holds."""
        return queue.alive(self.root)

    def follow(self, run: RunFolder | None) -> None:
        """Show this run from now on, and keep up with it."""
        self.run, self.run_recipe, self.status, self.history = run, None, None, History()
        self.run_changed.publish(self)
        if run:
            self.app.run_worker(self._follow(run), group="follow", exclusive=True)
        else:
            self.app.workers.cancel_group(self.app, "follow")

    async def _follow(self, run: RunFolder) -> None:
        caught_up = await asyncio.to_thread(_catch_up, run)
        await self._read_recipe(run)
        self.history, self.status, offset = caught_up
        self.run_changed.publish(self)
        while True:
            await asyncio.sleep(TICK if self.status.alive else REST)
            status, events, offset = await asyncio.to_thread(_news, run, offset)
            if any(isinstance(event, Started) for event in events):  # its worker has resolved it
                await self._read_recipe(run)
            for event in events:
                self.history.apply(event)
                if isinstance(event, Applied) and event.refused and event.id in self._sent:
                    self.complain(WorkbenchError(f"{run.name}: {describe(event)}."))
            before, self.status = self.status, status
            if events or _seen(status) != _seen(before):
                self.run_changed.publish(self)
            if before.alive and not status.alive:
                self.app.bell()
                if following := await asyncio.to_thread(turns.following, self.root):
                    self.app.notify(
                        "5 lists it, and enter watches it.", title=f"{following.name} is next", markup=False
                    )
                if self._worker:
                    self._worker.poll()  # so that no zombie stays

    async def _read_recipe(self, run: RunFolder) -> None:
        if run.pretrains:
            return
        try:
            self.run_recipe = await asyncio.to_thread(run.recipe)
        except BadRun as error:
            self.complain(error)

    async def start(self) -> bool:
        """Start a run of the recipe and follow it; False where it waits for another or could not be started, and the
        person has been told so.
        """
        problem = self.problem or (self.profile and self.profile.problem and WorkbenchError(self.profile.problem))
        if self.refused:
            problem = WorkbenchError(
                str(BadRecipe(self.refused)), "Mend it in the recipe's form on 2, or press esc there."
            )
        if problem:
            self.complain(problem)
            return False
        recipe = self.recipe
        launched = await self._launch(lambda: create_run(self.root, recipe))
        if launched:
            self._started = self.run, recipe
        return launched

    @property
    def fits(self) -> SmallerBatch | None:
        """Batches with which the recipe, as it was started, fits into memory; where the run on show found that it does not."""
        ended = self.history.ended
        return ended.fits if ended and self._started == (self.run, self.recipe) else None

    async def resume(self, run: RunFolder) -> bool:
        """Take a run up again, or start one that waits, as `start` does with a new one."""
        return await self._launch(lambda: run)

    async def _launch(self, folder: Callable[[], RunFolder]) -> bool:
        def launched() -> tuple[RunFolder, queue.Turn | None]:
            run = folder()
            if queue.alive(self.root) or queue.served(self.root):
                return run, queue.add(run)
            self._worker = launch.launch(run)
            queue.start(self.root)  # for what waits besides
            return run, None

        try:
            run, turn = await asyncio.to_thread(launched)
        except BadRun as error:
            self.complain(error)
            return False
        if turn and turn.after:
            self.app.notify(turns.in_words(run.name, turn)[0], markup=False)
            return False
        self.follow(run)
        return True

    async def take_out(self, run: RunFolder) -> None:
        """Take a run out of the queue."""
        try:
            await asyncio.to_thread(queue.take_out, run)
        except BadRun as error:
            self.complain(error)
        else:
            self.app.notify(f"{run.name} is out of the queue. r starts it.", markup=False)

    async def tell(self, run: RunFolder, control: Control) -> bool:
        """Tell a run something; False where it could not be told, and the person has been told so. Why the followed run
        refuses, they will be told.
        """
        try:
            if not await asyncio.to_thread(run.locked):
                raise BadRun(f"{run.name} has ended: nothing hears it.", "5 lists what there is.")
            self._sent.add(await asyncio.to_thread(run.send, control))
        except BadRun as error:
            self.complain(error)
            return False
        if run is self.run and "learn" not in self.history.phases and not isinstance(control, Stop):
            self.app.notify(f"{run.name} hears of it when it begins to learn.", markup=False)
        return True

    def complain(self, error: WorkbenchError) -> None:
        """Tell the person what went wrong."""
        self.app.notify(error.do, title=f"✕ {error.what}", severity="error", timeout=10, markup=False)

    async def close(self) -> None:
        """End the helpers. A run goes on."""
        await asyncio.gather(*(helper.close() for helper in self._helpers.values()))


def _of_the_profile(recipe: Recipe) -> tuple:
    return recipe.data, recipe.model.name, recipe.model.weights, recipe.model.context


def _of_the_machine(recipe: Recipe) -> tuple:
    return recipe.model.name, recipe.speed.device, recipe.speed.threads, recipe.speed.precision


def _catch_up(run: RunFolder) -> tuple[History, Status, int]:
    status, events, offset = _news(run, 0)
    return History.of(events), status, offset


def _news(run: RunFolder, offset: int) -> tuple[Status, list[Event], int]:
    status = turns.status_of(run)  # before its events: a run seen to have ended has then been read to the end
    return status, *run.events(offset)


def _seen(status: Status) -> tuple:
    return status.state, status.step, status.n_steps, status.why, int(status.quiet)
