"""Telling the person what went wrong, in one way everywhere."""

import re

from textual.app import App

from core.errors import WorkbenchError

_NAME = r"--\w[\w-]*(?:\.\w[\w-]*)*(?: [A-Z]+\b)?"
_CHOOSE = re.compile(rf"Choose with {_NAME}")
_FLAG = re.compile(rf" with {_NAME}")


def on_a_screen(words: str) -> str:
    """What an error says, without the flags of the command line: a column is chosen where the file is."""
    return _FLAG.sub("", _CHOOSE.sub("Enter on Source shows the columns", words))


def complain(app: App, error: WorkbenchError) -> None:
    """Show an error as a notification: what went wrong as its title, what to do about it below."""
    app.notify(on_a_screen(error.do), title=f"✕ {on_a_screen(error.what)}", severity="error", timeout=10, markup=False)
