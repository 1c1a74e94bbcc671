"""What a person asks of the followed run: to train, stop, pause, step, go on, and to learn in another way."""

import asyncio
from functools import partial

from core.errors import BadRun
from core.runs.control import COMMANDS, Control, SetTrainable, Stop, parsed
from core.runs.events import Applied, Ended
from core.runs.folder import RunFolder
from workbench.screens.base import BaseScreen
from workbench.session.complain import complain


class RunControls(BaseScreen):
    """A screen from which a run is controlled."""

    def __init__(self) -> None:
        super().__init__()
        self._stop_asked: RunFolder | None = None

    @property
    def shown_run(self) -> RunFolder:
        """The followed run; what needs it is called only while there is one."""
        assert self.followed.run
        return self.followed.run

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        status = self.followed.status
        alive = bool(status and status.alive)
        match action:
            case "train":
                return not alive
            case "train_next":
                return alive
            case "start_now" | "take_out":
                return status is not None and status.state == "queued"
            case "stop":
                return alive and not self._stopping()
            case "control" | "change_rates" | "thaw":
                if action == "thaw" and self.followed.run_recipe is None:
                    return False
                return alive and not self._stopping() and self._has_use(*map(str, parameters))
            case "resume":
                return status is not None and status.ended_early
            case "apply":
                return self.launcher.fits is not None
            case "worker_log":
                return self.followed.run is not None
        return super().check_action(action, parameters)

    def _stopping(self) -> bool:
        """Whether someone has asked the worker to stop, from here or from another terminal."""
        followed = self.followed
        if not (followed.status and followed.status.alive):
            self._stop_asked = None
            return False
        # between its answer and its end a worker says little
        latest = [event for event, _ in followed.history.log[-10:]]
        stops = (
            parsed(event.control) == Stop() and not event.refused and event.attempt == latest[-1].attempt
            for event in latest
            if isinstance(event, Applied)
        )
        return self._stop_asked is followed.run or (any(stops) and not isinstance(latest[-1], Ended))

    async def action_train(self) -> None:
        self.run_worker(self.launcher.start(), group="run")

    action_train_next = action_train

    async def action_apply(self) -> None:
        fits = self.launcher.fits
        assert fits
        self.draft.change_all({"train.batch": fits.batch, "train.accumulate": fits.accumulate})
        await self.action_train()

    def action_resume(self) -> None:
        self.run_worker(self.resume(self.shown_run), group="run")

    action_start_now = action_resume

    async def action_take_out(self) -> None:
        await self.launcher.take_out(self.shown_run)

    async def action_stop(self) -> None:
        self._stop_asked = self.followed.run
        if not await self.launcher.send(self.shown_run, Stop()):
            self._stop_asked = None
        self.followed.run_changed.publish(self.followed)

    def _has_use(self, what: str = "") -> bool:
        """Whether this control makes a difference to a live run now."""
        learn, status = self.followed.history.phases.get("learn"), self.followed.status
        paused = status is not None and status.state == "paused"
        if learn and learn.done == learn.total:
            return False
        return {"pause": not paused, "resume": paused, "evaluate": learn is not None}.get(what, True)

    async def action_control(self, what: str) -> None:
        await self.launcher.send(self.shown_run, COMMANDS[what].control())

    def action_change_rates(self) -> None:
        from workbench.screens.train.rates_dialog import RatesDialog

        try:
            dialog = RatesDialog(self.shown_run, self.followed.history)
            self.app.push_screen(dialog, partial(self._send_all, self.shown_run))
        except BadRun as error:
            complain(self.app, error)

    async def action_thaw(self) -> None:
        from core.estimate.speeds import recall
        from workbench.screens.train.freeze_dialog import FreezeDialog

        run, recipe, history = self.shown_run, self.followed.run_recipe, self.followed.history
        assert recipe
        speeds = await asyncio.to_thread(recall, recipe)
        self.app.push_screen(FreezeDialog(run.name, recipe, history, speeds), partial(self._send_plan, run))

    async def _send_plan(self, run: RunFolder, trainable: str | None) -> None:
        if trainable:
            await self.launcher.send(run, SetTrainable(trainable))

    async def _send_all(self, run: RunFolder, controls: list[Control] | None) -> None:
        for control in controls or ():
            if not await self.launcher.send(run, control):
                break

    def action_worker_log(self) -> None:
        from workbench.screens.train.worker_log import WorkerLogScreen

        self.app.push_screen(WorkerLogScreen(self.shown_run))
