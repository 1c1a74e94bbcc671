"""A panel: one rule with a title on top, and whatever it holds below."""

from typing import Any

from rich.text import Text
from textual.containers import Vertical
from textual.reactive import var
from textual.widget import Widget

from core.wording import shown
from workbench.formatting import cut
from workbench.themes import colour


class Rule(Widget):
    """The line on top of a panel. It is bright while the focus is in the panel."""

    DEFAULT_CSS = "Rule { height: 1; }"

    def __init__(self, panel: "Panel"):
        super().__init__()
        self._panel = panel

    def render(self) -> Text:
        panel = self._panel
        rule = colour(self, "focus" if panel.lit else "rule")
        # at the left edge of the screen there is nothing to be joined to
        joint = panel.joint if self.region.x else "─"
        line = Text("▌" if panel.lit else joint, rule, no_wrap=True)
        if panel.jumping:
            line.append(f" {panel.letter} ", f"bold reverse {colour(self, 'focus')}")
        if panel.title:
            line.append(f" {_in_line(panel.title)} ", f"bold {rule}" if panel.lit else colour(self, "text"))
        room = self.size.width - line.cell_len
        subtitle = cut(_in_line(panel.subtitle), room - 4)
        if subtitle:
            after = Text.assemble((f" {subtitle} ", colour(self, "muted")), ("─", rule))
            line.append("─" * (room - after.cell_len), rule)
            return line.append_text(after)
        return line.append("─" * max(0, room), rule)


def _in_line(title: str) -> str:
    """A title on one line; its own double blanks part what it says."""
    return shown(title).replace("\n", " ")


class Panel(Vertical):
    """Children under a rule. `letter` is the key that a jump finds it by; `joint` starts the rule."""

    DEFAULT_CSS = "Panel { height: auto; }"

    title = var("")
    subtitle = var("")
    lit = var(False)
    jumping = var(False)  # whether a jump waits for a letter, so that the rule shows this panel's

    def __init__(
        self, *children: Widget, title: str, subtitle: str = "", letter: str = "", joint: str = "─", **kwargs: Any
    ):
        self._rule = Rule(self)
        super().__init__(self._rule, *children, **kwargs)
        self.letter, self.joint = letter, joint
        self.set_reactive(Panel.title, title)
        self.set_reactive(Panel.subtitle, subtitle)

    def _redraw(self) -> None:
        self._rule.refresh()

    watch_title = watch_subtitle = watch_lit = watch_jumping = _redraw

    def on_descendant_focus(self) -> None:
        self.lit = True

    def on_descendant_blur(self) -> None:
        self.lit = False

    def enter(self) -> None:
        """Focus the first thing in the panel that can have it."""
        target = next((widget for widget in self.query("*") if widget.focusable), None)
        if target:
            target.focus()
