"""A block of the chosen model as a drawing: what it is made of, who sees whom, and what GPT-2 does otherwise."""

from typing import NamedTuple

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from core.architectures.architecture import Architecture
from core.architectures.design import GPT2, BlockDesign
from core.wording import plural
from workbench.formatting import cut
from workbench.themes import colour

TOKENS = 8  # in a picture of who sees whom
NEAR = 1  # tokens to each side, where one sees what is near
BRANCH = 7  # cells of the lines at the left
SAID = 24  # cells that each line has for its words, at least
SIGHT = 16  # cells of the pictures at the right, with what is said of them


class Line(NamedTuple):
    """One line: what is drawn at the left, what is said of it, and whether GPT-2 does otherwise."""

    drawn: str
    words: str = ""
    other: bool = False


def lines_of(arch: Architecture, design: BlockDesign) -> list[Line]:
    """A block from the top down, its input at the bottom."""
    second = [Line("", f"{design.mlp}, {arch.inner:,} wide", design.mlp != GPT2.mlp)]
    heads = plural(arch.n_heads, "head")
    first = [Line("", f"attention, {heads}")]
    if arch.n_kv_heads != arch.n_heads:
        first.append(Line("", f"keys, values: {plural(arch.n_kv_heads, 'head')}", True))
    if design.besides:
        first.append(Line("", design.besides, True))
    under = "tokens"
    if design.positions == "a table":
        under = "tokens + position table"
    else:
        words = "rotary positions" if design.positions == "rotary" else design.positions
        first.append(Line("", words, True))
    norm = Line("", design.norm, design.norm != GPT2.norm)
    return [*_half(second, norm, design), *_half(first, norm, design), Line("  ▲    ", under)]


def _half(inside: list[Line], norm: Line, design: BlockDesign) -> list[Line]:
    """What is added to the stream; a norm stands before it, in the branch, or after it, in the stream."""
    if design.norm_first:
        branch, above = [*inside, norm], []
    else:
        branch, above = inside, [norm._replace(drawn="  ▣    ", words=f"{norm.words}, after", other=True)]
    rungs = [line._replace(drawn="  │  │ ") for line in branch]
    return [*above, Line("  ⊕◄─╮ "), *rungs, Line("  ├──╯ ")]


def sight(near: bool = False, causal: bool = False) -> list[str]:
    """Who sees whom among a few tokens: a row for each, filled under what it sees; two rows a line."""

    def seen(row: int, column: int) -> bool:
        return not (causal and column > row) and not (near and abs(row - column) > NEAR)

    marks = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    return [
        "".join(marks[seen(row, column), seen(row + 1, column)] for column in range(TOKENS))
        for row in range(0, TOKENS, 2)
    ]


def beside(design: BlockDesign) -> list[str]:
    """The pictures of who sees whom, with what is said of them above."""
    if design.sees == "what is near" and design.whole_every > 1:
        n = design.whole_every
        return [f"1 of {n} blocks", *sight(), "", f"{n - 1} of {n} blocks", *sight(near=True)]
    return ["sees", design.sees, *sight(causal=design.sees == "what is before", near=design.sees == "what is near")]


class BlockDrawing(Widget):
    """A block of `arch`; bright is what GPT-2 does otherwise. Nothing where there is none."""

    DEFAULT_CSS = "BlockDrawing { height: 1fr; }"

    arch: reactive[Architecture | None] = reactive(None, layout=True)

    @property
    def n_lines(self) -> int:
        """How many lines show all of it."""
        design = self.arch.design if self.arch else None
        return max(len(lines_of(self.arch, design)), len(beside(design))) if self.arch and design else 0

    @property
    def brief(self) -> str:
        """It in a few words."""
        design = self.arch.design if self.arch else None
        return f"{design.mlp}, {design.norm_in_words}" if design else ""

    def render(self) -> Text:
        design = self.arch.design if self.arch else None
        if self.arch is None or design is None:
            return Text("")
        text, muted, rule, focus = (colour(self, role) for role in ("text", "muted", "rule", "focus"))
        lines, pictures = lines_of(self.arch, design), beside(design)
        width = self.size.width
        with_pictures = width >= BRANCH + SAID + SIGHT
        shown, room = Text(no_wrap=True), min(width, BRANCH + SAID) if with_pictures else width
        pictures = [""] * (len(lines) - 1 - len(pictures)) + pictures  # beside attention, which is below
        other_sight = design.sees != GPT2.sees
        for i in range(max(len(lines), len(pictures))):
            drawn, words, other = lines[i] if i < len(lines) else Line("")
            line = Text(drawn, rule, no_wrap=True)
            line.append(cut(words, room - BRANCH), f"bold {text}" if other else muted)
            if with_pictures and i < len(pictures):
                line.pad_right(room - line.cell_len)
                is_picture = not pictures[i].strip() or set(pictures[i]) <= set("█▀▄ ")
                line.append(pictures[i], focus if is_picture else f"bold {text}" if other_sight else muted)
            shown.append_text(line).append("\n")
        shown.rstrip()
        return shown
