"""The person's own sentences, and how the model's mind about each changed while it learned."""

from bisect import bisect_right
from collections.abc import Sequence

from rich.text import Text

from core.runs.history import History
from core.wording import on_one_line
from workbench.formatting import cut, name_width, named, pad, spark
from workbench.themes import class_role, colour
from workbench.widgets.lines import ItemList

MOST_LABEL = 12  # cells, or a quarter of the line
PERCENT = 6
SHARES = (8, 16)  # the least and the most cells of a spark line


class Sentences(ItemList[str]):
    """One line a sentence: of two classes always the second, of more the likeliest now, with its share over the run."""

    def __init__(self) -> None:
        super().__init__()
        self._history = History()
        self._seen: tuple | None = None

    def show(self, history: History, texts: Sequence[str]) -> None:
        seen = texts, history.followed[-1:], history.n_steps
        if seen != self._seen:
            self._seen, self._history = seen, history
            self.show_items(texts if history.followed else ())

    def _class_of(self, index: int) -> int:
        latest = self._history.followed[-1].probabilities[index]
        return 1 if len(latest) == 2 else latest.index(max(latest))

    def _shares(self, index: int, number: int, width: int) -> list[float]:
        """Of a class at the end of each of `width` equal parts of the run, as far as it has come."""
        followed = self._history.followed
        n_steps = max(1, self._history.n_steps)
        steps = [one.step for one in followed]
        come = max(1, min(width, -(-steps[-1] * width // n_steps)))
        places = (max(0, bisect_right(steps, n_steps * (part + 1) / width) - 1) for part in range(come))
        return [followed[place].probabilities[index][number] for place in places]

    async def copied(self) -> str:
        return self.selected or ""

    def line(self, index: int, width: int) -> Text:
        assert self._history.started
        labels = self._history.started.labels
        classes = [self._class_of(i) for i in range(self.count)]
        number = classes[index]
        name = name_width((labels[n] for n in classes), max(MOST_LABEL, width // 4), 1)
        room = max(SHARES[0], min(SHARES[1], width // 6))
        shares = self._shares(index, number, room)
        role = class_role(number, len(labels))
        text = Text.assemble(
            (" " + named(labels[number], name), colour(self, role)),
            f"{100 * shares[-1]:>{PERCENT - 2}.0f} %  ",
            (pad(spark(shares, 1.0), room) + "  ", colour(self, role)),
            no_wrap=True,
        )
        sentence = on_one_line(self.items[index][: 2 * width])
        return text.append(cut(sentence, width - text.cell_len - 1), colour(self, "text"))
