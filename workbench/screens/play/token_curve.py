"""What the classifier would say had the text ended at each of its tokens."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from core.wording import on_one_line, plural
from workbench.formatting import LEVELS, cut, named
from workbench.themes import colour
from workbench.widgets.panel import Panel

TITLE = "After each token"
FEWEST, MOST = 3, 24  # cells of a token; a percentage fits into the fewest
MOST_LABEL = 24
ROOMY = 9  # lines, from which on bars are two lines high
NOTHING_TO_ALL = " " + LEVELS
HINT = "As you type, each token stands here with the verdict on the text up to it."


class Column(NamedTuple):
    """One token, or the few that share a character, and the label's share after it."""

    text: str
    tokens: int
    share: float

    @property
    def width(self) -> int:
        return max(FEWEST, cell_len(self.text))


class Columns(Widget):
    """The tokens, each over its bar and its percentage. Drawn line by line, because it is drawn at every key."""

    class Arranged(Message):
        """There is more or less room than before, so that another number of tokens may be shown."""

    def __init__(self) -> None:
        super().__init__()
        self._columns: list[Column] = []
        self._role = "muted"
        self._before = 0
        self._at = 0  # the column under the cursor of the text
        self._rows: list[slice] = []  # the columns of each row that is shown
        self._arrange()

    def show(self, columns: list[Column], role: str, before: int, at: int) -> None:
        """Show columns, of which the one with the number `at` is in sight."""
        self._columns, self._role, self._before, self._at = columns, role, before, at
        self._arrange()
        self.refresh()

    def look(self, at: int) -> None:
        """Bring another column into sight."""
        if at != self._at:
            self.show(self._columns, self._role, self._before, at)

    @property
    def after(self) -> int:
        """Tokens after the last column that is shown."""
        return sum(column.tokens for column in self._columns[self._rows[-1].stop :]) if self._rows else 0

    @property
    def before(self) -> int:
        """Tokens of the text that stand before the first that is shown."""
        hidden = self._columns[: self._rows[0].start] if self._rows else ()
        return self._before + sum(column.tokens for column in hidden)

    def on_resize(self) -> None:
        self._arrange()
        self.refresh()
        self.post_message(self.Arranged())

    def _arrange(self) -> None:
        width, height = self.size
        self._high = 2 if height >= ROOMY else 1  # lines of a bar
        self._each = self._high + 3  # of a row: names, bars, percentages, and a gap before the next
        self._top = 1 if (height + 1) % self._each else 0  # a line to spare is left free above
        most, widths = (height + 1) // self._each, [column.width for column in self._columns]
        if most <= 1:
            self._rows = list(scrolled(widths, width, self._at))
            return
        rows = list(wrapped(widths, width))
        last = max(most, 1 + next((i for i, row in enumerate(rows) if self._at < row.stop), len(rows)))
        self._rows = rows[:last][-most:]

    def render_line(self, y: int) -> Strip:
        row, line = divmod(y - self._top, self._each)
        segments: Iterable[Segment] = ()
        if not self._columns and y == self._top:
            segments = [Segment(HINT, Style.parse(colour(self, "muted")))]
        elif 0 <= row < len(self._rows) and line < self._each - 1:
            segments = self._segments(self._columns[self._rows[row]], line)
        return Strip(segments).adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def _segments(self, columns: Sequence[Column], line: int) -> Iterator[Segment]:
        """A line of a row of columns."""
        text, muted = Style.parse(colour(self, "text")), Style.parse(colour(self, "muted"))
        # what is empty of a bar is seen, too
        bar = Style.parse(f"{colour(self, self._role)} on {colour(self, 'surface')}")
        for column in columns:
            if line == 0:
                yield Segment(column.text + " " * (column.width + 1 - cell_len(column.text)), text)
            elif line <= self._high:
                yield Segment(level(column.share, self._high, line - 1) * column.width, bar)
                yield Segment(" ")
            else:
                now = column is self._columns[min(self._at, len(self._columns) - 1)]
                yield Segment(f"{whole_percent(column.share):<{column.width + 1}}", text if now else muted)


