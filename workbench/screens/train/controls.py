"""What a person asks of the run on the desk: to train, stop, pause, step, go on, and to learn in another way."""

import asyncio
from functools import partial

from core.errors import BadRun
from core.runs.control import COMMANDS, Control, SetTrainable, Stop, known
from core.runs.events import Applied, Ended
from core.runs.folder import RunFolder
from workbench.screens.base import BaseScreen
from workbench.session.desk import Desk


class RunControls(BaseScreen):
    """A room from which a run is steered."""

    def __init__(self) -> None:
        super().__init__()
        self._stop_asked: RunFolder | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        status = self.desk.status
        alive = bool(status and status.alive)
        match action:
            case "train":
                return not alive
            case "train_next":
                return alive
            case "start_now" | "take_out":
                return bool(status) and status.state == "queued"
            case "stop":
                return alive and not self._stopping(self.desk)
            case "tell" | "steer" | "thaw":
                if action == "thaw" and self.desk.run_recipe is None:
                    return False
                return alive and not self._stopping(self.desk) and self._may(*parameters)
            case "resume":
                return bool(status) and status.ended_early
            case "apply":
                return self.desk.fits is not None
            case "worker_log":
                return self.desk.run is not None
        return super().check_action(action, parameters)

    def _stopping(self, desk: Desk) -> bool:
        """Whether someone has asked the worker to stop, from here or from another terminal."""
        if not desk.status.alive:
            self._stop_asked = None
            return False
        # between its answer and its end a worker says little
        latest = [event for event, _ in desk.history.log[-10:]]
        stops = (
            known(event.control) == Stop() and not event.refused and event.attempt == latest[-1].attempt
            for event in latest
            if isinstance(event, Applied)
        )
        return self._stop_asked is desk.run or (any(stops) and not isinstance(latest[-1], Ended))

    def action_train(self) -> None:
        self.run_worker(self.desk.start(), group="run")

    action_train_next = action_train

    def action_apply(self) -> None:
        fits = self.desk.fits
        self.desk.change_all({"train.batch": fits.batch, "train.accumulate": fits.accumulate})
        self.action_train()

    def action_resume(self) -> None:
        self.run_worker(self.desk.resume(self.desk.run), group="run")

    action_start_now = action_resume

    async def action_take_out(self) -> None:
        await self.desk.take_out(self.desk.run)

    async def action_stop(self) -> None:
        self._stop_asked = self.desk.run
        if not await self.desk.tell(self.desk.run, Stop()):
            self._stop_asked = None
        self.desk.run_changed.publish(self.desk)

    def _may(self, what: str = "steer") -> bool:
        """Whether there is a use in telling a live run this."""
        learn, paused = self.desk.history.phases.get("learn"), self.desk.status.state == "paused"
        if learn and learn.done == learn.total:
            return False
        return {"pause": not paused, "resume": paused, "evaluate": learn is not None}.get(what, True)

    async def action_tell(self, what: str) -> None:
        await self.desk.tell(self.desk.run, COMMANDS[what].control())

    def action_steer(self) -> None:
        from workbench.screens.train.rates_dialog import RatesDialog

        try:
            self.app.push_screen(RatesDialog(self.desk.run, self.desk.history), partial(self._steered, self.desk.run))
        except BadRun as error:
            self.desk.complain(error)

    async def action_thaw(self) -> None:
        from core.estimate.speeds import recall
        from workbench.screens.train.freeze_dialog import FreezeDialog

        run, recipe, history = self.desk.run, self.desk.run_recipe, self.desk.history
        speeds = await asyncio.to_thread(recall, recipe)
        self.app.push_screen(FreezeDialog(run.name, recipe, history, speeds), partial(self._planned, run))

    async def _planned(self, run: RunFolder, trainable: str | None) -> None:
        if trainable:
            await self.desk.tell(run, SetTrainable(trainable))

    async def _steered(self, run: RunFolder, changes: list[Control] | None) -> None:
        for control in changes or ():
            if not await self.desk.tell(run, control):
                break

    def action_worker_log(self) -> None:
        from workbench.screens.train.worker_log import WorkerLogScreen

        self.app.push_screen(WorkerLogScreen(self.desk.run))
