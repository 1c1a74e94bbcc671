"""The file and its columns."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.datasets import NAMED, DataSet, fetched
from core.options import AUTO
from core.wording import on_one_line, size
from workbench import keys
from workbench.formatting import cut
from workbench.screens.dialog import Dialog, field
from workbench.themes import colour
from workbench.widgets.choice import Choice
from workbench.widgets.lines import ItemList
from workbench.widgets.panel import Panel

SUGGESTED = 200  # files at most
# what is said of the columns and splits of one file says nothing of another's
OF_ANOTHER_FILE = {
    **dict.fromkeys(("data.text", "data.label", "data.split"), AUTO),
    **dict.fromkeys(("data.validation_path", "data.test_path"), ""),
}


def dropped(text: str) -> Path | None:
    """The file that a pasted or dropped text names: quoted, escaped or as a file:// address; None if it is none."""
    text = text.strip()
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    for name in (text, *words[:1]):
        path = Path(re.sub(r"^file://", "", name)).expanduser()
        try:
            if name and path.is_file():
                return path
        except OSError:  # a name longer than the file system takes: a text, not a path
            continue
    return None


def suggestions(typed: str) -> list[DataSet | Path]:
    """Data sets, files and folders that go on from what has been typed; hidden ones only where a dot was typed."""
    sets: list[DataSet | Path] = [each for name, each in NAMED.items() if name.startswith(typed.casefold())]
    path = Path(typed or ".").expanduser()
    folder, start = (path, "") if not typed or typed.endswith("/") else (path.parent, path.name)
    try:
        found = [
            each
            for each in folder.iterdir()
            if each.name.casefold().startswith(start.casefold()) and (start or not each.name.startswith("."))
        ]
    except OSError:
        return sets
    return [*sets, *sorted(found, key=lambda each: (not each.is_dir(), each.name.casefold()))[:SUGGESTED]]


class Files(ItemList[DataSet | Path]):
    """The data sets and files that go on from what is typed."""

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False

    def show(self, suggested: list[DataSet | Path]) -> None:
        self.items, self.cursor = suggested, 0
        self.changed()

    def line(self, index: int, width: int) -> Text:
        path, hue = self.items[index], colour(self, "focus" if index == self.cursor else "muted")
        if isinstance(path, DataSet):
            where = "here" if fetched(path.name) else f"fetch {size(path.size)}"
            words = Text(f" {path.name:<10}", hue, no_wrap=True)
            return words.append(cut(f"{where:<16}{path.title}, {path.licence}", width - 12), colour(self, "muted"))
        name = path.name + "/" if path.is_dir() else path.name
        line = Text(" " + cut(on_one_line(name), width - 14), hue, no_wrap=True)
        if not path.is_dir():
            try:
                line.append(f"  {size(path.stat().st_size)}", colour(self, "rule"))
            except OSError:
                line.append("  cannot be read", colour(self, "error"))
        return line


class SourceDialog(Dialog[dict | None]):
    """Returns the options to change, by dotted name, or None where nothing was chosen.

    `columns` are those of the file at `path`, where they are known; another file's are found out once it is read.
    `text` and `label` are the columns as the recipe names them; `asked` is the one of the two to begin with, if any.
    """

    PLACE = "path"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, path: str, columns: Sequence[str], text: str, label: str, asked: str = ""):
        super().__init__()
        self._asked = asked
        self._path, self._columns = path, columns
        self._text, self._label = text, label

    def compose(self) -> ComposeResult:
        with Panel(title="Source", subtitle="enter takes it · esc leaves", classes="dialog"):
            expected = "path of a CSV, TSV, JSONL or plain text file, or a data set"
            yield field("file", Input(self._path, placeholder=expected, id="path"))
            yield Files()
            for name, column in (("text", self._text), ("label", self._label)):
                yield field(name, Choice(self._columns_with(column), column, id=name), classes="columns")
            yield Static("", classes="hint", markup=False)

    def _columns_with(self, chosen: str) -> list[str]:
        # a column may be named by its number too, and keeps its place then
        return list(dict.fromkeys([AUTO, chosen, *self._columns]))

    def on_mount(self) -> None:
        self._typed()
        if self._asked:
            self.query_one(f"#{self._asked}", Choice).focus()

    @on(Input.Changed, "#path")
    def _typed(self) -> None:
        typed = self.query_one("#path", Input).value
        self.query_one(Files).show(suggestions(typed))
        same = typed == self._path and bool(self._columns)
        for columns in self.query(".columns"):
            columns.display = same
        self.query_one(Files).display = not same
        hint = "tab leads to the columns, ← → change them. Empty the field to see data sets by name."
        self.hint(hint if same else "↑ ↓ choose, tab completes")

    def action_up(self) -> None:
        self.query_one(Files).cursor -= 1

    def action_down(self) -> None:
        self.query_one(Files).cursor += 1

    def action_complete(self) -> None:
        """Fill in the suggested file; where there is nothing to complete, go on to the next field."""
        field, chosen = self.query_one("#path", Input), self.query_one(Files).selected
        if not field.has_focus or field.value == self._path or chosen is None:
            self.focus_next()
            return
        parent = field.value[: field.value.rfind("/") + 1]
        completed = parent + chosen.name + ("/" if isinstance(chosen, Path) and chosen.is_dir() else "")
        if completed == field.value:
            self.focus_next()
        field.value = completed
        field.cursor_position = len(completed)

    @on(Input.Submitted)
    def action_accept(self) -> None:
        typed = self.query_one("#path", Input).value
        path = dropped(typed) or (typed if typed in NAMED else None)
        if path is None:
            if self.query_one(Files).selected:
                self.action_complete()
            else:
                self.hint(f"There is no file {on_one_line(typed)}. Check the path.")
            return
        text, label = (self.query_one(f"#{name}", Choice).value for name in ("text", "label"))
        same = typed == self._path
        columns = {"data.text": text, "data.label": label} if same else OF_ANOTHER_FILE
        self.dismiss({"data.path": str(path), **columns})
