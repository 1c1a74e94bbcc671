"""What the classifier says of a text: in words, how sure that is, and as bars."""

from rich.cells import cell_len
from rich.text import Text

from core.runs.predictions import Prediction
from core.wording import on_one_line, percent, shown
from workbench.formatting import bar, cut, name_width, named, pad
from workbench.themes import class_role, colour, name_role
from workbench.widgets.waits import Waits

IN_ORDER = 4  # so many classes stand in the classifier's order; more are sorted, the likeliest first
LEAST_BARS, MOST_BARS = 3, 10  # lines, as far as there are classes
LEAST_BAR, FIGURE = 20, 9  # cells
ONE_LINE = 92  # from so many cells on, words and test stand side by side
AT = 26  # cells before the test's words, where they do


class Verdict(Waits):
    """`show` an answer, or `say` why there is none."""

    DEFAULT_CSS = "Verdict { height: 1fr; padding: 0 2; }"

    def __init__(self) -> None:
        super().__init__()
        self._said: tuple[str, str] = ("", "")
        self._answer: Prediction | None = None
        self._labels: list[str] = []

    def say(self, words: str, glyph: str = "", waits: bool = False) -> None:
        """A sentence in place of a verdict; `glyph` marks what is wrong, and `waits` has a spinner move beside it."""
        self._said, self._answer = (glyph, words), None
        self.wait_for(words if waits else "")
        self.refresh(layout=True)

    def show(self, answer: Prediction, labels: list[str], tested: str, note: str) -> None:
        """An answer of a classifier with these labels; `tested` says what it is worth, `note` what was not read."""
        other = self._answer is None or self._labels != labels
        self._answer, self._labels, self._tested, self._note = answer, labels, tested, note
        self.wait_for("")
        self.refresh(layout=other)  # as many bars as before: a new layout at every key would be felt

    def lines_at(self, width: int) -> tuple[int, int]:
        """Of its panel: those it needs, and those it can use."""
        if self._answer is None:
            words = len(Text(shown(self._said[1])).wrap(self.app.console, max(1, width)))
            return 3 + words, 7
        above, bars = self._above(width), len(self._labels)
        return 1 + above + min(bars, LEAST_BARS), 2 + above + min(bars, MOST_BARS)

    @staticmethod
    def _above(width: int) -> int:
        """Lines above the bars."""
        return 3

    def render(self) -> Text:
        answer = self._answer
        if answer is None:
            glyph, words = self._said
            return Text.assemble(
                (f"{glyph} " if glyph else "", colour(self, "error")),
                (shown(words), colour(self, "text")),
                (f"  {self.spinner}" if self.waiting else "", colour(self, "muted")),
            )
        return Text("\n").join([*self._words(answer.label), *self._bars(answer)])

    def _words(self, label: str) -> list[Text]:
        width = self.size.width
        side_by_side = width >= ONE_LINE
        room = (width - cell_len(self._tested) - 4 if side_by_side else width) - len("This is .")
        bold = f"bold {colour(self, 'text')}"
        head = Text.assemble(
            ("This is ", bold),
            (named(label, room, fill=False), f"bold {colour(self, self._role_of(label))}"),
            (".", bold),
        )
        tested, note = (
            Text(cut(on_one_line(words), width), colour(self, "muted")) for words in (self._tested, self._note)
        )
        # the note has its line even where there is none, so that the bars stand still while one types
        if not side_by_side:
            return [head, tested, note]
        at = max(AT, head.cell_len + 4)
        head.append(" " * (at - head.cell_len))
        return [head.append_text(tested), Text(" " * at).append_text(note), Text()]

    def _role_of(self, label: str) -> str:
        return name_role(self._labels.index(label), len(self._labels))

    def _hue(self, label: str) -> str:
        return colour(self, class_role(self._labels.index(label), len(self._labels)))

    def _bars(self, answer: Prediction) -> list[Text]:
        shares, labels = answer.probabilities, self._labels
        if len(labels) > IN_ORDER:
            labels = sorted(labels, key=lambda label: -shares[label])
        most = max(LEAST_BARS, min(MOST_BARS, self.content_region.height - self._above(self.size.width)))
        beyond = labels[most - 1 :] if len(labels) > most else []
        listed = labels[: len(labels) - len(beyond)]
        name = name_width(listed, self.size.width - 2 - FIGURE - LEAST_BAR)
        room = self.size.width - name - 2 - FIGURE
        lines = []
        for label in listed:
            role = "text" if label == answer.label else "muted"
            lines.append(
                Text.assemble(
                    (f"{named(label, name)}  ", colour(self, role)),
                    (pad(bar(shares[label], room), room), self._hue(label)),
                    f"{percent(shares[label]):>{FIGURE}}",
                )
            )
        if beyond:
            rest = f"{len(beyond):,} more, together {percent(sum(shares[label] for label in beyond))}"
            lines.append(Text(rest, colour(self, "muted")))
        return lines
