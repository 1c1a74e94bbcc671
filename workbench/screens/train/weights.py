"""How far each learning part has moved from where it began, over the run."""

import math
import re
from bisect import bisect_right
from collections.abc import Collection

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from core.estimate.prices import in_words
from core.freeze import FreezePlan, parts_of, role
from core.runs.events import Changed
from core.runs.history import History
from core.wording import percent
from workbench.formatting import pad, spark
from workbench.themes import colour
from workbench.widgets.lines import ItemList
from workbench.widgets.part_marks import MARKS

NAME = 15  # cells


def part_of(group: str) -> str:
    """blocks.11.mlp -> blocks.11."""
    return re.sub(r"(blocks\.\d+)\..*", r"\1", group)


def listed(parts: Collection[str], n_blocks: int) -> str:
    """Parts from the top down: 'final norm, blocks 0–10, embeddings'."""
    words, blocks = [], []
    for part in [*reversed(parts_of(n_blocks)), ""]:
        if part in parts and part.startswith("blocks."):
            blocks.append(int(part.removeprefix("blocks.")))
            continue
        if blocks:
            words.append(f"block {blocks[0]}" if len(blocks) == 1 else f"blocks {blocks[-1]}–{blocks[0]}")
            blocks = []
        if part in parts:
            words.append(in_words(part))
    return ", ".join(words)


def frozen_in_words(plan: FreezePlan, parts: Collection[str], cached: bool) -> list[tuple[str, str]]:
    """Those of a model's parts that do not learn, and what becomes of them: [('blocks 0–10', 'frozen')]."""
    frozen = {part for part in parts if plan.of_part(part) is None}
    prefix = {f"blocks.{i}" for i in range(plan.depth or 0)} if cached else set()
    if prefix:
        frozen -= prefix | {"embeddings"}  # which go without saying under blocks that are frozen
    each = (frozen, "frozen"), (prefix, "frozen, read from cache")
    return [(listed(parts, plan.n_blocks), state) for parts, state in each if parts]


def sampled(changes: list[Changed], group: str, n_steps: int, width: int) -> list[float]:
    """The group's change at the end of each of `width` equal parts of the run, as far as it has come."""
    come = math.ceil(changes[-1].step / max(1, n_steps) * width)
    ends = (n_steps * (place + 1) / width for place in range(max(1, min(width, come))))
    latest = (changes[max(0, bisect_right(changes, end, key=lambda change: change.step) - 1)] for end in ends)
    return [change.parts.get(group, 0.0) for change in latest]


class Weights(ItemList[str]):
    """One line for each learning group, the head first."""

    def __init__(self) -> None:
        super().__init__()
        self._changes: list[Changed] = []
        self._n_steps = 0
        self._plan: FreezePlan | None = None

    def show(self, history: History, plan: FreezePlan | None) -> None:
        """What was measured before the first step says nothing of how far the parts have moved since."""
        if self._changes and history.changes[-1:] == self._changes[-1:] and plan == self._plan:
            return
        self._changes, self._n_steps, self._plan = list(history.changes), history.n_steps, plan
        self.show_items(sorted(history.changes[-1].parts, key=_from_the_top) if history.changes else [])

    def line(self, index: int, width: int) -> Text:
        group = self.items[index]
        room = max(1, min(40, width - NAME - 11))
        values = sampled(self._changes, group, self._n_steps, room)
        latest = self._changes[-1]
        known = percent(latest.parts[group]) if latest.step else "·"
        adapted = self._plan is not None and role(self._plan, part_of(group)) == "lora"
        name = f"{in_words(group)} {MARKS['lora']}" if adapted else in_words(group)
        return Text.assemble(
            (f" {pad(name, NAME)}", colour(self, "muted")),
            (pad(spark(values, max(values, default=0) * 8 / 7), room), colour(self, "lora" if adapted else "train")),
            f"{known:>9}",
        )


class Frozen(Widget):
    """The `parts` that have no change to show, each with what becomes of it."""

    DEFAULT_CSS = "Frozen { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }"

    parts: reactive[list[tuple[str, str]]] = reactive(list, layout=True)

    def render(self) -> Text:
        lines = [f" {words:<{NAME}}  {state}" for words, state in self.parts]
        return Text("\n".join(lines), colour(self, "muted"))


def _from_the_top(group: str) -> tuple:
    order = {"head": 0, "norm": 1, "embeddings": 3}
    block = re.match(r"blocks\.(\d+)\.?(.*)", group)
    return (2, -int(block[1]), block[2] != "mlp") if block else (order.get(group, 4), 0, False)
