"""A field that narrows the list of its dialog down while one types."""

from dataclasses import replace

from textual.binding import Binding, BindingType
from textual.widgets import Input

from workbench import keys


class Filter(Input):
    """Keeps the focus; the arrow keys move in the list, by the dialog's `move`."""

    BINDINGS = keys.bindings("filter")


def bindings_before_typing(place: str) -> list[BindingType]:
    """The keys of a place that a field does not take for letters."""
    return [replace(each, priority=True) for each in keys.bindings(place) if isinstance(each, Binding)]
