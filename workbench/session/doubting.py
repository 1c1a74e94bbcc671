"""The rows of the draft's data that look mislabelled, found in the background and kept until the data is another."""

from pathlib import Path

import msgspec
from textual.app import App
from textual.signal import Signal

from core import files
from core.errors import WorkbenchError
from core.recipe_data import Data
from core.rows import DoubtsFound
from core.runs import edits
from workbench.session.draft import Draft
from workbench.session.helper import Helper, Progress, Superseded

STARTS = Progress("start", 0, 0)


class Doubting:
    """Screens subscribe to `changed` in `on_mount` and are called with it, for every progress too."""

    def __init__(self, app: App, root: Path, draft: Draft):
        # a helper of its own: it may compute for a minute, for which no row should have to wait
        self._app, self._root, self._draft, self._helper = app, root, draft, Helper("doubts")
        self.found: DoubtsFound | None = None
        self.progress: Progress | None = None  # while they are looked for
        self.problem: WorkbenchError | None = None
        self._asked: tuple[Data, float] | None = None  # the data, and when it was mended last
        self.changed: Signal[Doubting] = Signal(app, "doubts")

    def look(self) -> None:
        """Find them, unless they are known, or being found, for the data as it is mended by now."""
        data = self._draft.recipe.data
        asked = data, _mended_at(self._root, data)
        if asked == self._asked and not self.problem:
            return
        self._asked, self.found, self.problem, self.progress = asked, None, None, STARTS
        self._app.run_worker(self._find(data, asked), group="doubts")

    async def _find(self, data: Data, asked: tuple[Data, float]) -> None:
        def progressed(progress: Progress) -> None:
            if asked == self._asked:
                self.progress = progress
                self.changed.publish(self)

        found, problem = None, None
        try:
            answer = await self._helper.ask("doubts", progressed, data=data.model_dump(), root=str(self._root))
        except Superseded:
            return
        except WorkbenchError as error:
            problem = error
        else:
            found = msgspec.convert(answer, DoubtsFound, strict=False)
        if asked == self._asked:
            self.found, self.problem, self.progress = found, problem, None
            self.changed.publish(self)

    async def close(self) -> None:
        """End the helper."""
        await self._helper.close()


def _mended_at(root: Path, data: Data) -> float:
    """When the data was mended last, in seconds since 1970; 0 where it never was."""
    try:
        return files.modified_at(edits.file_of(root, data))
    except (WorkbenchError, OSError):
        return 0.0
