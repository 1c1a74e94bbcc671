"""The stack of layers: what learns, what is frozen, and what learning from each rung upwards would cost."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.text import Text
from textual import events
from textual.message import Message
from textual.reactive import reactive

from core.architectures.lookup import architecture_for
from core.estimate import cost
from core.estimate.prices import Price, in_words, ladder, price, rungs, upwards
from core.estimate.speeds import Speeds
from core.freeze import FreezePlan, adapted, lowest, parts_of, role
from core.recipe import Recipe
from core.rows import Profile
from core.wording import about, count, plural
from workbench import keys
from workbench.formatting import bar, cut
from workbench.themes import colour
from workbench.widgets.lines import Lines
from workbench.widgets.part_marks import MARKS, STATES

NEAR = 2  # rungs at each side of the cursor that are never folded
FOLD = 4  # so many equal neighbours at least become one line, where there is no room for all
NAME_WIDTH = 26
CHOOSING = {"toggle_parts", "lower", "raise", "last_block", "lora", "head_only", "all", "range"}  # actions


class Rung(NamedTuple):
    """The parts on one line, as indices from the top: the head is 0. The line at the cache's boundary has none."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def folded(plan: FreezePlan, parts: Sequence[str], cursor: int, room: int) -> list[Rung]:
    """The lines of the ladder for `parts`, from the top.

    Equal neighbours away from the cursor share one where `room` is short.
    """
    for near in range(max(room, NEAR), NEAR - 1, -1):
        found = _folded(plan, parts, cursor, near)
        if len(found) <= room:
            break
    return found


def _folded(plan: FreezePlan, parts: Sequence[str], cursor: int, near: int) -> list[Rung]:
    def foldable(i: int) -> tuple:
        # equal neighbours with equal keys fold; a key of its own keeps a part apart
        alone = abs(i - cursor) <= near or not parts[i].startswith("blocks.")
        return (i,) if alone else (role(plan, parts[i]), i < cursor)

    found = []
    for _, group in groupby(range(len(parts)), foldable):
        indices = list(group)
        ends = [(indices[0], indices[-1])] if len(indices) >= FOLD else [(i, i) for i in indices]
        found += [Rung(*end) for end in ends]
    return found


def lowered(plan: FreezePlan) -> FreezePlan:
    """One block more learns, below the lowest part that does; the final norm goes with the last block.

    Below adapters the next block has them, too.
    """
    parts, at = parts_of(plan.n_blocks), lowest(plan)
    if at > plan.n_blocks:
        return FreezePlan.of(plan.n_blocks, plan.parts | set(parts[plan.n_blocks :]))
    below = parts[max(0, at - 1)]
    more = adapted(below) if role(plan, parts[at]) == "lora" else below
    return FreezePlan.of(plan.n_blocks, plan.parts | {more})


def raised(plan: FreezePlan) -> FreezePlan:
    """The lowest block that learns or is adapted is frozen; the head always learns."""
    rest = plan.parts - {plan.of_part(parts_of(plan.n_blocks)[lowest(plan)])}
    if not any(part.startswith(("blocks.", "lora.")) for part in rest):
        rest = frozenset({"head"})
    return FreezePlan.of(plan.n_blocks, rest)


def painted(plan: FreezePlan, chosen: Iterable[str]) -> FreezePlan:
    """The chosen blocks have adapters; they are frozen where all of them had. Other parts stay as they are."""
    blocks = {part for part in chosen if part.startswith("blocks.")}
    adapters = {adapted(block) for block in blocks}
    rest = plan.parts - blocks - adapters
    return FreezePlan.of(plan.n_blocks, rest if adapters <= plan.parts else rest | adapters)


