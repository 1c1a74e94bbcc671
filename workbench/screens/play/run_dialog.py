"""Which run and checkpoint Play asks."""

import asyncio
from pathlib import Path

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from core.architectures.lookup import short_name
from core.errors import BadRun
from core.runs.classifiers import Asked, checkpoints
from core.runs.root import list_runs
from core.runs.steering import learned, steered_run
from core.wording import on_one_line, percent
from workbench import keys
from workbench.formatting import cut, pad
from workbench.screens.dialog import Dialog
from workbench.themes import colour
from workbench.widgets.lines import ItemList
from workbench.widgets.panel import Panel


def choices(root: Path) -> list[tuple[Asked, str]]:
    """Every checkpoint that best or last points to, of the newest run first, with its words."""
    found = []
    for run in list_runs(root):
        try:
            (recipe, _), result = run.recipe_as_known(), run.classifier_result()
        except BadRun:
            continue
        steps, learns = checkpoints(run), learned(recipe.plan.in_words, steered_run(run))
        for name, step in steps.items():
            if name == "last" and step == steps.get("best"):
                continue
            tested = f", test {percent(result.test.accuracy)}" if result and result.checkpoint == step else ""
            model = on_one_line(short_name(recipe.model.name))
            words = f"step {step:,}, {model}, {learns}{tested}"
            found.append((Asked(run.path, name), words))
    return found


class Checkpoints(ItemList[tuple[Asked, str]]):
    """One checkpoint a line."""

    DEFAULT_CSS = "Checkpoints { height: auto; max-height: 14; }"

    def show(self, checkpoints: list[tuple[Asked, str]], asked: Asked) -> None:
        """Show checkpoints with their words, the cursor on what is asked now or on its run."""
        self.items = checkpoints
        self.changed()
        near = [(checkpoint.folder == asked.folder, checkpoint == asked) for checkpoint, _ in checkpoints]
        self.cursor = near.index(max(near)) if near else 0

    def line(self, index: int, width: int) -> Text:
        asked, words = self.items[index]
        name = max(cell_len(on_one_line(checkpoint.folder.name)) for checkpoint, _ in self.items)
        start = f"  {pad(on_one_line(asked.folder.name), name)}  {asked.checkpoint}  "
        line = Text.assemble((start, colour(self, "text")), no_wrap=True)
        return line.append(cut(words, width - line.cell_len), colour(self, "muted"))


class RunDialog(Dialog[Asked | None]):
    """Returns what to ask from now on, or None where all stays as it is."""

    PLACE = "run_dialog"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, root: Path, asked: Asked):
        super().__init__()
        self._root, self._asked = root, asked

    def compose(self) -> ComposeResult:
        with Panel(title="Ask which run", subtitle="enter takes it · esc leaves", classes="dialog"):
            yield Checkpoints()
            yield Static("No run has a checkpoint any more.", classes="hint")

    async def on_mount(self) -> None:
        found = await asyncio.to_thread(choices, self._root)
        self.query_one(Checkpoints).show(found, self._asked)
        self.query_one(Static).display = not found

    @on(Checkpoints.Chosen)
    def action_accept(self) -> None:
        selected = self.query_one(Checkpoints).selected
        self.dismiss(selected[0] if selected else None)
