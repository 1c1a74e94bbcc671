"""How long texts are in tokens, and what a context would cut of them. No NumPy: screens read it too.

Lengths are counted as tokens -> rows.
"""

from collections import Counter
from collections.abc import Mapping

SHARES = {"50": 0.5, "90": 0.9, "95": 0.95, "99": 0.99}  # percentiles by their names
MOST = "longest"
FIRST_CONTEXT = 16  # tokens: of the contexts that are tried, each is twice the one before


def merged(many: Mapping[str, Mapping[int, int]]) -> dict[int, int]:
    """All classes' lengths as one."""
    total: Counter[int] = Counter()
    for lengths in many.values():
        total.update(lengths)
    return total


def quantile(lengths: Mapping[int, int], share: float) -> int:
    """The length that `share` of the rows do not exceed; 0 where there are none."""
    wanted, seen = share * sum(lengths.values()), 0
    for tokens in sorted(lengths):
        seen += lengths[tokens]
        if seen >= wanted:
            return tokens
    return 0


def percentiles(lengths: Mapping[int, int]) -> dict[str, int]:
    """'50' -> the length that half of the rows do not exceed, and so on, up to the longest; empty where are none."""
    if not lengths:
        return {}
    return {name: quantile(lengths, share) for name, share in SHARES.items()} | {MOST: max(lengths)}


def cuts(lengths: Mapping[int, int], contexts: list[int]) -> dict[int, int]:
    """Of each context, how many rows are longer, and so would be cut."""
    return {context: sum(rows for tokens, rows in lengths.items() if tokens > context) for context in contexts}


def contexts(own: int, chosen: int) -> list[int]:
    """16, 32, ... up to what a model can read, which is its own, and the chosen one among them."""
    found = {own, chosen}
    tried = FIRST_CONTEXT
    while tried < own:
        found.add(tried)
        tried *= 2
    return sorted(found)
