"""Rows per class, in the file and for learning."""

from rich.cells import cell_len
from rich.text import Text

from core.rows import Profile
from core.wording import on_one_line
from workbench import keys
from workbench.formatting import bar, cut, named, pad
from workbench.themes import class_role, colour
from workbench.widgets.lines import ItemList

LEAST_NAME, LEAST_BAR = 6, 4  # cells
IN_FULL = 8  # so many classes stand in the order of the classifier; more are sorted and can be searched


class Classes(ItemList[str]):
    """One line a class, under one line of headings. Above eight classes it scrolls and can be searched."""

    BINDINGS = keys.bindings("classes")

    def __init__(self) -> None:
        super().__init__()
        self._profile: Profile | None = None
        self._order: dict[str, int] = {}
        self._longest, self._number, self._top = 4, 2, 1  # cells of the longest name and number; the most rows

    def nothing(self) -> str:
        return "No such class. esc shows all of them."

    def show(self, profile: Profile, searched: str = "") -> None:
        """Show the classes of a profile whose name contains `searched`."""
        self._profile = profile
        self._longest = max((cell_len(on_one_line(label)) for label in profile.labels), default=4)
        self._number = max((len(f"{rows:,}") for rows in profile.labels.values()), default=1) + 1
        self._top = max(profile.labels.values(), default=1)
        self._order = {label: i for i, label in enumerate(profile.labels)}
        names = [label for label in profile.labels if searched.casefold() in label.casefold()]
        many = len(profile.labels) > IN_FULL
        self.can_focus = many
        self.show_items(sorted(names, key=lambda label: -profile.labels[label]) if many else names)

    def headings(self, width: int) -> Text:
        """The line above the list: what the two bars are."""
        name, bars, number = self._columns(width)
        column = bars + number + 2
        first, second = ("in the file", "for learning") if column > len("in the file") else ("file", "learning")
        words = pad("", name + 2) + pad(first, column) + second
        return Text(cut(words, width), colour(self, "muted"), no_wrap=True)

    def line(self, index: int, width: int) -> Text:
        profile, label = self._profile, self.items[index]
        assert profile
        name, bars, number = self._columns(width)
        text, hue = colour(self, "text"), colour(self, class_role(self._order[label], len(self._order)))
        line = Text(f" {named(label, name)} ", text, no_wrap=True)
        for rows in (profile.labels[label], profile.learning.get(label, 0)):
            line.append(pad(bar(rows / self._top, bars), bars), hue)
            line.append(f"{rows:>{number},}  ", text if rows else colour(self, "warning"))
        return line

    def _columns(self, width: int) -> tuple[int, int, int]:
        """Cells for the name, each bar, each number. Names come first: of many classes they tell more than bars."""
        longest, number = self._longest, self._number
        room = width - 2 - 2 * (number + 2)
        name = min(longest, max(LEAST_NAME, room - 2 * LEAST_BAR))
        return name, max(2, (room - name) // 2), number
