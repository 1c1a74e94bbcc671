"""One text as the model reads it: a chip a token."""

from collections.abc import Sequence

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from core.wording import on_one_line
from workbench.themes import colour

MOST = 2_000  # chips; what comes after is counted
LEGEND = "² tokens in one character"
CUT = " ▲cut▸ "  # before the first chip that the model does not read
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Tokens(Widget):
    """Chips in two shades, one after the other, of `pieces`: texts with the number of tokens that each takes.

    What a context cuts, `cut` by its number, is struck through, behind a mark.

    Tokens that share a character share a chip and are counted. Special ones, which are not in the text, have none.
    """

    DEFAULT_CSS = "Tokens { height: auto; padding: 0 1; }"

    pieces: reactive[Sequence[tuple[str, int, bool]]] = reactive((), layout=True)
    cut: reactive[frozenset[int]] = reactive(frozenset(), layout=True)

    @property
    def counts(self) -> bool:
        """Whether raised digits are on show."""
        return any(n_tokens > 1 and not special for _, n_tokens, special in self.pieces[:MOST])

    @property
    def line_of_cut(self) -> int:
        """The line on which what is cut begins; 0 where nothing is."""
        before, mark, _ = self.render().plain.partition(CUT)
        return len(Text(before).wrap(self.app.console, max(1, self.content_region.width))) - 1 if mark else 0

    def render(self) -> Text:
        text, muted = colour(self, "text"), colour(self, "muted")
        shades = [f"{text} on {colour(self, 'surface')}", f"{text} on {colour(self, 'rule')}"]
        line = Text(overflow="fold")
        first = min(self.cut, default=-1)
        for i, (piece, n_tokens, special) in enumerate(self.pieces[:MOST]):
            if i == first:
                line.append(CUT, f"bold {colour(self, 'warning')}")
            if special:
                line.append(f"{' ' if i else ''}{on_one_line(piece)} ", muted)
                continue
            shown = piece.replace("\n", "⏎").replace("\t", "⇥")
            # every piece is shown by itself, and white space at its edges is part of it
            inner = on_one_line(shown.strip(" "))
            left, right = len(shown) - len(shown.lstrip(" ")), len(shown) - len(shown.rstrip(" "))
            style = f"{muted} strike" if i in self.cut else shades[i % 2]
            line.append(" " * left + inner + " " * (right if inner else 0), style)
            if n_tokens > 1:
                line.append(str(n_tokens).translate(RAISED), f"{muted} on {colour(self, 'background')}")
        beyond = len(self.pieces) - MOST
        if beyond > 0:
            line.append(f"  and {beyond:,} more", muted)
        return line
