"""What the classifier says of a text: in words, how sure that is, and as bars."""

from rich.cells import cell_len
from rich.text import Text

from core.runs.predictions import Prediction
from core.wording import on_one_line, percent, shown
from workbench.formatting import bar, cut, pad
from workbench.themes import class_role, colour
from workbench.widgets.waits import Waits

IN_ORDER = 4  # so many classes stand in the classifier's order; more are sorted, the likeliest first
BARS = {"-short": 5, "-tall": 10}  # lines at most, by the height of the screen
MOST_NAME, FIGURE = 24, 9  # cells
ONE_LINE = 92  # from so many cells on, words and test stand side by side
AT = 26  # cells before the test's words, where they do


class Verdict(Waits):
    """`show` an answer, or `say` why there is none."""

    DEFAULT_CSS = "Verdict { height: auto; }"

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
            ("This is ", bold), (cut(on_one_line(label), room), f"bold {self._hue(label)}"), (".", bold)
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

    def _hue(self, label: str) -> str:
        return colour(self, class_role(self._labels.index(label), len(self._labels)))

    def _bars(self, answer: Prediction) -> list[Text]:
        shares, labels = answer.probabilities, self._labels
        if len(labels) > IN_ORDER:
            labels = sorted(labels, key=lambda label: -shares[label])
        most = BARS["-short" if self.screen.has_class("-short") else "-tall"]
        beyond = labels[most - 1 :] if len(labels) > most else []
        listed = labels[: len(labels) - len(beyond)]
        name = min(MOST_NAME, max(cell_len(on_one_line(label)) for label in listed))
        room = self.size.width - name - 2 - FIGURE
        lines = []
        for label in listed:
            role = "text" if label == answer.label else "muted"
            lines.append(
                Text.assemble(
                    (pad(on_one_line(label), name) + "  ", colour(self, role)),
                    (pad(bar(shares[label], room), room), self._hue(label)),
                    f"{percent(shares[label]):>{FIGURE}}",
                )
            )
        if beyond:
            rest = f"{len(beyond):,} more, together {percent(sum(shares[label] for label in beyond))}"
            lines.append(Text(rest, colour(self, "muted")))
        return lines
