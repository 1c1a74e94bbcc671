"""What the worker of a run itself wrote: warnings of libraries, and where it broke."""

import asyncio

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from core import files
from core.errors import BadRun
from core.runs.folder import RunFolder
from workbench.screens.train.detail_screen import DetailScreen
from workbench.screens.train.errors_screen import readable
from workbench.widgets.panel import Panel

TAIL = 20_000  # bytes


class WorkerLogScreen(DetailScreen):
    """The end of the worker's log."""

    def compose_panels(self) -> ComposeResult:
        with Panel(title=f"Messages of {self._run.name}'s process", letter="w", id="worker-log"):
            yield VerticalScroll(Static(id="written", markup=False))

    async def on_mount(self) -> None:
        words = await asyncio.to_thread(tail, self._run)
        self.query_one("#worker-log", Panel).subtitle = str(self._run.log_file)
        self.query_one("#written", Static).update(words or "No messages.")
        scroll = self.query_one(VerticalScroll)
        scroll.focus()
        scroll.scroll_end(animate=False)


def tail(run: RunFolder) -> str:
    """The end of the worker's output; empty where there is none."""
    try:
        with files.reading(run.log_file, run.path) as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            return readable(file.read().decode(errors="replace").strip())
    except FileNotFoundError:
        return ""
    except BadRun as error:
        return str(error)
