"""The list of rows that look mislabelled, the most doubted first."""

from rich.text import Text

from core.rows import Doubt, DoubtsFound
from core.wording import on_one_line, percent
from workbench import keys
from workbench.formatting import cut, name_width, named, pad
from workbench.screens.data.to_mend import Now
from workbench.session.doubting import Doubting
from workbench.session.exporting import Export, export_of, table
from workbench.session.session import session_of
from workbench.themes import colour, name_role
from workbench.widgets.lines import ItemList
from workbench.widgets.waits import Waits

LEAST_TEXT = 30  # cells, which the names of labels leave to the text
ROW, SURE = 7, 8
COLUMNS = ["row", "label", "rather", "probability", "own", "margin", "text"]


class Doubted(ItemList[Doubt]):
    """One row a line: its label, what a model says rather, how surely, its text, and what was done about it."""

    BINDINGS = keys.bindings("doubts")

    def __init__(self) -> None:
        super().__init__()
        self.now: Now = {}
        self.searched = ""
        self._all: list[Doubt] = []
        self._total = 0  # of which the list holds the first
        self._order: dict[str, int] = {}
        self._said = ""

    def nothing(self) -> str:
        return self._said

    def show(self, doubting: Doubting) -> None:
        """Show what was found, or how far the search is."""
        profile = session_of(self).draft.profile
        self._order = {label: i for i, label in enumerate(profile.labels if profile else {})}
        self._all = doubting.found.doubts if doubting.found else []
        self._total = doubting.found.total if doubting.found else 0
        self._said = _nothing(doubting.found) if doubting.found else ""
        self.look(self.searched)

    def look(self, searched: str) -> None:
        """Show those whose text or labels hold what is searched for."""
        self.searched, wanted = searched, searched.casefold()
        found = [one for one in self._all if wanted in f"{one.label} {one.said} {one.text}".casefold()]
        if self._all:
            self._said = "No doubted row is like that. esc shows all of them."
        before = self.selected
        self.show_items(found)
        self.cursor = found.index(before) if before in found else 0
        self.post_message(self.Moved(self))

    @property
    def has_any(self) -> bool:
        """Whether any row is doubted, whatever is searched for."""
        return bool(self._all)

    @property
    def in_words(self) -> str:
        """'75', '3 of 75', or of more than are listed '6,012 (5,000 listed)'."""
        some = f"{self.count:,} of " if self.count < len(self._all) else ""
        listed = f" ({len(self._all):,} listed)" if len(self._all) < self._total else ""
        return f"{some}{self._total:,}{listed}"

    def headings(self, width: int) -> Text:
        name = self._name_width(width)
        words = f" {'row':>{ROW}}  {pad('label', name)}  {pad('rather', name)}{'sure':>{SURE}}  text"
        return Text(cut(words, width) if self.items else "", colour(self, "muted"), no_wrap=True)

    def _name_width(self, width: int) -> int:
        return name_width(self._order, (width - ROW - SURE - 9 - LEAST_TEXT) // 2, len("rather"))

    def line(self, index: int, width: int) -> Text:
        one, name = self.items[index], self._name_width(width)
        muted = colour(self, "muted")
        line = Text(f" {one.row:>{ROW}}  ", muted, no_wrap=True)
        line.append(f"{named(one.label, name)}  ", self.label_colour(one.label))
        line.append(named(one.said, name), self.label_colour(one.said))
        line.append(f"{percent(one.probability):>{SURE}}  ", colour(self, "text"))
        is_mended = one.row in self.now
        if is_mended:
            label = self.now[one.row]
            line.append("dropped" if label is None else f"now {named(label, name, fill=False)}", colour(self, "focus"))
            line.append("  ")
        room = width - line.cell_len - 1
        return line.append(cut(on_one_line(one.text), room), muted if is_mended else colour(self, "text"))

    def label_colour(self, label: str) -> str:
        return colour(self, name_role(self._order[label], len(self._order)) if label in self._order else "text")

    def exported(self) -> Export | None:
        if not self.items:
            return None
        rows = [(o.row, o.label, o.said, round(o.probability, 6), round(o.own, 6), round(o.margin, 6), o.text)
                for o in self.items]  # fmt: skip
        return export_of("Export the doubts that are listed", "doubts.csv", lambda: table(COLUMNS, rows))


def _nothing(found: DoubtsFound) -> str:
    if not found.judged:
        return "No row can be judged: that takes two labels, each with two different texts."
    return "No row looks mislabelled: of each, its own label is the most probable."


class Looking(Waits):
    """How far the search is, while it goes on; or why it ended without an answer."""

    DEFAULT_CSS = "Looking { height: auto; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._sentence = ""

    def show(self, words: str, waiting: bool) -> None:
        """The sentence, with a spinner while something is waited for; nothing takes no line."""
        self._sentence = words
        self.wait_for("doubts" if waiting else "")
        self.display = bool(words)
        self.refresh(layout=True)

    def render(self) -> Text:
        spinner = f"{self.spinner} " if self.waiting else ""
        return Text(f"{spinner}{self._sentence}", colour(self, "text"))