class Layers(Lines):
    """The head on top, the embeddings at the bottom. Posts `Planned` with every plan that the person asks for."""

    BINDINGS = keys.bindings("layers")

    part = reactive(0, init=False)  # under the cursor, from the top

    class Planned(Message):
        def __init__(self, plan: FreezePlan):
            super().__init__()
            self.plan = plan

    def __init__(self) -> None:
        super().__init__()
        self._plan = FreezePlan.parse("head", 1)
        self._parts: list[str] = []
        self._sizes: dict[str, int] = {}
        self._beside: dict[str, str] = {}  # what is said of a part after its name
        self._costs: list[float | None] = []
        self._priced: tuple | None = None
        self._price: Price | None = None
        self._rungs: list[Rung] = []
        self._anchor: int | None = None

    @property
    def count(self) -> int:
        return len(self._rungs)

    @property
    def whole(self) -> int:
        """How many lines show every part apart, with the cache's."""
        return len(self._parts) + 1

    @property
    def is_folded(self) -> bool:
        """Whether some lines stand for more than one block."""
        return any(rung.size > 1 for rung in self._rungs)

    @property
    def choosing(self) -> bool:
        """Whether a range has been begun."""
        return self._anchor is not None

    def show(self, recipe: Recipe, profile: Profile | None, speeds: Speeds | None, n_classes: int = 2) -> None:
        """Show the stack of the recipe's model under its plan, with prices where a profile gives lengths.

        `n_classes` is taken where there is no profile.
        """
        plan, arch = recipe.plan, architecture_for(recipe)
        n_classes = max(2, len(profile.labels)) if profile else n_classes
        if self._parts != rungs(arch):
            self._parts = rungs(arch)
            self._anchor = None
            self.set_reactive(Layers.part, self._boundary(plan))
        self._plan = plan
        self._sizes = cost.sizes(recipe, n_classes)
        width = f"{arch.width:,}" if arch.n_blocks else "n-grams"
        self._beside = {"head": f"{width} → {n_classes}", "embeddings": f"{arch.vocab:,} tokens"}
        # of the plan, the ladder's prices depend only on what is adapted
        priced = recipe.model_copy(update={"freeze": None}), profile, speeds, upwards(plan)[-1]
        if self._priced is None or any(a is not b and a != b for a, b in zip(priced, self._priced, strict=True)):
            self._priced = priced
            self._costs = [rung.total for rung in ladder(recipe, profile, speeds)]
        self._price = price(recipe, profile, plan, speeds)
        self._place()

    def _boundary(self, plan: FreezePlan) -> int:
        part = parts_of(plan.n_blocks)[lowest(plan)]
        return self._parts.index(part) if part in self._parts else 0

    def _place(self) -> None:
        room = self.scrollable_content_region.height or len(self._parts)
        price = self._price
        marked = bool(price and price.blocks and price.once is not None)
        # a stack that has to be folded makes room for the cache's line, too
        self._rungs = folded(self._plan, self._parts, self.part, room - (marked and len(self._parts) > room))
        if price and marked and len(self._rungs) < room:
            top = len(self._parts) - 1 - price.blocks  # the uppermost block that is cached
            at = next(i for i, rung in enumerate(self._rungs) if rung.first == top)
            self._rungs.insert(at, Rung(top, top - 1))
        line = next((i for i, rung in enumerate(self._rungs) if rung.first <= self.part <= rung.last), 0)
        self.set_reactive(Lines.cursor, line)
        self.changed()
        self._keep_in_view()
        self.post_message(self.Moved(self))

    def validate_part(self, part: int) -> int:
        return max(0, min(part, len(self._parts) - 1))

    def watch_part(self) -> None:
        self._place()

    def on_resize(self) -> None:
        self._place()

    def headings(self, width: int) -> Text:
        """The line above the ladder."""
        size = f"{'size':>8}  " if self._with_size(width) else ""
        left, right = "    input at the bottom ▲", "time if trained from here up" if self._costs[-1:] != [None] else ""
        return Text(cut(f"{left:<{NAME_WIDTH + 5}}{size}{right}", width), colour(self, "muted"), no_wrap=True)

    @staticmethod
    def _with_size(width: int) -> bool:
        return width >= 54

    def line(self, index: int, width: int) -> Text:
        rung = self._rungs[index]
        if not rung.size:
            return self._boundary_line(width)
        part = self._parts[rung.first]
        state = role(self._plan, part)
        mark, frozen = MARKS[state], state == "frozen"
        text, muted = colour(self, "text"), colour(self, "muted")
        n = rung.size
        inside = self._anchor is not None and min(self._anchor, self.part) <= rung.first <= max(self._anchor, self.part)
        line = Text(" ┃" if inside else "  ", colour(self, "focus"), no_wrap=True)
        line.append(f" {mark} " if frozen else f"{mark}{mark} ", colour(self, state))
        if n > 1:
            low = self._parts[rung.last].removeprefix("blocks.")
            words = f"blocks {low}–{part.removeprefix('blocks.')}, {n} {STATES[state]}"
        else:
            words = "  ".join(filter(None, [in_words(part), self._beside.get(part)]))
        line.append(cut(words, NAME_WIDTH), muted if frozen else text)
        line.pad_right(NAME_WIDTH + 5 - line.cell_len)
        if self._with_size(width):
            line.append(f"{count(self._sizes[self._plan.of_part(part) or part] * n):>8}  ", muted)
        seconds, top = self._costs[rung.last], self._costs[-1]
        if seconds is not None and top:
            widest = max(len(about(each)) for each in self._costs)
            line.append(f"{about(seconds):>{widest}} ", muted if frozen else text)
            # the cursor's line is as bright as a rule
            hue = state if not frozen or index == self.cursor else "rule"
            line.append(bar(seconds / top, max(1, width - line.cell_len - 1)), colour(self, hue))
        return line

    def _boundary_line(self, width: int) -> Text:
        """What lies below is computed once, before the first step."""
        assert self._price
        words = f" {plural(self._price.blocks, 'block')} below computed once, {about(self._price.once)} "
        line = Text(" ┄┄┄┄", colour(self, "rule"), no_wrap=True)
        line.append(cut(words, width - line.cell_len - 1), colour(self, "muted"))
        return line.append("┄" * max(0, width - line.cell_len - 1), colour(self, "rule"))

    def strip(self, width: int) -> Text:
        """The map of all blocks on one line, block 0 at the left."""
        line = Text(" 0 ", colour(self, "muted"), no_wrap=True)
        for i in range(self._plan.n_blocks):
            block = f"blocks.{i}"
            state = role(self._plan, block)
            line.append(MARKS[state], colour(self, "focus" if self._parts[self.part] == block else state))
        line.append(f" {self._plan.n_blocks - 1}", colour(self, "muted"))
        return line if line.cell_len <= width else Text("")

    def _ask(self, plan: FreezePlan) -> None:
        self._anchor = None
        self.post_message(self.Planned(plan if "norm" in self._parts else plan.without_norm()))

    def _chosen(self) -> list[str]:
        """The parts from where a range began to the cursor, or the one under it."""
        first, last = sorted((self.part, self.part if self._anchor is None else self._anchor))
        return self._parts[first : last + 1]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # a model without blocks has nothing to choose from
        return bool(self._plan.n_blocks) or action not in CHOOSING

    def action_toggle_parts(self) -> None:
        chosen, plan = self._chosen(), self._plan
        # a range follows its first end, so that it comes out all learning or all frozen
        freezes = plan.of_part(self._parts[self.part if self._anchor is None else self._anchor])
        self._ask(plan.without(chosen) if freezes else plan.with_parts(chosen))

    def action_lora(self) -> None:
        n = self._plan.n_blocks
        self._ask(painted(self._plan, self._chosen()) if self.choosing else FreezePlan.parse("lora", n))

    def action_range(self) -> None:
        self._anchor = None if self.choosing else self.part
        self.refresh()

    def action_lower(self) -> None:
        self._ask(lowered(self._plan))

    def action_raise(self) -> None:
        self._ask(raised(self._plan))

    def action_last_block(self) -> None:
        self._ask(FreezePlan.parse("last_block", self._plan.n_blocks))

    def action_all(self) -> None:
        self._ask(FreezePlan.parse("all", self._plan.n_blocks))

    def action_head_only(self) -> None:
        self._ask(FreezePlan.parse("head", self._plan.n_blocks))

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()
        index = self.index_at(event)
        if index is None or not self._rungs[index].size:
            return
        self.part = self._rungs[index].first
        if self._rungs[index].size == 1:
            self.action_toggle_parts()

    def move(self, by: int) -> None:
        """Move by so many parts, which may be fewer lines."""
        self.part += by
