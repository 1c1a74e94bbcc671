"""The file and its columns."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Input, Static

from core.datasets import NAMED, DataSet, fetched
from core.errors import BadRecipe, WorkbenchError
from core.options import AUTO
from core.recipe_data import Data
from core.template import Template, fault
from core.wording import on_one_line, shown, size
from workbench import keys
from workbench.formatting import cut
from workbench.screens.data.glimpse import taken_for
from workbench.screens.dialog import Dialog, field
from workbench.session.complain import on_a_screen
from workbench.session.draft import OF_ANOTHER_FILE
from workbench.session.session import session_of
from workbench.themes import colour
from workbench.widgets.choice import Choice
from workbench.widgets.lines import ItemList
from workbench.widgets.panel import Panel

SUGGESTED = 200  # files at most
COLUMNS = ("text", "label")
TWO = "{title}. {description}"
TEMPLATE = f"Write each column in braces, with any words between: {TWO}  {{title:.100}} is its first 100 characters."
KEYS = "tab leads to how it is read, ← → change that. Empty the field to see data sets by name."
# how a file may be read, in the order of the dialog, and what is offered; of columns, those that it has
READ_AS: dict[str, Sequence[str]] = {
    "text": (),
    "label": (),
    "separator": (",", "tab", ";", "|", "^", "~"),
    "header": ("yes", "no"),
    "skip_lines": tuple(map(str, range(11))),
    "quoting": ("csv", "backslash", "single", "single_backslash", "spaced", "excel", "lines", "none"),
    "encoding": ("utf-8", "cp1252", "cp1251", "cp1250", "gb18030", "big5", "shift_jis", "euc_kr", "utf-16"),
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


def _is_folder(typed: str) -> bool:
    """Whether this names a folder as a whole, not the way into it."""
    try:
        return bool(typed) and not typed.endswith("/") and Path(typed).expanduser().is_dir()
    except (OSError, RuntimeError):  # a name too long for the file system, the home of nobody
        return False


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

    Below a file that is there stands what it is taken for, and how that can be changed; below anything else, what goes
    on from what is typed. Another file than that of `data` starts with everything found out anew. `asked` is the field
    to begin with, where there is a question, and `example` how several columns of the file make a text.
    """

    PLACE = "path"
    BINDINGS = keys.bindings(PLACE)

    def __init__(self, path: str, data: Data, columns: Sequence[str], asked: str = "", example: str = TWO):
        super().__init__()
        self._path, self._data, self._columns, self._asked, self._example = path, data, list(columns), asked, example
        self._seen: list[str] = []  # the columns of the file that is named

    def compose(self) -> ComposeResult:
        with Panel(title="Source", subtitle="enter takes it · esc leaves", classes="dialog"):
            expected = "path of a file or folder of labelled texts, or a data set"
            yield field("file", Input(self._path, placeholder=expected, id="path"))
            yield Files()
            for name, words in READ_AS.items():
                value = self._said(name) if self._path == self._data.path else AUTO
                choices = self._columns if name in COLUMNS else words
                # a column may be named by its number too, and keeps its place then
                words = list(dict.fromkeys([AUTO, value, *choices]))
                yield field(name.replace("_", " "), Choice(words, value, id=name), classes="read-as")
                if name == "text":
                    several = Input(
                        self._template if self._path == self._data.path else "",
                        placeholder=f"of several: {on_one_line(self._example)}",
                        id="template",
                    )
                    yield field("", several, classes="read-as")
            yield Static("Looking at the file …", id="taken-for", markup=False)
            yield Static("", classes="hint", markup=False)

    @property
    def _template(self) -> str:
        """What the text is made of, where that are several columns."""
        text = self._data.text
        return text if Template.parse(text) or (fault(text) and text not in self._columns) else ""

    def _said(self, name: str) -> str:
        """What the recipe says of how this file is read, as its field shows it."""
        return AUTO if name == "text" and self._template else str(getattr(self._data, name))

    def on_mount(self) -> None:
        for name in READ_AS:
            self.watch(self.query_one(f"#{name}", Choice), "value", self._turned, init=False)
        self._typed()
        if self._asked:
            self.query_one(f"#{self._asked}", Choice).focus()

    def _turned(self) -> None:
        self._look()

    @on(Input.Changed, "#path")
    def _typed(self) -> None:
        typed = self.query_one("#path", Input).value
        self.query_one(Files).show(suggestions(typed))
        is_there = self._named is not None
        for choice in self.query(".read-as"):
            choice.display = is_there
        self.query_one(Files).display = not is_there
        self.query_one("#taken-for").display = is_there
        if is_there:
            self.hint(KEYS)
        else:
            folder = _is_folder(typed)
            self.hint("enter takes the whole folder, tab leads into it" if folder else "↑ ↓ choose, tab completes")
        for name in READ_AS:  # another file is to be found out about anew
            self.query_one(f"#{name}", Choice).value = self._said(name) if self._is_same else AUTO
        self.query_one("#template", Input).value = self._template if self._is_same else ""
        self._look()

    @on(Input.Changed, "#template")
    def _made(self) -> None:
        self._look()

    def on_descendant_focus(self) -> None:
        """Say how a template is written, where one is typed."""
        if self._named is not None:
            self.hint(self._how if self.query_one("#template").has_focus else KEYS)

    @property
    def _how(self) -> str:
        """How a template is written, and of which columns."""
        columns = cut(on_one_line(", ".join(self._seen)), self.query_one(".hint").size.width - len("columns: "))
        return f"{TEMPLATE}\ncolumns: {columns}" if self._seen else TEMPLATE

    @property
    def _named(self) -> str | None:
        """What is typed, where that is a file, or a data set by its name."""
        typed = self.query_one("#path", Input).value
        path = dropped(typed) or (typed if typed in NAMED or self._is_same else None)
        return None if path is None else str(path)

    @property
    def _is_same(self) -> bool:
        return self.query_one("#path", Input).value == self._data.path

    def _changes(self, path: str) -> dict[str, str]:
        """What the recipe's data would be with that path, and with what is chosen below it."""
        chosen = {f"data.{name}": self.query_one(f"#{name}", Choice).value for name in READ_AS}
        chosen["data.text"] = self.query_one("#template", Input).value.strip() or chosen["data.text"]
        return {"data.path": path} | ({} if self._is_same else OF_ANOTHER_FILE) | chosen

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        """Show what the file is taken for, as it is to be read now."""
        path = self._named
        if path is None:
            return
        changes = {name.removeprefix("data."): value for name, value in self._changes(path).items()}
        data = Data.model_validate(self._data.model_dump() | changes)
        found, problem = None, None
        try:
            found = await session_of(self).draft.look_at(data)
        except WorkbenchError as error:
            problem = error
        for name in READ_AS:
            self.query_one(f"#{name}", Choice).comes_to = ""
        if found is None:
            words = Text.assemble(("✕ ", colour(self, "error")), shown(on_a_screen(str(problem)))) if problem else ""
            if path in NAMED and not fetched(path):
                words = f"enter fetches it: {size(NAMED[path].size)}."
            self.query_one("#taken-for", Static).update(words)
            return
        self._seen = found.columns
        words = taken_for(self, found, self.query_one("#taken-for").size.width)
        self.query_one("#taken-for", Static).update(words)
        for name in COLUMNS:
            self.query_one(f"#{name}", Choice).offer([AUTO, *found.columns])
        text = "" if Template.parse(data.text) else found.text  # what it is made of stands in a field of its own
        for name, taken in (("text", text), ("label", found.label), ("encoding", found.encoding)):
            self.query_one(f"#{name}", Choice).comes_to = taken

    def action_up(self) -> None:
        self.query_one(Files).cursor -= 1

    def action_down(self) -> None:
        self.query_one(Files).cursor += 1

    def action_complete(self) -> None:
        """Fill in the suggested file; where there is nothing to complete, go on to the next field."""
        field, chosen = self.query_one("#path", Input), self.query_one(Files).selected
        if not field.has_focus or self._named is not None or chosen is None:
            self.focus_next()
            return
        parent = field.value[: field.value.rfind("/") + 1]
        completed = parent + chosen.name + ("/" if isinstance(chosen, Path) and chosen.is_dir() else "")
        if completed == field.value:
            self.focus_next()
        field.value = completed
        field.cursor_position = len(completed)

    @on(Files.Chosen)
    @on(Input.Submitted)
    def action_accept(self) -> None:
        path = self._named
        if path is None:
            typed = self.query_one("#path", Input).value
            if _is_folder(typed):
                self.dismiss({"data.path": typed} | OF_ANOTHER_FILE)
            elif self.query_one(Files).selected:
                self.action_complete()
            else:
                self.hint(f"There is no file {on_one_line(typed)}. Check the path.")
            return
        changes = self._changes(path)
        try:
            session_of(self).draft.changed(changes)
        except BadRecipe as error:  # what is filled in stays, to be mended here
            self.hint("\n".join(f"✕ {problem}" for problem in error.problems), "text")
            return
        self.dismiss(changes)
