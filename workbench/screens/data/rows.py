"""The browser of rows: as long as the file, fetched a page at a time from the helper."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.text import Text
from textual.message import Message
from textual.widgets import Input
from textual.worker import Worker

from core.architectures.counting import LONGEST
from core.errors import WorkbenchError
from core.rows import Profile, Row
from core.wording import on_one_line
from workbench import keys
from workbench.formatting import cut, name_width, named, pad
from workbench.screens.data.filters import plus
from workbench.session.complain import complain
from workbench.session.exporting import Export
from workbench.session.helper import Progress, Superseded
from workbench.session.session import session_of
from workbench.themes import colour, name_role
from workbench.widgets.lines import Lines

PAGE = 200  # rows
LONGEST_SEARCH = 30  # cells of what was searched for, where it is said again
LEAST_TEXT, BESIDE = 36, 20  # cells for the text, and for row, tokens and the gaps
SORTS = ("row", "label", "tokens")


class View(NamedTuple):
    """Which rows, in which order."""

    filter: str = ""
    search: str = ""
    sort: str = "row"
    reverse: bool = False
    also: tuple[str, ...] = ()  # further filters, all of which a row has to pass
    regex: bool = False  # whether `search` is a regular expression

    @property
    def filters(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.filter, *self.also)))

    def plus(self, more: str) -> "View":
        """With one more filter; of a kind of which a row is one, in place of the one before."""
        first, *others = plus(self.filters, more)
        return self._replace(filter=first, also=tuple(others))

    @property
    def said_search(self) -> str:
        """“words”, or /expression/."""
        return f"/{on_one_line(self.search)}/" if self.regex else f"“{on_one_line(self.search)}”"


class Rows(Lines):
    """`look(view)` shows other rows; pages are asked for when they come into sight."""

    BINDINGS = keys.bindings("rows")

    class Counted(Message):
        """How many rows the view has is known."""

    def __init__(self) -> None:
        super().__init__()
        self.view = View()
        self.total = 0
        self._pages: dict[int, list[Row]] = {}
        self._wanted: list[int] = []  # pages, the latest last
        self._fetching: Worker | None = None
        self._hues: dict[str, str] = {}
        self._goal: int | None = None  # the number of the row for the cursor
        self._sought: int | None = None  # the same, until it is known where that is
        self._start = 0  # where the cursor stands at first
        self.problem = ""  # why the rows cannot be searched
        self.searching = ""  # how far a search is that takes long

    @property
    def count(self) -> int:
        return self.total

    @property
    def row(self) -> Row | None:
        """The row under the cursor, where it has arrived."""
        return self._at(self.cursor)

    @property
    def wanted(self) -> int | None:
        """The number of the row under the cursor, or of the one that the cursor is on its way to."""
        return self.row.row if self.row else self._goal

    def nothing(self) -> str:
        if self.problem:
            return f"✕ {self.problem}"
        if not self._pages:  # not known yet
            return ""
        if not self.view.search:
            return "No row is like that any more. esc shows all rows."
        nothing, verb = (
            "Nothing among these" if self.view.filters else "Nothing",
            "matches" if self.view.regex else "holds",
        )
        mark = self.view.said_search
        return f"{nothing} {verb} {mark[0]}{cut(mark[1:-1], LONGEST_SEARCH)}{mark[-1]}. esc shows all rows."

    def look(self, view: View, row: int | None = None) -> None:
        """Show the rows of a view from its first one, or with the cursor on a row of this number."""
        self.view, self._goal, self._sought, self._start = view, row, row, 0
        self._pages, self._wanted = {}, [0]
        self.problem = self.searching = ""
        profile = session_of(self).draft.profile
        labels = profile.labels if profile else {}
        self._hues = {label: name_role(i, len(labels)) for i, label in enumerate(labels)}
        self._fetching = self.run_worker(self._fetch, exclusive=True)

    def _want(self, page: int) -> None:
        if page not in self._wanted:
            self._wanted.append(page)
        if self._fetching is None or self._fetching.is_finished:
            self._fetching = self.run_worker(self._fetch, exclusive=True)

    async def _fetch(self) -> None:
        # one page at a time, the latest wanted first: a newer question would take the older one's place
        helper, view = session_of(self).data_helper, self.view._asdict()
        while self._wanted:
            try:
                if self._sought is not None:
                    self._start = (await helper.ask("place", **view, row=self._sought))["place"]
                    self._sought, self._wanted = None, [self._start // PAGE]
                page = self._wanted[-1]
                answer = await helper.ask("rows", self._progressed, **view, start=page * PAGE, count=PAGE)
            except Superseded:
                continue
            except WorkbenchError as error:
                self._wanted = []
                if self.view.search:
                    self._cannot_search(str(error))
                else:
                    complain(self.app, error)
                return
            self._wanted.remove(page)
            self._arrived(page, msgspec.convert(answer["rows"], list[Row]), answer["total"])

    def _progressed(self, progress: Progress) -> None:
        if progress.name == "search" and progress.done:
            self.searching = f"searching, {progress.done:,} of {progress.total:,}"
            self.post_message(self.Counted())

    def _cannot_search(self, why: str) -> None:
        """What is typed need not be an expression yet: it is said in the place of the rows."""
        self.problem, self.searching, self.total = why, "", 0
        self.changed()
        self.post_message(self.Counted())
        self.post_message(self.Moved(self))

    def _arrived(self, page: int, rows: list[Row], total: int) -> None:
        first = not self._pages
        self._pages[page], self.total, self.searching = rows, total, ""
        self.changed()
        if first:
            self.cursor = self._start
            self.scroll_to(y=max(0, self._start - self.scrollable_content_region.height // 2), animate=False)
        self.post_message(self.Counted())
        self.post_message(self.Moved(self))

    def _at(self, index: int) -> Row | None:
        page = self._pages.get(index // PAGE, [])
        return page[index % PAGE] if index % PAGE < len(page) else None

    @property
    def numbers(self) -> tuple[list[int], int]:
        """The numbers of the rows around the cursor as they are listed, and which of them it is on."""
        page = self.cursor // PAGE
        rows = self._pages.get(page, [])
        return [row.row for row in rows], self.cursor - page * PAGE

    async def copied(self) -> str:
        if self.row is None:
            return ""
        return (await session_of(self).data_helper.ask("text", row=self.row.row))["text"]

    def exported(self) -> Export | None:
        async def write(path: Path) -> None:
            with suppress(Superseded):  # the app is being left
                await session_of(self).data_helper.ask("save", **view, path=str(path))

        view, data = self.view._asdict(), session_of(self).draft.recipe.data
        return Export("Export these rows", f"{Path(data.path).stem}-rows.csv", write) if self.total else None

    def headings(self, width: int) -> Text:
        """The line above the rows; an arrow stands at what they are sorted by."""
        arrow = " ▾" if self.view.reverse else " ▴"
        row, label, tokens = (name + arrow * (name == self.view.sort) for name in SORTS)
        tokens = tokens.replace("tokens", f"{unit_of(session_of(self).draft.profile)}s")
        words = (
            f" {pad(row, 7, right=True)}  {pad(label, self._label_width(width))}  {pad(tokens, 8, right=True)}  text"
        )
        return Text(cut(words, width), colour(self, "muted"), no_wrap=True)

    def _label_width(self, width: int) -> int:
        return name_width(self._hues, width - LEAST_TEXT - BESIDE, 7)

    def line(self, index: int, width: int) -> Text:
        row = self._at(index)
        if row is None:
            self._want(index // PAGE)
            return Text("   …", colour(self, "muted"))
        text, muted = colour(self, "text"), colour(self, "muted")
        line = Text(no_wrap=True)
        line.append(f" {row.row:>7}  ", muted)
        line.append(named(row.label, self._label_width(width)), colour(self, self._hues.get(row.label, "muted")))
        line.append(f"  {row.tokens:>8,}  ", muted)
        marks = f"  {', '.join(row.marks)}" if row.marks and width >= 100 else ""
        room = width - line.cell_len - len(marks) - 1
        line.append(pad(on_one_line(row.text), room), text if row.split else muted)
        return line.append(marks, colour(self, "warning"))


def unit_of(profile: Profile | None) -> str:
    """What texts are measured in: a model that counts reads words, and no tokens."""
    return "word" if profile and profile.context == LONGEST else "token"


class FindRow(Input):
    """The field under the rows that searches them."""

    BINDINGS = keys.bindings("find_row")
