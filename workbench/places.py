"""Where on a screen the actions of the registry work, and whether they work now."""

from collections.abc import Iterator
from typing import NamedTuple

from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from workbench import keys
from workbench.keys import Action
from workbench.widgets.panel import Panel


class Group(NamedTuple):
    """Actions that work in the same place and in the same state."""

    title: str
    actions: list[Action]


def place_of(screen: Screen) -> str:
    """Where its keys stand in the registry: a screen's mode, or the name of a dialog."""
    return getattr(screen, "PLACE", "") or getattr(screen, "MODE", "dialog")


def working(screen: Screen) -> dict[str, tuple[DOMNode, str]]:
    """The actions that work on a screen now, by their ids: the widget that has each, and Textual's name of it."""
    return {each.binding.id: (each.node, each.binding.action) for each in screen.active_bindings.values()
            if each.enabled and each.binding.id}  # fmt: skip


def home(screen: Screen, place: str) -> Widget | None:
    """The widget of a screen that has the keys of a place; None where it has none, or has not got it yet."""
    wanted = {action.id for action in keys.at(place)}
    return next((widget for widget in screen.query("*") if _ids(widget) == wanted), None)


def _ids(widget: Widget) -> set[str]:
    return {each.id for each in type(widget).BINDINGS if isinstance(each, Binding) and each.id}


def panel_around(widget: Widget | None) -> Panel | None:
    """The innermost panel that a widget stands in."""
    around = widget.ancestors_with_self if widget else ()
    return next((node for node in around if isinstance(node, Panel)), None)


def is_shown(widget: Widget) -> bool:
    """Whether neither it nor anything around it is hidden."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def title(screen: Screen, place: str) -> str:
    """What a person calls a place: a panel's title where it has one."""
    panel = panel_around(home(screen, place))
    return keys.CALLED.get(place) or (panel.title if panel else place.capitalize())


def way_to(screen: Screen, place: str) -> str:
    """The keys that lead to a place of a screen: '^o l', or 'tab' where no letter does."""
    panel = panel_around(home(screen, place))
    if panel and panel.letter and place not in keys.CALLED:
        return f"{keys.key_of('jump')} {panel.letter}"
    return keys.key_of("next_panel")


def groups(screen: Screen) -> Iterator[Group]:
    """All that a screen's keys do: the focused panel first, then the screen by its states, then the rest."""
    here = place_of(screen)
    panels = [place for place in keys.PANELS.get(here, ()) if home(screen, place)]
    around = set(screen.focused.ancestors_with_self) if screen.focused else set()
    focused = [place for place in panels if home(screen, place) in around]
    for place in focused:
        yield from _by_state(title(screen, place), place)
    yield from _by_state(keys.MODES.get(here) or keys.CALLED.get(here, "Here"), here)
    for place in panels:
        if place not in focused:
            yield from _by_state(f"{title(screen, place)}   {way_to(screen, place)}", place)
    yield from _by_state("In a list", "list")
    yield from _by_state("Everywhere", "app", "anywhere", "screen")


def _by_state(name: str, *places: str) -> Iterator[Group]:
    actions = [action for action in keys.at(*places) if action.keys]
    for state in dict.fromkeys(["", *(action.when for action in actions)]):
        if some := [action for action in actions if action.when == state]:
            yield Group(f"{name}, {state}" if state else name, some)


def where_it_works(screen: Screen, key: str) -> str:
    """Where a key works that does nothing here: 'space works in Layers: ^o l'; empty where it works nowhere."""
    face, here = keys.key_in_words(key), place_of(screen)
    found = [(action, place) for action in keys.ACTIONS if key in action.keys.split(",")
             for place in action.places.split()]  # fmt: skip
    for place in keys.PANELS.get(here, ()):
        if any(one == place for _, one in found) and home(screen, place):
            return f"{face} works in {title(screen, place)}: {way_to(screen, place)}"
    if states := [action.when for action, place in found if place == here and action.when]:
        return f"{face} works {' or '.join(dict.fromkeys(states))}"
    below = getattr(screen, "MODE", "")  # which its own digit does not lead to
    for mode, name in keys.MODES.items():
        if mode != here and any(place in keys.places_of(mode) for _, place in found):
            return f"{face} works in {name}: {keys.key_of('back' if mode == below else f'mode_{mode}')}"
    return ""
