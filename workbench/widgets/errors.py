"""The test texts that a run gets wrong, one a line."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from rich.text import Text

from core.runs.folder import RunFolder
from core.runs.predictions import COLUMNS, AnsweredText, read_predictions
from core.wording import on_one_line, percent, plural
from workbench import keys
from workbench.formatting import cut, name_width, named, pad
from workbench.session.exporting import table
from workbench.themes import colour, name_role
from workbench.widgets.lines import ItemList

LEAST_TEXT = 28  # cells, which the names of labels leave to the text
SURE = 8
IN_RULE = 24  # cells of a label in a panel's rule
ORDERS: dict[str, tuple[Callable[[AnsweredText], Any], str, str]] = {
    "sure": (lambda one: -one.probability, "most confident first", "least confident first"),
    "row": (lambda one: one.row, "by row", "by row, last first"),
    "label": (lambda one: (one.label, one.predicted), "by label", "by label, last first"),
    "said": (lambda one: (one.predicted, one.label), "by answer", "by answer, last first"),
    "length": (lambda one: -len(one.text), "longest first", "shortest first"),
}
SURETIES = {"": (0.0, 1.0), "surer than 90 %": (0.9, 1.0), "surer than 99 %": (0.99, 1.0), "at most 60 %": (0.0, 0.6)}


class Confusion(NamedTuple):
    """Texts of a label that are taken for another; None is any."""

    label: str | None = None
    said: str | None = None

    def __str__(self) -> str:
        label, said = (named(name, IN_RULE, fill=False) for name in (self.label or "", self.said or ""))
        return f"{label} taken for {said}" if said else f"{label} taken for others" if label else ""

    def holds(self, one: AnsweredText) -> bool:
        return self.label in (None, one.label) and self.said in (None, one.predicted)


class Look(NamedTuple):
    """Which mistakes, in which order: `sure` is one of SURETIES, `sort` one of ORDERS."""

    confusion: Confusion = Confusion()
    search: str = ""
    sure: str = ""
    sort: str = "sure"
    reverse: bool = False

    def of(self, mistakes: list[AnsweredText]) -> list[AnsweredText]:
        """Those that it shows."""
        wanted, (low, high) = self.search.casefold(), SURETIES[self.sure]
        found = [
            one
            for one in mistakes
            if self.confusion.holds(one) and low <= one.probability <= high and wanted in one.text.casefold()
        ]
        return sorted(found, key=ORDERS[self.sort][0], reverse=self.reverse)

    @property
    def everything(self) -> "Look":
        """As it is, without a filter."""
        return Look(sort=self.sort, reverse=self.reverse)


def read_mistakes(run: RunFolder) -> tuple[list[AnsweredText], list[str]]:
    """The test texts that a run gets wrong, most confident first; the labels in their order. Raises BadRun."""
    labels, tested = read_predictions(run)
    return sorted((one for one in tested if not one.right), key=ORDERS["sure"][0]), labels


def confusions(mistakes: list[AnsweredText]) -> list[Confusion]:
    """Every pair that occurs and every label that is missed, the most frequent first."""
    pairs = Counter(Confusion(one.label, one.predicted) for one in mistakes)
    missed = Counter(Confusion(one.label) for one in mistakes)
    return [confusion for counted in (pairs, missed) for confusion, _ in counted.most_common()]


class Errors(ItemList[AnsweredText]):
    """One mistake a line: how sure, what it said, what is right, the text."""

    BINDINGS = keys.bindings("errors")

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.shown = look
        self.mistakes: list[AnsweredText] | None = None  # all of them, once they are read
        self._labels: list[str] = []

    def show(self, mistakes: list[AnsweredText], labels: list[str]) -> None:
        self.mistakes, self._labels = mistakes, labels
        self.look(self.shown)

    def look(self, look: Look) -> None:
        """Show other mistakes; the cursor stays on its own as long as that is among them."""
        before, self.shown = self.selected, look
        found = look.of(self.mistakes or [])
        self.show_items(found)
        self.cursor = found.index(before) if before in found else 0
        self.post_message(self.Moved(self))

    def nothing(self) -> str:
        if self.mistakes is None:
            return ""
        if not self.mistakes:
            return "Every test text is right."
        label, only = self.shown.confusion.label, self.shown.everything._replace(confusion=self.shown.confusion)
        if label is not None and self.shown == only:
            taken = sum(one.predicted == label for one in self.mistakes)
            others = (
                f" {plural(taken, 'text')} of others {'is' if taken == 1 else 'are'} taken for it." if taken else ""
            )
            return f"No text of {on_one_line(label)} is wrong.{others} f shows all errors."
        return "No error is like that. esc takes the filter off."

    @property
    def in_words(self) -> str:
        """Which they are, how many, in which order: 'ham taken for spam, 2 of 4 errors, most confident first'."""
        look, everything = self.shown, self.mistakes or []
        filters = [str(look.confusion), look.sure, f"“{cut(on_one_line(look.search), IN_RULE)}”" if look.search else ""]
        filters = [words for words in filters if words]
        number = plural(len(everything), "error")
        _, order, reversed_order = ORDERS[look.sort]
        order = reversed_order if look.reverse else order
        return ", ".join([*filters, f"{self.count:,} of {number}" if filters else number, order])

    def _name_width(self, width: int) -> int:
        return name_width(self._labels, (width - 1 - SURE - 6 - LEAST_TEXT) // 2)

    def headings(self, width: int) -> Text:
        name = self._name_width(width)
        words = f" {'sure':>{SURE}}  {pad('said', name)}  {pad('label', name)}  text"
        return Text(cut(words, width), colour(self, "muted"))

    def line(self, index: int, width: int) -> Text:
        mistake, name = self.items[index], self._name_width(width)
        text = Text(no_wrap=True).append(f" {percent(mistake.probability):>{SURE}}  ")
        for label in (mistake.predicted, mistake.label):
            text.append(f"{named(label, name)}  ", self.label_colour(label))
        text.append(cut(on_one_line(mistake.text[: width * 2]), width - text.cell_len - 1))
        return text

    def label_colour(self, label: str) -> str:
        if label not in self._labels:
            return colour(self, "text")
        return colour(self, name_role(self._labels.index(label), len(self._labels)))

    def as_csv(self) -> str:
        """Those that are listed."""
        return table(COLUMNS, [(*one[:5], int(one.leak)) for one in self.items])