class TokenCurve(Panel):
    """One label's share at every token, in as many rows as there is height for, around the cursor of the text."""

    DEFAULT_CSS = "TokenCurve > Columns { height: 1fr; padding: 0 2; }"

    def __init__(self, **kwargs):
        self._columns = Columns()
        self._start = 0  # characters of the text before the first column
        self._ends: list[int] = []  # characters of the text before the end of each column
        super().__init__(self._columns, title=TITLE, **kwargs)

    def show(
        self,
        label: str,
        role: str,
        pieces: Sequence[tuple[str, int]],
        shares: Sequence[float],
        before: int,
        start: int,
        at: int,
    ) -> None:
        """Texts with the tokens that each takes, and the share of `label` after each.

        `before` tokens, which are `start` characters, are left out before them; the cursor stands at character `at`.
        """
        self.title = f"{named(label, MOST_LABEL, fill=False)} %, {TITLE[:1].lower()}{TITLE[1:]}"
        columns = [Column(_shown(text), n, share) for (text, n), share in zip(pieces, shares, strict=True)]
        self._start, self._ends = start, [*accumulate((len(text) for text, _ in pieces), initial=start)][1:]
        self._columns.show(columns, role, before, bisect_left(self._ends, at))
        self._count()

    def look(self, at: int) -> bool:
        """Bring the token at a character into sight; False where it is before or after those that there are."""
        if not self._ends:
            return True
        self._columns.look(bisect_left(self._ends, at))
        self._count()
        return self._start < at <= self._ends[-1] or (at == 0 and not self._start)

    def clear(self) -> None:
        self.title, self._ends = TITLE, []
        self._columns.show([], "muted", 0, 0)
        self._count()

    @on(Columns.Arranged)
    def _count(self) -> None:
        before = self._columns.before
        after = self._columns.after
        words = f"after {plural(before, 'token')}" if before else "", f"{after:,} more" if after else ""
        self.subtitle = ", ".join(filter(None, words))


def _shown(piece: str) -> str:
    """A token's text. The space that words begin with is the gap between two columns; others are made visible."""
    shown = on_one_line(piece.replace("\n", "⏎").replace("\t", "⇥")).strip(" ")
    return cut(shown, MOST) or ("␣" if piece.isspace() else "·")


def whole_percent(share: float) -> str:
    """0.576 -> '58', three cells at most. What is not quite all or nothing is never rounded to it."""
    percent = round(share * 100)
    return "<1" if percent < 1 else ">99" if percent > 99 else str(percent)


def level(share: float, high: int, line: int) -> str:
    """One cell of a bar that is `high` lines high, counted from the top: to an eighth, and never quite empty."""
    eighths = max(1, round(share * high * 8))
    return NOTHING_TO_ALL[max(0, min(8, eighths - 8 * (high - 1 - line)))]


def wrapped(widths: Sequence[int], room: int) -> Iterator[slice]:
    """Columns of these widths, a cell apart, in rows of at most `room` cells."""
    start = used = 0
    for i, width in enumerate(widths):
        if used + width > room and i > start:
            yield slice(start, i)
            start, used = i, 0
        used += width + 1
    if start < len(widths):
        yield slice(start, len(widths))


def scrolled(widths: Sequence[int], room: int, at: int) -> Iterator[slice]:
    """The one row that shows the column `at`. It moves on by half a row, so that it stands still at most keys."""
    start = used = 0
    for i, width in enumerate(widths):
        if i > at and used + width > room:
            yield slice(start, i)
            return
        used += width + 1
        if used - 1 > room:
            while used - 1 > room // 2 and start < i:
                used -= widths[start] + 1
                start += 1
    if start < len(widths):
        yield slice(start, len(widths))
