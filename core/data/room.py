"""Whether memory holds the texts of a file, asked while they are taken."""

import sys

from core import memory
from core.errors import BadData
from core.wording import size

TIMES = 3  # what texts take together with their tokens, their copies' search and the split, in their own size
HOPELESS = 8  # times the memory that is free, in bytes of a file
DO = "Learn from a part of the file, or close other programs, or use a larger machine."
EVERY = 50_000_000  # bytes of texts between two looks at what is free


def demand(name: str, about: int) -> None:
    """Raises BadData where a file of about so many bytes holds so much that its texts cannot fit into memory.

    What else is in it may be more than the texts, but not so much more.
    """
    free = memory.free()
    if about > HOPELESS * free:
        what = f"{name} holds about {size(about)}, and {size(free)} of memory are free: its texts do not fit."
        raise BadData(what, DO)


class Room:
    """Counts what is taken of memory, in bytes."""

    def __init__(self) -> None:
        self._taken = self._looked = 0

    def take(self, text: str) -> None:
        """Count a text that will be held. Raises BadData where all of them would need more than is free."""
        self._taken += sys.getsizeof(text)
        if self._taken - self._looked < EVERY:
            return
        self._looked = self._taken
        free, more = memory.free(), (TIMES - 1) * self._taken  # the texts themselves are no longer free
        if more > free:
            what = f"The texts up to here take {size(self._taken)} of memory, and learning from them about "
            what += f"{size(more)} more: {size(free)} are free."
            raise BadData(what, DO)
