"""The runs of a group as one line, below which they unfold."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from core.runs.group_table import GroupTable, Row
from core.runs.listing import Entry, folded
from core.runs.records import State
from core.wording import on_one_line, plural

WORST_FIRST: tuple[State, ...] = ("running", "paused", "starting", "queued", "failed", "damaged", "vanished", "stopped")
TROUBLE: tuple[State, ...] = ("failed", "damaged", "vanished", "stopped")


class Fold(NamedTuple):
    """A group: all of its runs that there are, and whether those that are listed stand below it."""

    name: str
    runs: tuple[Entry, ...]
    is_open: bool

    @property
    def states(self) -> Counter[State]:
        """How many of its runs are in each state."""
        return Counter(entry.status.state for entry in self.runs)

    @property
    def state(self) -> State:
        """The one state that says most: a run that is running, else one that waits, else what went wrong."""
        states = self.states
        return next((state for state in WORST_FIRST if states[state]), "done")

    @property
    def results(self) -> tuple:
        """What its table is made of: a table of the same results is the same."""
        return tuple((entry.run.path, entry.score) for entry in self.runs)


Line = Entry | Fold


def lines_of(listed: Iterable[Entry], every: Iterable[Entry], opened: set[str]) -> list[Line]:
    """Runs in their order, those of a group below its line, in the place of its first, or folded into it.

    `listed` are those that pass a filter, of `every` run; a run that is the only one of its group stands by itself.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in every:
        if entry.member:
            groups.setdefault(entry.member.group, []).append(entry)
    lines: list[Line] = []
    for part in folded(listed):
        group = part[0].member.group if part[0].member else ""
        if len(groups.get(group, ())) > 1:
            lines.append(Fold(group, tuple(groups[group]), group in opened))
            lines += part if group in opened else []
        else:
            lines += part
    return lines


def same_lines(some: Sequence[Line], others: Sequence[Line]) -> bool:
    """Whether both say the same."""
    pairs = zip(some, others, strict=False)
    return len(some) == len(others) and all(a is b or (isinstance(a, Fold) and a == b) for a, b in pairs)


def key_of(line: Line) -> Path | str:
    """What a line is found by in another list: the folder of its run, or the name of its group."""
    return line.name if isinstance(line, Fold) else line.run.path


def how_far(fold: Fold, table: GroupTable | None) -> str:
    """'5 of 12 done, 1 failed', or '12 runs' where all are done."""
    planned, states = max(len(fold.runs), table.planned if table else 0), fold.states
    if states["done"] == planned:
        return plural(planned, "run")
    trouble = [f"{states[state]} {state}" for state in TROUBLE if states[state]]
    return ", ".join([f"{states['done']} of {planned} done", *trouble])


def best_of(table: GroupTable | None) -> Row | None:
    """The setting that is best on validation, as far as one is known."""
    return table.rows[table.best] if table and table.best is not None else None


def place_in_words(entry: Entry, table: GroupTable) -> str:
    """What is a run's own in its group: its setting, and its seed and fold where there are several."""
    member = entry.member
    if member is None or member.setting >= len(table.rows):
        return ""
    seed = entry.about.options.get("train.seed", "") if entry.about else ""
    words = [on_one_line(table.title(member.setting)) if table.varied else ""]
    words += [f"seed {seed}"] if table.seeds > 1 and seed else []
    words += [f"fold {member.fold}"] if member.fold else []
    return " · ".join(filter(None, words))
