"""Telling the person what went wrong, in one way everywhere."""

from textual.app import App

from core.errors import WorkbenchError


def complain(app: App, error: WorkbenchError) -> None:
    """Show an error as a notification: what went wrong as its title, what to do about it below."""
    app.notify(error.do, title=f"✕ {error.what}", severity="error", timeout=10, markup=False)
