"""Every command of every screen by what people call it, and every option of the recipe; enter does it or goes there."""

from collections.abc import Iterator
from typing import NamedTuple

from rich.text import Text
from textual import on
from textual.app import App
from textual.screen import Screen

from core.options import options
from core.recipe import Recipe
from workbench import keys, places
from workbench.formatting import cut, pad
from workbench.keys import Action
from workbench.screens.base import BaseScreen
from workbench.screens.dialog import Dialog
from workbench.screens.search_dialog import SearchDialog
from workbench.synonyms import SYNONYMS, finds
from workbench.themes import colour
from workbench.widgets.filter import Filter
from workbench.widgets.footer import Footer
from workbench.widgets.lines import ItemList

WHERE_WIDTH, KEY_WIDTH = 18, 10  # cells
ANYWHERE = ("screen", "app", "anywhere")
# what only moves about has no use as a command, and neither has what closes a dialog
MOVES = {"back", "next_panel", "previous_panel", "commands"}
ELSEWHERE = {"data.path", "model.name", "freeze.trainable"}  # options that are chosen in other panels


class Command(NamedTuple):
    """One line. `place` says where it works, `option` is the dotted name of an option of the recipe, if it is one."""

    words: str
    where: str
    key: str
    search: str
    works: bool
    mode: str = ""
    place: str = ""
    action: Action | None = None
    option: str = ""


def commands(over: Screen) -> Iterator[Command]:
    """What can be done: here and now first, then on this screen, everywhere, on other screens; then the options."""
    here, working, seen = places.place_of(over), places.working(over), set()
    on_screen = keys.places_of(here)
    for action in keys.at(*on_screen):
        if action.id in working:
            seen.add(action.id)
            yield _command(action, "", True)
    for action in keys.at(*ANYWHERE):
        if action.id not in (*MOVES, *seen):
            seen.add(action.id)
            works = action.id in working or not action.keys
            yield _command(action, "", works, "" if works else here)
    for place in on_screen:
        for action in keys.at(place):
            if action.id not in seen:
                seen.add(action.id)
                where = action.when or places.title(over, place) if place in keys.PANELS.get(here, ()) else action.when
                yield _command(action, where, False, here, place)
    for mode in keys.MODES:
        for place in keys.places_of(mode):
            for action in keys.at(place):
                if action.id not in seen:
                    seen.add(action.id)
                    yield _command(action, keys.MODES[mode], False, mode, place)
    for option in options(Recipe):
        if option.name not in ELSEWHERE:
            name = option.name.replace(".", " ").replace("_", " ")
            search = f"{name} {option.help} {' '.join(option.flags)}".replace("_", " ").replace("-", " ")
            yield Command(f"{option.name}: {option.help}", "Recipe", "", search, False, option=option.name)


def _command(action: Action, where: str, works: bool, mode: str = "", place: str = "") -> Command:
    screen = f"Screen {action.help}" if action.id.startswith("mode_") else action.help
    search = f"{screen} {action.label} {SYNONYMS.get(action.id, '')}"
    return Command(screen, where, action.shown, search, works, mode, place, action)


class CommandList(ItemList[Command]):
    """One line a command: what it does, where it works where that is not here, its key."""

    DEFAULT_CSS = "CommandList { height: 1fr; }"

    def nothing(self) -> str:
        return "No such command."

    def line(self, index: int, width: int) -> Text:
        item, here = self.items[index], index == self.cursor
        key = pad(cut(item.key, KEY_WIDTH), KEY_WIDTH, right=True)
        where = pad(item.where, WHERE_WIDTH, right=True)
        room = width - WHERE_WIDTH - KEY_WIDTH - 4
        role = "focus" if here else "text" if item.works else "muted"
        return Text.assemble(
            ("▌" if here else " ", colour(self, "focus")),
            (pad(item.words, room), f"{'bold ' if here else ''}{colour(self, role)}"),
            (f" {where} ", colour(self, "muted")),
            (key, colour(self, "focus" if item.works else "muted")),
            no_wrap=True,
        )


class Palette(SearchDialog[Command | None]):
    """Leaves with the command that was chosen; the app does it."""

    TITLE, WAY_ON, ASKS = "Commands", "enter does it, or goes there · esc closes", "type what you want to do"

    def __init__(self, over: Screen):
        super().__init__(over, CommandList())
        self._commands = list(commands(over))

    def find(self, words: list[str]) -> None:
        # those whose own words begin so come before those that are only called so, or explained so
        named = [one for one in self._commands if finds(words, one.words.partition(":")[0])]
        others = [one for one in self._commands if one not in named and finds(words, one.search)]
        self._lines.show_items([*named, *others] if words else [one for one in self._commands if not one.option])

    @on(Filter.Submitted)
    @on(CommandList.Chosen)
    def _choose(self) -> None:
        if command := self._lines.selected:
            self.dismiss(command)


async def carry_out(app: App, over: Screen, command: Command | None) -> None:
    """Do what was chosen over a screen; where it is done elsewhere or at other times, go there and say its key."""
    if command is None:
        return
    screen = over
    if command.option or command.mode not in ("", places.place_of(over)):
        if isinstance(over, Dialog):
            over.action_back()
        mode = command.mode or "model"
        await app.switch_mode(mode)
        if isinstance(app.screen, BaseScreen) and places.place_of(app.screen) != mode:
            app.screen.dismiss()  # it stands over the screen that is wanted
        screen = app.screen
    if command.action is None:
        await screen.run_action(f"show_option('{command.option}')")
        return
    widget = places.home(screen, command.place) if command.place else None
    panel = places.panel_around(widget)
    if isinstance(screen, BaseScreen) and widget and panel:
        screen.open(panel)
        widget.focus()
    found = places.working(screen).get(command.action.id) if command.action.keys else (app, command.action.action)
    if found and screen is over:
        await app.run_action(found[1], found[0])
    elif isinstance(screen, BaseScreen):
        when = "" if found else f" works {command.action.when}" if command.action.when else ""
        screen.query_one(Footer).hint = f"{command.action.shown}{when}: {command.action.help}"
