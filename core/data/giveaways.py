"""Words that give a class away: those that stand in most texts of one class and in hardly any other's.

A source, a date or a signature that only one class has is learned instead of what the texts say.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

MOST = 20_000  # texts that are looked at, from all over the file
FEWEST = 20  # texts of a class
IN_MOST = 0.5  # of a class's texts
ELSEWHERE = 0.002  # of the other texts
NAMED = 3

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


class GiveAway(NamedTuple):
    """A word that stands in a `share` of the texts of a label."""

    word: str
    label: str
    share: float


def giveaways(texts: Sequence[str], labels: Sequence[str]) -> list[GiveAway]:
    """The most telling words, of each label the one that most of its texts have."""
    step = max(1, len(texts) // MOST)
    rows = range(0, len(texts), step)
    sizes = Counter(labels[i] for i in rows)
    held: dict[str, Counter[str]] = {}
    everywhere = Counter[str]()
    for i in rows:
        words = words_of(texts[i])
        held.setdefault(labels[i], Counter()).update(words)
        everywhere.update(words)
    found = []
    for label, counts in held.items():
        n, others = sizes[label], len(rows) - sizes[label]
        if n < FEWEST or others < FEWEST:
            continue
        telling = [
            (count, word)
            for word, count in counts.items()
            if count >= IN_MOST * n and everywhere[word] - count <= ELSEWHERE * others
        ]
        if telling:
            count, word = max(telling)
            found.append(GiveAway(word, label, count / n))
    return sorted(found, key=lambda one: (-one.share, one.label))[:NAMED]


def words_of(text: str) -> set[str]:
    """The words of a text, whatever their case."""
    return set(_WORD.findall(text.casefold()))
