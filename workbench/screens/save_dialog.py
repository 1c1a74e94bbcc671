"""Saving the recipe as a file."""

from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core import files, toml
from core.recipe import Recipe
from core.wording import on_one_line
from workbench.screens.dialog import Dialog
from workbench.themes import colour
from workbench.widgets.panel import Panel


class SaveDialog(Dialog[Path | None]):
    """Asks for a file name; a file that is there already is only replaced on a second enter."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self._recipe = recipe
        self._agreed: Path | None = None  # the file that may be replaced

    def compose(self) -> ComposeResult:
        with Panel(title="Save the recipe", classes="dialog"):
            yield Input(f"{Path(self._recipe.data.path).stem}.toml", placeholder="recipe.toml")
            yield Static("", classes="hint")

    def on_mount(self) -> None:
        self.query_one(Panel).subtitle = "enter saves · esc leaves"
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _save(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        path = Path(name).expanduser()
        if not name or path.is_dir():
            self._hint("Name a file, for example recipe.toml.")
        elif path.exists() and path != self._agreed:
            self._agreed = path
            self._hint(f"{on_one_line(name)} is there already. Enter again replaces it.")
        else:
            try:
                files.write(path, toml.text(self._recipe))
            except OSError as error:
                self._hint(f"{on_one_line(name)} cannot be written: {error.strerror}. Choose another place.")
            else:
                self.dismiss(path)

    def _hint(self, words: str) -> None:
        self.query_one(".hint", Static).update(Text(words, colour(self, "text")))
