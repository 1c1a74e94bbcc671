"""A widget that shows that something is going on, and for how long, where nobody knows how long it will take."""

import time

from textual.timer import Timer
from textual.widget import Widget

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
TICK = 0.2  # seconds


class Waits(Widget):
    """While it waits, by `wait_for`, it draws itself again and again, and its `spinner` moves."""

    _for = ""
    _since = 0.0
    _timer: Timer | None = None

    def wait_for(self, what: str) -> None:
        """Wait for something else now, or with an empty word for nothing more; the same goes on being waited for."""
        if what == self._for:
            return
        self._for, self._since = what, time.monotonic()
        if self._timer is None and what:
            self._timer = self.set_interval(TICK, self.refresh)
        elif self._timer is not None:
            (self._timer.resume if what else self._timer.pause)()

    @property
    def waiting(self) -> bool:
        return bool(self._for)

    @property
    def spinner(self) -> str:
        """'⠹ 6 s', or no seconds within the first."""
        seconds = time.monotonic() - self._since
        frame = FRAMES[int(seconds / TICK) % len(FRAMES)]
        return f"{frame} {int(seconds):,} s" if seconds >= 1 else frame
