"""What learning will cost, for the recipe as it stands."""

from rich.text import Text
from textual.widget import Widget

from workbench.desk import Desk
from workbench.formatting import about, percent, size
from workbench.prices import Price, price
from workbench.themes import colour


def machine_memory() -> int:
    """Bytes of memory of this machine."""
    import psutil  # here, because the first frame needs none of it

    return psutil.virtual_memory().total


class PricePanel(Widget):
    """Every change of the recipe shows at once, with what the last one added."""

    DEFAULT_CSS = "PricePanel { height: 8; padding: 0 1; }"

    def on_mount(self) -> None:
        desk: Desk = self.app.desk
        self._memory = machine_memory()
        self._now = self._before = price(desk.recipe, desk.profile, desk.plan)
        desk.recipe_changed.subscribe(self, self._recipe_changed)
        desk.profile_changed.subscribe(self, self._profile_changed)

    def _recipe_changed(self, desk: Desk) -> None:
        self._before, self._now = self._now, price(desk.recipe, desk.profile, desk.plan)
        self.refresh()

    def _profile_changed(self, desk: Desk) -> None:
        self._before = self._now = price(desk.recipe, desk.profile, desk.plan)
        self.refresh()

    def render(self) -> Text:
        return self._in_one_line() if self.size.height < 4 else self._in_full()

    def _in_one_line(self) -> Text:
        now = self._now
        words = f"learns {percent(now.learns / now.parameters)} · {size(now.memory)}"
        words += f" · about {about(now.total)}" if now.total is not None else " · no data, no time"
        return Text(words, colour(self, "text"), no_wrap=True)

    def _in_full(self) -> Text:
        now, epochs = self._now, self.app.desk.recipe.train.epochs
        rows = [
            ("learns", f"{now.learns:,} of {now.parameters:,}", percent(now.learns / now.parameters)),
            ("memory", size(now.memory), f"of {size(self._memory)}"),
        ]
        if now.epoch is not None and now.total is not None:
            rows += [("epoch", about(now.epoch), f"× {epochs}"), ("in all", about(now.total), "")]
        lines = [self._row(*row) for row in rows]
        muted, text = colour(self, "muted"), colour(self, "text")
        if self._now != self._before:
            lines.append(Text(f"last change  {_difference(self._before, now)}", muted))
        if now.memory > self._memory:
            lines.append(Text.assemble(("▲ ", colour(self, "warning")), ("more than this machine has", text)))
        if now.total is not None:
            why = "Estimated from lengths and this CPU's speed."
        elif self.app.desk.profiling:
            why = "Times come when the file has been read."
        else:
            why = "Times need a file: 1 leads to Data."
        lines.append(Text(why, muted))
        return Text("\n").join(lines)

    def _row(self, name: str, figure: str, beside: str) -> Text:
        line = Text.assemble(
            (f"{name:<9}", colour(self, "muted")), (figure, colour(self, "text")), no_wrap=True
        )
        room = self.size.width - line.cell_len
        return line.append(f"{beside:>{room}}" if len(beside) < room else "", colour(self, "muted"))


def _difference(before: Price, now: Price) -> str:
    words = []
    if before.total is not None and now.total is not None:
        words.append(f"{'−' if now.total < before.total else '+'}{about(abs(now.total - before.total))}")
    memory = now.memory - before.memory
    words.append(f"{'−' if memory < 0 else '+'}{size(abs(memory))}")
    return "  ".join(words)
