"""A panel: one rule with a title on top, and whatever it holds below."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.containers import Vertical
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

from core.wording import shown
from workbench import keys
from workbench.formatting import cut
from workbench.themes import colour

LEAST_SUBTITLE = 12  # cells, below which a longer one says nothing
BETWEEN = " · "
# the keys that dialogs name in their rules, as Textual calls them
KEYS = {"enter": "enter", "esc": "escape", "tab": "tab", "f1": "f1", "←": "left", "→": "right"}
KEYS |= {"y": "y", "f": "f", "?": "question_mark"}
TYPED = {"y", "f", "question_mark"}  # a field would take them for letters


class Word(NamedTuple):
    """A panel for which there is no room: its word, the letter that a jump finds it by, what it says in short."""

    panel: "Panel"
    word: str
    letter: str
    brief: str


class Rule(Widget):
    """The line on top of a panel. It is bright while the focus is in the panel.

    A click enters the panel. Panels for which there is no room are words in it; a click on one opens it. In a dialog
    it says what keys do; a click there presses one.
    """

    DEFAULT_CSS = "Rule { height: 1; }"

    def __init__(self, panel: "Panel"):
        super().__init__()
        self._panel = panel
        self._spots: list[tuple[int, int, Panel]] = []  # cells of each word, and what it opens
        self._presses: list[tuple[int, int, str]] = []  # cells of what is said of a key, and the key

    def render(self) -> Text:
        rule = colour(self, "focus" if self._panel.lit else "rule")
        line = self._left(rule)
        room = self.size.width - line.cell_len
        subtitle, self._presses = _in_line(self._panel.subtitle), []
        if subtitle and room - 4 >= min(LEAST_SUBTITLE, cell_len(subtitle)):
            subtitle = cut(subtitle, room - 4)
            after = Text.assemble((f" {subtitle} ", colour(self, "muted")), ("─", rule))
            line.append("─" * (room - after.cell_len), rule)
            if self._panel.has_class("dialog"):
                self._presses = presses(subtitle, line.cell_len + 1)
            return line.append_text(after)
        return line.append("─" * max(0, room), rule)

    @property
    def room(self) -> int:
        """Cells that a subtitle can have."""
        return self.size.width - self._left("").cell_len - 4

    def _left(self, rule: str) -> Text:
        """Title and words."""
        panel = self._panel
        # at the left edge of the screen there is nothing to be joined to
        joint = panel.joint if self.region.x else "─"
        line = Text("▌" if panel.lit else joint, rule, no_wrap=True)
        if panel.jumping and panel.letter:
            line.append(f" {panel.letter} ", f"bold reverse {colour(self, 'focus')}")
        if panel.title:
            line.append(f" {_in_line(panel.title)} ", f"bold {rule}" if panel.lit else colour(self, "text"))
        self._spots = []
        return line.append_text(self._words(self.size.width - line.cell_len)) if panel.folded else line

    def _words(self, room: int) -> Text:
        """The folded panels, with what they say in short where there is room for it; `tab` opens the next."""
        rule, muted, focus = (colour(self, role) for role in ("rule", "muted", "focus"))
        panel = self._panel
        for with_brief, ending in ((True, True), (False, True), (False, False)):
            line, spots = Text("─ ", rule, no_wrap=True), []
            for i, each in enumerate(panel.folded):
                line.append(" · " if i else "", rule)
                start = line.cell_len
                if panel.jumping and each.letter:
                    line.append(f" {each.letter} ", f"bold reverse {focus}")
                line.append(each.word, muted)
                if with_brief and each.brief:
                    line.append(f" {each.brief}", rule)
                spots.append((start, line.cell_len, each.panel))
            if ending:
                line.append_text(Text.assemble("  ", ("tab", focus), " ", ("opens", muted)))
            line.append(" ")
            if line.cell_len <= room:
                break
        at = self.size.width - room
        self._spots = [(at + start, at + end, opened) for start, end, opened in spots]
        line.truncate(room, overflow="ellipsis")
        return line

    def on_click(self, event: events.Click) -> None:
        for start, end, opened in self._spots:
            if start <= event.x < end:
                event.stop()
                self.post_message(Panel.Opened(opened))
                return
        key = next((key for start, end, key in self._presses if start <= event.x < end), "")
        if key and not (key in TYPED and keys.takes_text(self.screen.focused)):
            self.app.simulate_key(key)
        elif self._panel.letter:
            self.post_message(Panel.Opened(self._panel))


def presses(words: str, start: int) -> list[tuple[int, int, str]]:
    """The cells of what 'enter takes it · esc leaves' says of each key, counted from `start`, and the key."""
    found = []
    for said in words.split(BETWEEN):
        named = list(takewhile(KEYS.__contains__, said.split()))
        for i, name in enumerate(named):
            cells = cell_len(said if i == len(named) - 1 else f"{name} ")
            found.append((start, start + cells, KEYS[name]))
            start, said = start + cells, said.removeprefix(f"{name} ")
        start += cell_len(BETWEEN) + (0 if named else cell_len(said))
    return found


def _in_line(title: str) -> str:
    """A title on one line; its own double blanks part what it says."""
    return shown(title).replace("\n", " ")


class Panel(Vertical):
    """Children under a rule. `letter` is the key that a jump finds it by; `joint` starts the rule.

    `word` names the panel where there is no room for it, `brief` says what it would show, and `folded` are the words
    of other panels, in this one's rule.
    """

    DEFAULT_CSS = "Panel { height: auto; }"

    title = var("")
    subtitle = var("")
    lit = var(False)
    jumping = var(False)  # whether a jump waits for a letter, so that the rule shows this panel's
    joint = var("─")
    folded: var[Sequence[Word]] = var(())

    class Opened(Message):
        """The person wants to be in a panel, which may be a word now."""

        def __init__(self, panel: "Panel"):
            super().__init__()
            self.panel = panel

    def __init__(
        self, *children: Widget, title: str, subtitle: str = "", letter: str = "", word: str = "", **kwargs: Any
    ):
        self._rule = Rule(self)
        super().__init__(self._rule, *children, **kwargs)
        self.letter, self._word, self.brief = letter, word, ""
        self.set_reactive(Panel.title, title)
        self.set_reactive(Panel.subtitle, subtitle)

    def _redraw(self) -> None:
        self._rule.refresh()

    watch_title = watch_subtitle = watch_lit = watch_jumping = watch_joint = watch_folded = _redraw

    @property
    def room(self) -> int:
        """Cells of its rule that a subtitle can have."""
        return self._rule.room

    @property
    def as_word(self) -> Word:
        return Word(self, self._word or _in_line(self.title), self.letter, self.brief)

    def on_descendant_focus(self) -> None:
        self.lit = True

    def on_descendant_blur(self) -> None:
        # of two things in it, the one that loses the focus may tell later than the one that gets it
        self.lit = self.has_focus_within

    def on_focus(self) -> None:
        self.lit = True

    def on_blur(self) -> None:
        self.lit = self.can_focus = False

    def enter(self) -> None:
        """Focus the first thing in the panel that can have it, or else the panel itself."""
        if not self.enter_a_field():
            self.can_focus = True
            self.focus()

    def enter_a_field(self) -> bool:
        """Focus the first thing in the panel that can have it; whether there is one."""
        target = next((widget for widget in self.query("*") if widget.focusable and widget.display), None)
        if target:
            target.focus()
        return target is not None
