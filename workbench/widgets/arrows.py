"""The arrows that stand beside what can be turned over: a click on one does what the arrow key does."""

from rich.cells import cell_len
from textual.geometry import Offset

BACK, ON = "‹←", "›→"


def turned(drawn: str, at: Offset | None) -> int:
    """-1 or 1 where the arrow at this place of what is drawn, or right beside it, leads back or on; 0 without one."""
    if at is None:
        return 0
    lines, cell = drawn.split("\n"), 0
    for character in lines[at.y] if at.y < len(lines) else "":
        if character in BACK + ON and abs(cell - at.x) <= 1:
            return 1 if character in ON else -1
        cell += cell_len(character)
    return 0
