"""Where to write what is saved or exported."""

from collections.abc import Callable
from pathlib import Path

from textual import on
from textual.app import App, ComposeResult
from textual.widgets import Input, Static

from core import files
from core.errors import WorkbenchError
from core.wording import on_one_line
from workbench.screens.dialog import Dialog
from workbench.session.exporting import Export
from workbench.widgets.panel import Panel


class SaveDialog(Dialog[Path | None]):
    """Asks for a file name; a file that is there already is only replaced on a second enter."""

    def __init__(self, export: Export):
        super().__init__()
        self._export = export
        self._agreed: Path | None = None  # the file that may be replaced

    def compose(self) -> ComposeResult:
        with Panel(title=self._export.title, subtitle="enter saves · esc leaves", classes="dialog"):
            yield Input(self._export.name, placeholder=self._export.name)
            yield Static("", classes="hint")

    @on(Input.Submitted)
    async def _save(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        try:
            path = files.absolute(name)
            if not name or path.is_dir():
                self.hint(f"Name a file, for example {on_one_line(self._export.name)}.", "text")
            elif path.exists() and path != self._agreed:
                self._agreed = path
                self.hint(f"{on_one_line(name)} is there already. Enter again replaces it.", "text")
            else:
                await self._export.write(path)
                if self.is_current:  # not left meanwhile
                    self.dismiss(path)
        except OSError as error:
            self.hint(f"{on_one_line(name)} cannot be written: {error.strerror}. Choose another place.", "text")
        except WorkbenchError as error:
            self.hint(str(error), "text")


def ask_where(app: App, export: Export, saved: Callable[[Path], None] | None = None) -> None:
    """Have the person name a file, and write it; `saved` is told where, and by default says it."""

    def done(path: Path | None) -> None:
        if path and saved:
            saved(path)
        elif path:
            app.notify(str(path), title=f"Saved as {path.name}", markup=False)

    app.push_screen(SaveDialog(export), done)
