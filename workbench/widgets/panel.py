"""A panel: one rule with a title on top, and whatever it holds below."""

from rich.text import Text
from textual.containers import Vertical
from textual.reactive import reactive
from textual.widget import Widget

from core.wording import shown
from workbench.formatting import cut
from workbench.themes import colour


class Rule(Widget):
    """The line on top of a panel. It is bright while the focus is in the panel."""

    DEFAULT_CSS = "Rule { height: 1; }"

    title = reactive("")
    subtitle = reactive("")
    lit = reactive(False)
    letter = reactive("")  # the key that leads here, while a jump waits for it

    def __init__(self, title: str, joint: str):
        super().__init__()
        self.set_reactive(Rule.title, title)
        self._joint = joint

    def render(self) -> Text:
        rule = colour(self, "focus" if self.lit else "rule")
        # at the left edge of the screen there is nothing to be joined to
        joint = self._joint if self.region.x else "─"
        line = Text("▌" if self.lit else joint, rule, no_wrap=True)
        if self.letter:
            line.append(f" {self.letter} ", f"bold reverse {colour(self, 'focus')}")
        if self.title:
            line.append(f" {_in_line(self.title)} ", f"bold {rule}" if self.lit else colour(self, "text"))
        room = self.size.width - line.cell_len
        subtitle = cut(_in_line(self.subtitle), room - 4)
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

    def __init__(self, *children: Widget, title: str, letter: str = "", joint: str = "─", **kwargs):
        self._rule = Rule(title, joint)
        super().__init__(self._rule, *children, **kwargs)
        self.letter = letter

    def on_descendant_focus(self) -> None:
        self._rule.lit = True

    def on_descendant_blur(self) -> None:
        self._rule.lit = False

    @property
    def title(self) -> str:
        return self._rule.title

    @title.setter
    def title(self, title: str) -> None:
        self._rule.title = title

    @property
    def subtitle(self) -> str:
        return self._rule.subtitle

    @subtitle.setter
    def subtitle(self, subtitle: str) -> None:
        self._rule.subtitle = subtitle

    def show_letter(self, shown: bool) -> None:
        """Stand the panel's letter in its rule, or take it out again."""
        self._rule.letter = self.letter if shown else ""

    def enter(self) -> None:
        """Focus the first thing in the panel that can have it."""
        target = next((widget for widget in self.query("*") if widget.focusable), None)
        if target:
            target.focus()
