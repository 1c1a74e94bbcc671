"""What the worker of a run itself wrote: warnings of libraries, and where it broke."""

import asyncio

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from core import files
from core.errors import BadRun
from core.runs.folder import RunFolder
from workbench.layout import Part, Plan
from workbench.screens.train.detail_screen import DetailScreen
from workbench.screens.train.errors_screen import readable
from workbench.session.exporting import Export, export_of
from workbench.widgets.panel import Panel

TAIL = 20_000  # bytes


class WorkerLogScreen(DetailScreen):
    """The end of the worker's log."""

    def __init__(self, run: RunFolder):
        super().__init__(run)
        self._words = ""

    def compose_panels(self) -> ComposeResult:
        with Panel(title=f"Messages of {self._run.name}'s process", letter="w", id="worker-log"):
            yield VerticalScroll(Static(id="written", markup=False))

    def plan(self) -> Plan:
        return Plan.of(Part("worker-log", 9), ranks=("worker-log",))

    async def on_mount(self) -> None:
        self._words = words = await asyncio.to_thread(tail, self._run)
        self.query_one("#worker-log", Panel).subtitle = str(self._run.log_file)
        self.query_one("#written", Static).update(words or "No messages.")
        scroll = self.query_one(VerticalScroll)
        scroll.focus()
        scroll.scroll_end(animate=False)

    async def copied(self) -> str:
        return self._words

    def exported(self) -> Export:
        return export_of("Export what the worker wrote", f"{self._run.name}-worker.log", lambda: self._words)


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
