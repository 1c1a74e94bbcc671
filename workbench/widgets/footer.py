"""The one line at the bottom of every screen: at most six keys that work right now."""

from rich.text import Text
from textual import events
from textual.reactive import reactive
from textual.widget import Widget

from workbench import keys
from workbench.formatting import cut
from workbench.themes import colour

IN_A_FIELD = (
    ("esc", "leave the field", "escape"),
    ("^o", "jump", "ctrl+o"),
    ("^p", "commands", "ctrl+p"),
    ("f1", "help", "f1"),
)
MOST = 6


class Footer(Widget):
    """Keys and what they do, from the bindings that are active. A click on one presses it.

    `hint` stands there instead, until the next key: where a key works that does nothing here.
    """

    DEFAULT_CSS = "Footer { height: 1; dock: bottom; }"

    hint = reactive("")

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())
        self._spots: list[tuple[int, str]] = []  # right end of each key's label, and the key

    def _hints(self) -> list[tuple[str, str, str]]:
        field = self.screen.focused if keys.takes_text(self.screen.focused) else None
        active = [each for each in self.screen.active_bindings.values() if each.enabled and field in (None, each.node)]
        enabled = {each.binding.id for each in active}
        shown = [action for action in keys.ACTIONS if action.label and action.id in enabled]
        if len(shown) > MOST:  # the last, help, always stands
            shown = [*shown[: MOST - 1], shown[-1]]
        hints = [(action.face or action.shown.split()[0], action.label, action.keys.split(",")[0]) for action in shown]
        if not field:
            return hints
        return [*(hints or [("enter", "done", "enter")]), *IN_A_FIELD]

    def render(self) -> Text:
        hints = self._hints()
        line, self._spots = Text(" ", no_wrap=True), []
        if self.hint:
            return line.append(cut(self.hint, self.size.width - 2), colour(self, "text"))
        for hint in hints:
            key, label, press = hint
            text = Text.assemble((key, colour(self, "focus")), " ", (label, colour(self, "muted")), "  ")
            if hint is hints[-1]:
                line.append(" " * max(0, self.size.width - line.cell_len - text.cell_len))
            elif line.cell_len + text.cell_len > self.size.width:
                continue
            line.append_text(text)
            self._spots.append((line.cell_len, press))
        return line

    def on_click(self, event: events.Click) -> None:
        press = next((press for end, press in self._spots if event.x < end), "")
        if press:
            self.app.simulate_key(press)
