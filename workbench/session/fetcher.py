"""Bringing a model's files here while all else goes on: only when the person asks for it, and until they say stop."""

import asyncio
from contextlib import suppress

from textual.app import App
from textual.signal import Signal

from core.architectures.lookup import HUB, short_name
from core.errors import WorkbenchError
from workbench.session.complain import complain
from workbench.session.draft import Draft
from workbench.session.helper import GRACE, Helper, Progress, Superseded


class Fetcher:
    """Fetches one model at a time. Widgets subscribe to `changed` in `on_mount` and are called with the fetcher."""

    def __init__(self, app: App, draft: Draft):
        # a helper of its own: a download takes minutes, for which neither data nor Play should have to wait
        self._app, self._draft, self._helper = app, draft, Helper("fetch")
        self.name = ""  # of the model that is being fetched; empty where none is
        self.progress: Progress | None = None
        self.changed: Signal[Fetcher] = Signal(app, "fetching")

    def lacks(self, name: str) -> bool:
        """Whether a model's files are still to be fetched."""
        return self._draft.models.get(name) == "download"

    def toggle(self, name: str) -> None:
        """Fetch a model whose files are not here, or stop doing so."""
        if self.name == name:
            self._app.run_worker(self.stop(), group="fetch")
        elif self.lacks(name) or name.startswith(HUB):
            self.start(name)
        else:
            self._app.notify(f"{short_name(name)} needs no fetching.", markup=False)

    def start(self, name: str, choose: bool = False) -> None:
        """Fetch a model in the background; `choose`: and then start from it."""
        self.name, self.progress = name, None
        self.changed.publish(self)
        self._app.run_worker(self._fetch(name, choose), group="fetch")

    async def _fetch(self, name: str, choose: bool) -> None:
        def progressed(progress: Progress) -> None:
            if name == self.name:
                self.progress = progress
                self.changed.publish(self)

        try:
            await self._helper.ask("fetch", progressed, name=name)
        except Superseded:
            return
        except WorkbenchError as error:
            complain(self._app, error)
            self._done(name)
            self._draft.find_models()  # weights may have come of which only then was seen that they are of no use
            return
        self._done(name)
        self._app.notify(f"{short_name(name)} is on this machine now.", markup=False)
        self._draft.find_models()
        if choose:
            try:
                self._draft.start_from(name)
            except WorkbenchError as error:
                complain(self._app, error)
        elif self._draft.recipe.model.name == name and self._draft.profile is None:
            self._draft.read_profile()  # its tokenizer is here now

    def _done(self, name: str) -> None:
        if name == self.name:
            self.name, self.progress = "", None
            self.changed.publish(self)

    async def stop(self) -> None:
        """Stop what is being fetched."""
        self._done(self.name)
        with suppress(Superseded, WorkbenchError):  # nobody waits for it
            await self._helper.ask("fetch")

    async def close(self) -> None:
        """End the helper, and before it whatever it has started."""
        if self.name:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stop(), GRACE)
        await self._helper.close()
