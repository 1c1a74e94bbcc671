"""Every key of a screen, by panel and state; those that do nothing now are dimmed, and typing finds one."""

from rich.text import Text
from textual.screen import Screen

from workbench import keys, places
from workbench.formatting import cut, pad
from workbench.keys import Action
from workbench.screens.search_dialog import SearchDialog
from workbench.synonyms import SYNONYMS, finds
from workbench.themes import colour
from workbench.widgets.filter import Filter, bindings_before_typing
from workbench.widgets.lines import ItemList

KEYS_WIDTH = 14  # cells


class KeyList(ItemList[Action | str]):
    """Actions under the titles of their groups; `working` are the ids of those that work now."""

    DEFAULT_CSS = "KeyList { height: 1fr; }"

    def __init__(self, working: set[str]):
        super().__init__()
        self._working = working

    def nothing(self) -> str:
        return "No key does that here. ^p finds what other screens do."

    def line(self, index: int, width: int) -> Text:
        item = self.items[index]
        if isinstance(item, str):
            return Text(cut(f" {item}", width), f"bold {colour(self, 'text')}", no_wrap=True)
        works = item.id in self._working
        face = f"{pad(item.shown, KEYS_WIDTH, right=True)}  "
        return Text.assemble(
            (face, colour(self, "focus" if works else "frozen")),
            (cut(item.help, width - KEYS_WIDTH - 3), colour(self, "text" if works else "frozen")),
            no_wrap=True,
        )


class KeyFilter(Filter):
    """A question mark closes help rather than being searched for."""

    BINDINGS = bindings_before_typing("help_field")


class Help(SearchDialog[None]):
    """What opened it closes it, and so does esc."""

    TITLE, WAY_ON, ASKS = "Keys", "dimmed: does nothing now · f1 explains · esc closes", "type to find a key"
    BINDINGS = keys.bindings("help")
    FIELD = KeyFilter

    def __init__(self, over: Screen):
        self._groups = list(places.groups(over))
        super().__init__(over, KeyList(set(places.working(over))))

    def find(self, words: list[str]) -> None:
        items: list[Action | str] = []
        for group in self._groups:
            found = [one for one in group.actions if finds(words, _words(one)) or words == [one.shown.lower()]]
            items += ["", group.title, *found] if found else []
        self._lines.show_items(items[1:])

    def action_move(self, by: int) -> None:
        self._lines.scroll_relative(y=by, animate=False)


def _words(action: Action) -> str:
    return f"{action.shown} {action.label} {action.help} {SYNONYMS.get(action.id, '')}"
