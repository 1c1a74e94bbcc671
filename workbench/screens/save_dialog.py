"""Saving the recipe as a file."""

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core import files, toml
from core.recipe import Recipe
from core.wording import on_one_line
from workbench.screens.dialog import Dialog
from workbench.widgets.panel import Panel


class SaveDialog(Dialog[Path | None]):
    """Asks for a file name; a file that is there already is only replaced on a second enter."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self._recipe = recipe
        self._agreed: Path | None = None  # the file that may be replaced

    def compose(self) -> ComposeResult:
        with Panel(title="Save the recipe", subtitle="enter saves · esc leaves", classes="dialog"):
            yield Input(f"{Path(self._recipe.data.path).stem}.toml", placeholder="recipe.toml")
            yield Static("", classes="hint")

    @on(Input.Submitted)
    def _save(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        path = Path(name).expanduser()
        if not name or path.is_dir():
            self.hint("Name a file, for example recipe.toml.", "text")
        elif path.exists() and path != self._agreed:
            self._agreed = path
            self.hint(f"{on_one_line(name)} is there already. Enter again replaces it.", "text")
        else:
            try:
                files.write(path, toml.text(self._recipe))
            except OSError as error:
                self.hint(f"{on_one_line(name)} cannot be written: {error.strerror}. Choose another place.", "text")
            else:
                self.dismiss(path)
