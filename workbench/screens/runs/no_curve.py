"""Why a run has no curve."""

from collections.abc import Sequence

from core.runs import turns
from core.runs.listing import Entry
from core.runs.queue import Turn
from core.wording import shown


def why_no_curve(entry: Entry, entries: Sequence[Entry], served: bool) -> str:
    """What stands in place of the curve of an entry, one of `entries`; `served` as in `Turn`."""
    if entry.status.alive:
        return "No evaluation yet."
    if entry.status.state != "queued":
        return "It was never evaluated while it learned."
    before = [each for each in entries if each.place and each.place == entry.place - 1]
    before = before or [each for each in entries if each.status.alive]
    turn = Turn(entry.place, before[0].run.name if before else "", served)
    return shown(turns.in_words(entry.run.name, turn)[0])
