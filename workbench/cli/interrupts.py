"""ctrl+c, and SIGTERM that means the same: counted, so that the first can stop what runs and the second leave it."""

import signal
from collections.abc import Callable


def leave() -> None:
    """What Python makes of ctrl+c. Raises KeyboardInterrupt."""
    raise KeyboardInterrupt


class Interrupts:
    """Calls `first` at the first interrupt, and `again` at each that follows. A hang-up is none: what runs goes on."""

    def __init__(self, first: Callable[[], object] = int, again: Callable[[], object] = leave):
        self._first, self._again, self.count = first, again, 0

    def __enter__(self) -> "Interrupts":
        self._before = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _interrupt(self, *_: object) -> None:
        self.count += 1
        (self._first if self.count == 1 else self._again)()
